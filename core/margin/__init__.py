"""Margin and liquidation by each venue's own rules, in exact fractions."""
