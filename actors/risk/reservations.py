"""What RiskManager has approved and is not over: the worst case that every later request is judged with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from letrade.core.exposure import Exposure, exposure_of
from letrade.core.holdings import Holdings
from letrade.core.instruments import Specification
from letrade.core.messages.orders import OrderUpdate
from letrade.core.quantities import add, units

REMEMBERED_MAX = 4096


class Reserved(msgspec.Struct, array_like=True):
    """One approved order until it ends; an amend that is on its way counts with whatever is larger."""

    order_id: str
    account: str
    instrument: str
    strategy: str
    side: int
    size: float
    price: float | None
    rests: bool
    """It may stand in the book, where another order of ours could trade with it."""
    filled: float = 0.0
    amending: tuple[float, float] | None = None
    """(price, size) approved and not yet answered."""

    @property
    def remaining(self) -> int:
        """Units of 1e-18."""
        size = max(self.size, self.amending[1]) if self.amending else self.size
        return max(0, units(size) - units(self.filled))


class Reservations:
    """All approved orders that may still trade, and the positions that they add to."""

    def __init__(self) -> None:
        self.orders: dict[str, Reserved] = {}
        self.holdings = Holdings()
        self.remembered: dict[str, None] = {}
        """Order ids that were approved lately: the same intent is approved once."""

    def add(self, order: Reserved) -> None:
        self.orders[order.order_id] = order
        self.remembered[order.order_id] = None
        if len(self.remembered) > REMEMBERED_MAX:
            del self.remembered[next(iter(self.remembered))]

    def fill(self, order_id: str, size: float) -> None:
        order = self.orders.get(order_id)
        if order is not None:
            order.filled = add(order.filled, size)
            if not order.remaining:
                del self.orders[order_id]

    def end(self, order_id: str) -> None:
        self.orders.pop(order_id, None)

    def adopt(self, update: OrderUpdate) -> None:
        """An order that works without a reservation: sent by execution itself, or thought over too early."""
        self.orders[update.order_id] = Reserved(
            update.order_id, update.account, update.instrument, update.strategy, update.side, update.size,
            update.price, update.price is not None, update.filled,
        )  # fmt: skip

    def amended(self, update: OrderUpdate) -> None:
        """The venue has answered an amend: the order is now as it says."""
        order = self.orders[update.order_id]
        order.amending, order.price, order.size = None, update.price, update.size

    def exposure(self, account: str, specification: Specification, but: str = "") -> Exposure:
        """Of an account in an instrument, one order left out."""
        return exposure_of(
            self.holdings.net(account, specification),
            ((order.side, order.remaining) for order in self._of(account, specification.id) if order.order_id != but),
        )

    def _of(self, account: str, instrument: str) -> Iterator[Reserved]:
        return (each for each in self.orders.values() if (each.account, each.instrument) == (account, instrument))

    def instruments(self, account: str) -> list[str]:
        """Those in which the account holds or may come to hold something."""
        held = [instrument for holder, instrument, _ in self.holdings.shares if holder == account]
        working = [order.instrument for order in self.orders.values() if order.account == account]
        return list(dict.fromkeys(held + working))

    def crossed_by(self, instrument: str, side: int, price: float | None, but: str) -> str:
        """The resting order of ours, in any account, that an order would trade with; '' when none."""
        for order in self.orders.values():
            if order.instrument != instrument or order.side == side or not order.rests or order.order_id == but:
                continue
            prices = [order.price, *(order.amending[:1] if order.amending else ())]
            if any(price is None or found is None or side * (price - found) >= 0 for found in prices):
                return order.order_id
        return ""

    def state(self) -> Any:
        return [list(self.orders.values()), self.holdings.state(), list(self.remembered)]

    def restore(self, state: Any) -> None:
        orders, holdings, remembered = state
        self.orders = {order.order_id: order for order in msgspec.convert(orders, list[Reserved])}
        self.holdings.restore(holdings)
        self.remembered = dict.fromkeys(remembered)
