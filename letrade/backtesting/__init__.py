"""Runs a desk over data: by its actors, or compiled, or by both to compare."""
