"""A market that is known by its bars: open, then the worst order of what lies within, then close."""
from typing import Any

from letrade.hotpath.simulation.recorded import RecordedMarket

class BarsMarket(RecordedMarket):
    """Made by letrade.hotpath.simulation.door.new_market."""

    def state(self) -> Any:
        """All that must not be forgotten, as what msgpack can hold."""
    def restore(self, state: Any) -> None:
        """Takes back what state() gave."""
