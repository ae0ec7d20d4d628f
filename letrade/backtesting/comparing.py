"""Both engines on one desk and its data: every order and every fill, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from letrade.backtesting.outcome import Outcome
from letrade.core.messages.base import Message
from letrade.core.messages.orders import Fill, OrderUpdate
from letrade.core.orders import SENT

TOLD = ("orders", "fills", "entries", "exits", "fees", "balances", "pnl", "positions", "refused", "result_hash")
"""What of the summaries must be equal."""


class Difference(NamedTuple):
    """Where the engines part, in words."""

    what: str
    actors: str
    compiled: str

    def __str__(self) -> str:
        return f"{self.what}: the actors have {self.actors}, the compiled engine {self.compiled}"


class Noted:
    """Orders sent and fills, as actors said them. Call it with every message of the run."""

    def __init__(self) -> None:
        self.orders: list[OrderUpdate] = []
        self.fills: list[Fill] = []
        self._known: dict[str, None] = {}

    def __call__(self, message: Message) -> None:
        if isinstance(message, Fill):
            self.fills.append(message)
        elif isinstance(message, OrderUpdate) and message.state == SENT and message.order_id not in self._known:
            self._known[message.order_id] = None
            self.orders.append(message)


def compare(noted: Noted, outcome: Outcome, actors: dict[str, Any], compiled: dict[str, Any]) -> list[Difference]:
    """The first order and the first fill that differ, and what differs of the summaries; nothing when all is one."""
    orders = [outcome.update(row) for row, sent in enumerate(outcome.orders["sent"]) if sent]
    orders.sort(key=lambda order: order.time)
    fills = [outcome.fill(place) for place in range(len(outcome.fills["order"]))]
    found = [
        *_first("order", map(_order, noted.orders), map(_order, orders)),
        *_first("fill", map(_fill, noted.fills), map(_fill, fills)),
    ]
    unlike = [key for key in TOLD if actors.get(key) != compiled.get(key)]
    return [*found, *(Difference(key, str(actors.get(key)), str(compiled.get(key))) for key in unlike)]


def _order(order: OrderUpdate) -> tuple[Any, ...]:
    return (order.time, order.order_id, order.account, order.instrument, order.side, order.size, order.price,
            order.reduce_only)  # fmt: skip


def _fill(fill: Fill) -> tuple[Any, ...]:
    return (fill.time, fill.venue_time, fill.order_id, fill.side, fill.size, fill.price, str(fill.fee), fill.maker)


def _first(what: str, actors: Iterable[tuple[Any, ...]], compiled: Iterable[tuple[Any, ...]]) -> list[Difference]:
    theirs: Sequence[tuple[Any, ...]] = list(actors)
    ours: Sequence[tuple[Any, ...]] = list(compiled)
    for place in range(max(len(theirs), len(ours))):
        left = theirs[place] if place < len(theirs) else None
        right = ours[place] if place < len(ours) else None
        if left != right:
            return [Difference(f"{what} {place + 1}", _words(left), _words(right))]
    return []


def _words(row: tuple[Any, ...] | None) -> str:
    return "none" if row is None else " ".join(str(each) for each in row)
