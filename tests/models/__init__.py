"""Slow, obvious twins of the compiled modules, for the tests that compare the two."""
