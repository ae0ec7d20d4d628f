"""Tests of letrade/studies."""
