"""Tests of the compiled modules, each against its slow twin."""
