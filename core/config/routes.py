"""`[[route]]`: a way that money can take from one account to another, with what it costs and how long it takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

from letrade.core.config.tables import Table
from letrade.core.config.values import Count, Currency, Name, NotNegative, PositiveDuration, Probability


class RouteConfig(Table, frozen=True, kw_only=True):
    """One currency one way; the way back is a route of its own."""

    name: Name
    from_account: Name = msgspec.field(name="from")
    to_account: Name = msgspec.field(name="to")
    currency: Currency
    fee: NotNegative
    """Taken from what leaves."""
    latency: PositiveDuration
    """From when the account gives the money up until it may be spent at the other."""
    minimum: NotNegative = Decimal("0")
    """The least that may leave, the fee included."""
    decimals: Annotated[int, msgspec.Meta(ge=0, le=18)] = 8
    """A finer amount is refused."""
    fail_rate: Probability = 0.0
    """How often a simulated venue gives the money back after the latency, drawn from `seed`."""
    seed: Count = 1

    def __post_init__(self) -> None:
        if self.from_account == self.to_account:
            raise ValueError(f'expected two accounts, found "{self.to_account}" as both from and to')
