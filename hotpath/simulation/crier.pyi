"""What the desk tells of its orders, as the messages that strategies hear."""
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from letrade.hotpath.simulation.desk import Desk

FILL_FIELDS: tuple[str, ...]
UPDATE_FIELDS: tuple[str, ...]
"""What is written of each message, header and names apart."""

class Crier:
    """Makes fills and updates of orders by copying one of the same strategy and instrument, and writing what differs.

    `make_fill` and `make_update` make such a message for (strategy, instrument); `fees` are fees of nothing by
    instrument, `names` those of strategies, `scales` units to the whole of prices and sizes by instrument, `states`
    words by state and `reasons` by reason of an update.
    """

    sequence: int
    def __init__(
        self,
        desk: Desk,
        uid: str,
        make_fill: Callable[[int, int], Any],
        make_update: Callable[[int, int], Any],
        fees: Sequence[Any],
        names: Sequence[str],
        scales: Sequence[tuple[float, float]],
        states: Sequence[str],
        reasons: Mapping[int, str],
    ) -> None: ...
    def told_fill(self, time: int, place: int) -> Any:
        """The message of one of the desk's fills."""
    def told_update(self, time: int, order: int, reason: int) -> Any:
        """The message of one of the desk's orders as it is now."""
