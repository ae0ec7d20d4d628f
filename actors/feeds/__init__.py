"""Feeds: files and generators that bring market data in, each in its own file."""
