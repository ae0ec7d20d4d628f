"""Targets that take whatever bytes a fuzzer finds."""
