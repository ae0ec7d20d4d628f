"""Strategies: what to hold and to have working, decided from features and prices."""
