"""The order table: every order from its approval on, by our id and by the one that the venue knows."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.core.orders import PENDING, TERMINAL, WORKING
from letrade.core.quantities import units


class Order(msgspec.Struct, array_like=True):
    """One order as execution knows it; sizes in base units."""

    order_id: str
    client_order_id: str
    strategy: str
    account: str
    instrument: str
    side: int
    size: float
    price: float | None
    time_in_force: str
    post_only: bool
    reduce_only: bool
    opening: bool
    state: str = PENDING
    filled: float = 0.0
    venue_order_id: str = ""
    venue_filled: float = 0.0
    """The most that the venue said was filled; more than `filled` while a fill is missing."""
    ending: str = ""
    """The event that ends the order once the missing fills are in."""
    cancel_wanted: bool = False
    amending: tuple[float, float] | None = None
    """(price, size) asked for and not answered."""
    questions: int = 0
    """Asked of this order and not answered; one that is lost counts on."""
    early: int = 0
    """Of those, asked before the amend under way: their answers say nothing of it."""
    asked: bool = False
    """An answer is awaited; the order's timer runs."""
    attempts: int = 0
    not_found: int = 0
    kind: str = "order"
    trigger: float | None = None
    trigger_by: str = "last"
    trail: float | None = None
    shown: float = 0.0
    expires: int = 0
    group: str = ""

    @property
    def over(self) -> bool:
        return self.state in TERMINAL

    @property
    def protects(self) -> bool:
        """It waits for its trigger, and only reduces: the venue holds it to what is held then."""
        return self.reduce_only and self.kind != "order"

    @property
    def remaining(self) -> int:
        """The most that it may still trade, in units of 1e-18."""
        size = max(self.size, self.amending[1]) if self.amending else self.size
        return 0 if self.state in TERMINAL else max(0, units(size) - units(self.filled))

    @property
    def complete(self) -> bool:
        return units(self.filled) >= units(self.size)


class OrderTable:
    """Live orders, and the last `history` ended ones: late fills find their strategy, and no id is sent twice."""

    def __init__(self, history: int) -> None:
        self.history = history
        self.orders: dict[str, Order] = {}
        self.by_client: dict[str, Order] = {}
        self.ended: dict[str, None] = {}

    def add(self, order: Order) -> None:
        self.orders[order.order_id] = order
        self.by_client[order.client_order_id] = order

    def note(self, order: Order) -> None:
        """After each change of state: what has ended is kept a while, then forgotten, oldest first."""
        if order.state not in TERMINAL:
            if self.ended:
                self.ended.pop(order.order_id, None)
            return
        self.ended[order.order_id] = None
        if len(self.ended) > self.history:
            oldest = next(iter(self.ended))
            del self.ended[oldest]
            forgotten = self.orders.pop(oldest)
            del self.by_client[forgotten.client_order_id]

    def live(self, account: str) -> list[Order]:
        """Orders of an account that may still trade, in the order of their approval."""
        return [order for order in self.orders.values() if order.account == account and not order.over]

    def working(self, account: str, instrument: str) -> list[tuple[int, int]]:
        """(side, remaining) of what the venue may hold; what waits to close a position never adds to it."""
        return [
            (order.side, order.remaining)
            for order in self.orders.values()
            if (order.account, order.instrument) == (account, instrument)
            and order.state in WORKING
            and not order.protects
        ]

    def state(self) -> Any:
        return [list(self.orders.values()), list(self.ended)]

    def restore(self, state: Any) -> None:
        self.orders, self.by_client = {}, {}
        for order in msgspec.convert(state[0], list[Order]):
            self.add(order)
        self.ended = dict.fromkeys(state[1])
