"""Tests of the benchmark suite: that it measures what it says, never how fast."""
