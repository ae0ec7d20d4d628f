"""Step 2 of the flow: what is computed from market data."""

from __future__ import annotations

from letrade.core.messages.base import MarketMessage, Number


class Features(MarketMessage, frozen=True, kw_only=True):
    """Values of one feature set at the end of one bar, in the order of `names`."""

    feature_set: str
    names: tuple[str, ...]
    values: tuple[Number, ...]
    price: Number
    """The close that they were computed at."""
    bar_end: int
    count: int
    """Bars seen so far."""
