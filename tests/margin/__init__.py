"""Tests of the margin calculator."""
