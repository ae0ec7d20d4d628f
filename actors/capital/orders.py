"""What CapitalManager remembers: the orders that it proposed and are not over, and what each strategy wants now."""

from __future__ import annotations

from msgspec import Struct

from letrade.core.quantities import units


class Working(Struct, array_like=True):
    """One order from its proposal to its end; sizes in base units."""

    order_id: str
    account: str
    instrument: str
    strategy: str
    side: int
    size: float
    price: float | None
    post_only: bool
    basis: float
    """The worst price that the reservation for what it opens expects."""
    filled: float = 0.0
    acknowledged: bool = False
    """The venue has it: it can be amended."""
    cancelling: bool = False
    amending: tuple[float, float] | None = None
    """(price, size) asked for and not answered."""

    @property
    def remaining(self) -> int:
        """The most that it may still trade, in units of 1e-18."""
        size = max(self.size, self.amending[1]) if self.amending else self.size
        return max(0, units(size) - units(self.filled))

    @property
    def busy(self) -> bool:
        """An amend would cross another request on its way."""
        return not self.acknowledged or self.amending is not None


class Desire(Struct, array_like=True):
    """The newest signal of one strategy for one (account, instrument)."""

    account: str
    instrument: str
    strategy: str
    signal: int
    wanted: float = 0.0
    price: float | None = None
    post_only: bool = False
    quotes: list[tuple[int, float, float]] | None = None
    """(side, price, size) of the orders wanted working; None for a position."""
    assigned: list[str] | None = None
    """The order id that stands for each quote; '' for none."""
    legs: int = 0
    waiting: bool = False
    """Something must end or be acknowledged before the rest can be asked for."""
