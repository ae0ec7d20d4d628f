"""The compiled desk as Python calls it, one thing at a time: for tests, and for trying out what a desk would do."""

from collections.abc import Sequence

from letrade.hotpath.simulation.desk import Desk
from letrade.hotpath.simulation.terms import DeskTerms

class DeskDoor:
    """Checks what it is told; all numbers are units and places as terms.py has them."""

    @property
    def desk(self) -> Desk: ...
    def __init__(self, source: DeskTerms) -> None: ...
    def price(self, instrument: int, time: int, price: float) -> None: ...
    def bar(self, instrument: int, time: int, close: float) -> None: ...
    def target(
        self, strategy: int, instrument: int, signal: int, time: int, position: float,
        sized: bool = True, limit: float = 0.0, post_only: bool = False,
    ) -> None: ...
    def quotes(
        self, strategy: int, instrument: int, signal: int, time: int, orders: Sequence[tuple[int, float, float]],
        post_only: bool = True,
    ) -> None: ...
    def answer(
        self, instrument: int, kind: int, order: int, time: int, *, venue_time: int = 0, price: int = 0, size: int = 0,
        maker: bool = False, reason: int = 0, fee: int = 0, verb: int = 0, whole: int = 0,
    ) -> None: ...
    def settle(self, time: int) -> None: ...
    def stop(self, time: int, cancels: bool) -> None: ...
    @property
    def feedback_at(self) -> int | None: ...
    def take_requests(self) -> list[tuple[int, int, int, int, int, int]]:
        """(kind, time, instrument, order, price, size) of what goes to the exchange, once."""

    def told(self) -> list[tuple[int, int, int, int, int, int, int, int, int, int, int, int]]:
        """(kind, stage, time, heard, strategy, instrument, signal, leg, order, state, rule, what) of what waits."""

    def cash_units(self, account: int, currency: int) -> tuple[int, int]:
        """What capital knows of a wallet: (units, decimals)."""
