"""Price-time matching in plain Python (dictionaries, queues, heaps): the reference, and what plain Python can do."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from letrade.bench.framework.shared import shared_input

LIMIT, MARKET, CANCEL = 0, 1, 2
MIDDLE = 100_000
SHARES = (0.67, 0.05)
"""Of limit and market orders; the others cancel."""

Order = list[int]
"""[side 0 or 1, ticks, open lots]."""


class Outcome(NamedTuple):
    """What a right engine gives for all commands."""

    trades: int
    traded: int
    best_bid: int
    best_ask: int
    resting: int


class OrdersInput(NamedTuple):
    """`ref` is the place of the command that made the order to cancel; side 0 buys, 1 sells."""

    source: str
    op: list[int]
    side: list[int]
    tick: list[int]
    size: list[int]
    ref: list[int]
    outcome: Outcome


class PlainMatching:
    """An order is known by the place of its command."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.queues: tuple[dict[int, deque[int]], dict[int, deque[int]]] = ({}, {})
        self.prices: tuple[list[int], list[int]] = ([], [])
        """Heaps of -bid and ask prices."""
        self.trades = self.traded = 0

    def take(self, place: int, op: int, side: int, tick: int, size: int, ref: int) -> None:
        if op == CANCEL:
            self.orders.pop(ref, None)
            return
        size = self._match(side, tick if op == LIMIT else None, size)
        if op == LIMIT and size:
            self.orders[place] = [side, tick, size]
            queue = self.queues[side].get(tick)
            if queue is None:
                queue = self.queues[side][tick] = deque()
                heappush(self.prices[side], tick if side else -tick)
            queue.append(place)

    def best(self, side: int) -> int:
        """The best price of a side, 0 without any; what is empty is cleared away."""
        prices, queues = self.prices[side], self.queues[side]
        while prices:
            tick = abs(prices[0])
            queue = queues[tick]
            while queue and queue[0] not in self.orders:
                queue.popleft()
            if queue:
                return tick
            del queues[tick]
            heappop(prices)
        return 0

    def _match(self, side: int, limit: int | None, size: int) -> int:
        """What is left of the size."""
        other = 1 - side
        while size and (tick := self.best(other)):
            if limit is not None and (tick > limit if side == 0 else tick < limit):
                break
            queue = self.queues[other][tick]
            while size and queue:
                order = self.orders.get(queue[0])
                if order is None:
                    queue.popleft()
                    continue
                taken = min(size, order[2])
                size, order[2] = size - taken, order[2] - taken
                self.trades, self.traded = self.trades + 1, self.traded + taken
                if not order[2]:
                    del self.orders[queue.popleft()]
        return size

    def outcome(self) -> Outcome:
        return Outcome(self.trades, self.traded, self.best(0), self.best(1), len(self.orders))


def orders_input(rows: int, seed: int) -> OrdersInput:
    """The first seed's are the known ones where they lie beside the checkout; a part of them has its own outcome."""
    known = shared_input("orders_300k.npz") if seed == 1 else None
    if known is None:
        return _seeded(rows, seed)
    names = ("op", "side", "tick", "qty", "ref")
    with np.load(known) as arrays:
        columns: list[list[int]] = [arrays[name][:rows].tolist() for name in names]
        if rows >= len(arrays["op"]):
            told = ("trades", "traded_qty", "best_bid", "best_ask", "resting")
            return _input("known", columns, Outcome(*(int(arrays[name]) for name in told)))
    return _input("known", columns, _outcome(columns))


def _input(source: str, columns: list[list[int]], outcome: Outcome) -> OrdersInput:
    op, side, tick, size, ref = columns
    return OrdersInput(source, op, side, tick, size, ref, outcome)


def _outcome(columns: list[list[int]]) -> Outcome:
    plain = PlainMatching()
    for place, command in enumerate(zip(*columns, strict=True)):
        plain.take(place, *command)
    return plain.outcome()


def _seeded(rows: int, seed: int) -> OrdersInput:
    """Limit orders around a middle that walks, market orders, and cancels of orders that are live."""
    draw = np.random.Generator(np.random.PCG64(seed))
    kinds, sides = draw.random(rows), draw.integers(0, 2, rows).tolist()
    middle = MIDDLE + np.cumsum(draw.integers(-1, 2, rows))
    away = draw.geometric(0.02, rows) - 4
    sizes, chosen = draw.integers(1, 100, rows).tolist(), draw.random(rows).tolist()
    ticks = np.where(np.array(sides) == 0, middle - away, middle + away).tolist()
    plain, live = PlainMatching(), _Live()
    columns: list[list[int]] = [[], [], [], [], []]
    for place, kind in enumerate(kinds.tolist()):
        ref = live.draw(chosen[place], plain) if kind >= sum(SHARES) else None
        op = CANCEL if ref is not None else LIMIT if kind < SHARES[0] or kind >= sum(SHARES) else MARKET
        command = (op, sides[place], ticks[place], sizes[place], -1 if ref is None else ref)
        plain.take(place, *command)
        if place in plain.orders:
            live.places.append(place)
        for column, value in zip(columns, command, strict=True):
            column.append(value)
    return _input("seeded", columns, plain.outcome())


class _Live:
    """Orders that may rest, from which one is drawn."""

    def __init__(self) -> None:
        self.places: list[int] = []

    def draw(self, share: float, plain: PlainMatching) -> int | None:
        """One that rests, None without any."""
        places = self.places
        while places:
            index = int(share * len(places))
            place, places[index] = places[index], places[-1]
            places.pop()
            if place in plain.orders:
                return place
        return None
