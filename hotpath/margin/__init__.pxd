"""Margin in compiled form."""
