"""What CapitalManager remembers: the orders that it proposed and are not over, and what each strategy wants now."""

from __future__ import annotations

from msgspec import Struct

from letrade.core.holdings import Key
from letrade.core.quantities import units

Market = tuple[str, str]
"""(account, instrument)."""


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
    asked_by: int = 0
    """The signal that asked for it."""

    @property
    def key(self) -> Key:
        return (self.account, self.instrument, self.strategy)

    @property
    def remaining(self) -> int:
        """The most that it may still trade, in units of 1e-18."""
        size = max(self.size, self.amending[1]) if self.amending else self.size
        return max(0, units(size) - units(self.filled)) if self.filled else units(size)

    @property
    def busy(self) -> bool:
        """An amend would cross another request on its way."""
        return not self.acknowledged or self.amending is not None


class WorkingOrders:
    """All of them by id, and by the share that they change."""

    def __init__(self) -> None:
        self.by_id: dict[str, Working] = {}
        self.by_key: dict[Key, dict[str, Working]] = {}
        self.by_market: dict[Market, dict[Key, None]] = {}
        """The shares that have some."""

    def put(self, order: Working) -> None:
        """A new order, or the same one changed."""
        self.by_id[order.order_id] = order
        key = (order.account, order.instrument, order.strategy)
        mine = self.by_key.get(key)
        if mine is None:
            mine = self.by_key[key] = {}
            self.by_market.setdefault(key[:2], {})[key] = None
        mine[order.order_id] = order

    def drop(self, order_id: str) -> Working | None:
        order = self.by_id.pop(order_id, None)
        if order is not None:
            key = order.key
            mine = self.by_key[key]
            del mine[order_id]
            if not mine:
                del self.by_key[key]
                del self.by_market[key[:2]][key]
        return order

    def of(self, key: Key) -> list[Working]:
        mine = self.by_key.get(key)
        return list(mine.values()) if mine else []


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

    @property
    def key(self) -> Key:
        return (self.account, self.instrument, self.strategy)
