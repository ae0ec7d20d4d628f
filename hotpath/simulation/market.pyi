"""One instrument at the simulated exchange: our orders beside recorded data. What every kind of data shares."""

class Market:
    """Spoken to by compiled engines, and by Python through letrade.hotpath.simulation.door."""
