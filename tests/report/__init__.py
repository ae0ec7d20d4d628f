"""Tests of letrade/report."""
