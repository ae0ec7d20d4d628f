"""Calm stretches of a compiled backtest: what nobody hears, and only the exchange's books need."""
from letrade.hotpath.simulation.exchange import Exchange
from letrade.hotpath.simulation.tape import Tape

class Calm:
    """Passes events of the tape one by one, while nothing moves but the books of the exchange and price boards."""

    def __init__(self, tape: Tape, exchange: Exchange) -> None: ...
