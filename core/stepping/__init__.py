"""Stepped runs: the feed waits for the desk, so one process or many give the same orders, byte for byte."""
