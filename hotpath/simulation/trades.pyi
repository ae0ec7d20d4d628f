"""A market that is known by its trades alone."""
from typing import Any

from letrade.hotpath.simulation.recorded import RecordedMarket

class TradesMarket(RecordedMarket):
    """Made by letrade.hotpath.simulation.door.new_market."""

    def state(self) -> Any:
        """All that must not be forgotten, as what msgpack can hold."""
    def restore(self, state: Any) -> None:
        """Takes back what state() gave."""
