"""Feature actors: numbers computed from bars, one value per bar, online."""
