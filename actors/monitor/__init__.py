"""Monitors: what a desk has done, counted from its messages alone."""
