"""The slow, obvious twin of the watch: all prices are kept, and looked up when everything is over."""

from __future__ import annotations

from typing import NamedTuple

HORIZONS_NS = (1_000_000_000, 10_000_000_000, 60_000_000_000)


class Price(NamedTuple):
    """The middle from this time on."""

    time: int
    price: float


def after(prices: list[Price], trade: int, end: int) -> list[float | None]:
    """The middle 1, 10 and 60 s after a trade: the last one told until then; None where the data ended before."""
    found: list[float | None] = []
    for horizon in HORIZONS_NS:
        known = [price.price for price in prices if price.time <= trade + horizon]
        found.append(known[-1] if known and trade + horizon <= end else None)
    return found


def gained(fills: list[tuple[float, float, float]], mark: float) -> tuple[float, float]:
    """(all that was gained, what of it is not realised) of (signed size, price, fee) at a price: money in and out, and
    what is held at average cost."""
    held = cost = cash = 0.0
    for change, price, fee in fills:
        cash -= change * price + fee
        if held == 0 or (held > 0) == (change > 0):
            cost += change * price
        elif abs(change) <= abs(held):
            cost *= (held + change) / held
        else:
            cost = (held + change) * price
        held += change
    return cash + held * mark, held * mark - cost
