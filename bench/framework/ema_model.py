"""What an EMA cross trades and earns, without any engine: the rules in numbers alone, money exact."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from letrade.bench.framework.market_data import Arrays

START = Fraction(10_000_000)
SIZE_LOTS = 100
FEE = Fraction(5, 10_000)
UNIT = Fraction(1, 10_000)
"""A tick times a lot, in quote units."""
CENT = 10**8


class Known(NamedTuple):
    """`balance` is without the open position's profit."""

    turns: int
    balance: Fraction


def on_quotes(data: Arrays, fast: int = 10, slow: int = 20) -> Known:
    """At the quote's own price up to its size, the rest one tick worse."""
    bids, asks, bid_sizes, ask_sizes = (data[name].tolist() for name in ("bid", "ask", "bsz", "asz"))
    middles = [(bid / 10.0 + ask / 10.0) / 2.0 for bid, ask in zip(bids, asks, strict=True)]
    money = Money()
    for place, side in turns(middles, fast, slow):
        price, room = (asks[place], ask_sizes[place]) if side > 0 else (bids[place], bid_sizes[place])
        lots = abs(side * SIZE_LOTS - money.held)
        near = min(lots, room)
        for taken, at in ((near, price), (lots - near, price + side)):
            if taken:
                money.fill(side, taken, at)
    return Known(money.turns, money.balance())


def on_bars(data: Arrays, fast: int = 10, slow: int = 20) -> Known:
    """At the open of the next bar, whatever its volume."""
    opens, closes = data["o"].tolist(), [close / 10.0 for close in data["c"].tolist()]
    money = Money()
    for place, side in turns(closes, fast, slow):
        if place + 1 < len(opens):
            money.fill(side, abs(side * SIZE_LOTS - money.held), opens[place + 1])
    return Known(money.turns, money.balance())


def turns(values: list[float], fast: int, slow: int) -> list[tuple[int, int]]:
    """(place, side) of each change of the direction."""
    quick, calm = 2.0 / (fast + 1), 2.0 / (slow + 1)
    high = low = values[0]
    side, found = 0, []
    for place, value in enumerate(values):
        high += quick * (value - high)
        low += calm * (value - low)
        if place + 1 >= slow and (wanted := 1 if high >= low else -1) != side:
            side = wanted
            found.append((place, side))
    return found


class Money:
    """A netting position at its average entry, in ticks and lots; fees rounded half-even at 1e-8."""

    def __init__(self) -> None:
        self.held = 0
        self.cost = Fraction(0)
        self.realised = Fraction(0)
        self.fees = 0
        self.turns = 0
        self._side = 0

    def fill(self, side: int, lots: int, ticks: int) -> None:
        if side != self._side:
            self._side, self.turns = side, self.turns + 1
        self.fees += round(lots * ticks * UNIT * FEE * CENT)
        closing = min(lots, abs(self.held)) if self.held * side < 0 else 0
        if closing:
            released = self.cost * closing / abs(self.held)
            self.realised += -side * closing * ticks - released
            self.cost -= released
            self.held += side * closing
        self.held += side * (lots - closing)
        self.cost += side * (lots - closing) * ticks

    def balance(self) -> Fraction:
        return START + self.realised * UNIT - Fraction(self.fees, CENT)
