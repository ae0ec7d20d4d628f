"""Tests of the runtime and its vocabulary."""
