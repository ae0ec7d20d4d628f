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
