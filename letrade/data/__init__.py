"""Importing, downloading, listing and checking market data."""
