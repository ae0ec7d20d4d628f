"""Feature actors: numbers computed from bars and quotes, one set of values per bar, online."""
