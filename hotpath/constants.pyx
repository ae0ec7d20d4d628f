"""Sides, times in force, kinds of order and their outcomes as small C integers; Python sees the same numbers."""
