"""Tests of margin and liquidation."""
