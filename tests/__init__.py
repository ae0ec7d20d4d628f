"""Tests mirror the tree; names are sentences, components are real, no test asserts a time."""
