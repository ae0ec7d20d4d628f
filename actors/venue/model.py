"""What limits fills: the one interface of all fill models, and what those that follow recorded data share."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import msgspec

from letrade.actors.venue.orders import Order
from letrade.actors.venue.scales import Scales
from letrade.core.messages.base import MarketMessage


class Print(msgspec.Struct, frozen=True, gc=False):
    """One trade; `maker` and `taker` are our orders in it, None where somebody else's."""

    price: float
    size: int
    side: int
    """The taker's."""
    maker: Order | None
    taker: Order | None


Placed = tuple[list[Print], str]
"""Trades at once, and why what is left does not stay ('' when it stays, or nothing is left)."""

NO_MORE_SIZE = "immediate or cancel: no more size at its price"


class FillModel(abc.ABC):
    """Keeps the resting orders of one instrument and says when they trade; what trades it leaves to others to book."""

    kind: ClassVar[str]
    public: ClassVar[bool] = False
    """True when the trades and quotes of this model are the market's."""

    def __init__(self, scales: Scales) -> None:
        self.scales = scales
        self.complaint = ""
        """What was wrong with data since somebody last looked."""

    @property
    @abc.abstractmethod
    def has_market(self) -> bool:
        """False while nothing is known that an order could trade against."""

    @abc.abstractmethod
    def hear(self, message: MarketMessage) -> list[Print]:
        """Market data in, and the trades of resting orders that follow; what it cannot take is told by `complaint`."""

    @abc.abstractmethod
    def preview(self, side: int, size: int, limit: float | None) -> list[tuple[float, int]]:
        """The (price, size) that a taker would get now, best first; nothing changes."""

    @abc.abstractmethod
    def place(self, order: Order) -> Placed:
        """A new order: trades what it can, rests what is left where it may."""

    @abc.abstractmethod
    def amend(self, order: Order, price: float, size: int) -> Placed:
        """Gives a resting order another price and another size, what is filled included; it may trade at once."""

    @abc.abstractmethod
    def remove(self, order: Order) -> None:
        """Take an order off; fine when it is not there."""

    @abc.abstractmethod
    def orders(self) -> list[Order]:
        """What rests or waits, in priority."""

    @abc.abstractmethod
    def best(self) -> tuple[tuple[float, int] | None, tuple[float, int] | None]:
        """The best (price, size) of bids and asks, where they are known."""

    def take_waiting(self) -> list[Order]:
        """Orders that waited for the market to open, and may be placed now."""
        return []

    @abc.abstractmethod
    def state(self) -> Any:
        """All that the model must not forget; orders by number."""

    @abc.abstractmethod
    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        """Take back what state() gave."""


class RecordedModel(FillModel):
    """Orders beside recorded data: takers trade with what is shown, makers when a trade goes through their price."""

    def __init__(self, scales: Scales) -> None:
        super().__init__(scales)
        self.resting: dict[int, Order] = {}
        self._arrivals = 0
        self._highest_bid = 0.0
        self._lowest_ask = 0.0

    def place(self, order: Order) -> Placed:
        taken = self.preview(order.side, order.left, order.limit)
        self.took(order.side, taken)
        prints = [Print(price, size, order.side, None, order) for price, size in taken]
        left = order.left
        for _, size in taken:
            left -= size
        if not left:
            return prints, ""
        if not order.rests:
            return prints, NO_MORE_SIZE
        self._arrivals += 1
        order.priority = self._arrivals
        self.resting[order.number] = order
        self._note_bounds(order.side, order.price)
        return prints, ""

    def took(self, side: int, taken: list[tuple[float, int]]) -> None:
        """A taker of ours has had these; models that show sizes show less until the next update."""

    def amend(self, order: Order, price: float, size: int) -> Placed:
        keeps_place = price == order.price and size <= order.size
        if not keeps_place:
            self.remove(order)
        order.price, order.size = price, size
        return ([], "") if keeps_place else self.place(order)

    def remove(self, order: Order) -> None:
        if self.resting.pop(order.number, None) is not None:
            self._find_bounds()

    def orders(self) -> list[Order]:
        return sorted(self.resting.values(), key=lambda order: (order.priority, order.number))

    def through(self, price: float, size: int | None) -> list[Print]:
        """Makers whose price a trade went strictly through, best first, for no more than the trade's size."""
        if not (price < self._highest_bid or (self._lowest_ask and price > self._lowest_ask)):
            return []
        hit = [order for order in self.resting.values() if order.side * price < order.side * order.price]
        prints = []
        for order in sorted(hit, key=lambda order: (-order.side * order.price, order.priority)):
            traded = order.left if size is None else min(order.left, size)
            if traded:
                prints.append(Print(order.price, traded, -order.side, order, None))
            if traded == order.left:
                self.remove(order)
            if size is not None:
                size -= traded
        return prints

    def _note_bounds(self, side: int, price: float) -> None:
        if side > 0:
            self._highest_bid = max(self._highest_bid, price)
        else:
            self._lowest_ask = min(self._lowest_ask or price, price)

    def _find_bounds(self) -> None:
        self._highest_bid = self._lowest_ask = 0.0
        for order in self.resting.values():
            self._note_bounds(order.side, order.price)

    def state(self) -> Any:
        return [list(self.resting), self._arrivals]

    def restore(self, state: Any, orders: dict[int, Order]) -> None:
        numbers, self._arrivals = state
        self.resting = {number: orders[number] for number in numbers}
        self._find_bounds()
