"""Sides, times in force and order outcomes as small C integers; Python sees the same numbers."""
