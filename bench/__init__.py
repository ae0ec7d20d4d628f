"""Benchmarks: fixed seeds, checked result hashes, percentiles to p99.9."""
