"""`[venue.borrow."BTC"]`: what a simulated venue lends to the accounts that borrow, and what that costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from letrade.core.config.tables import Table
from letrade.core.config.values import Bounds, NotNegative, Positive

Level = Annotated[Decimal, Bounds(least=1, most=2)]


class BorrowConfig(Table, frozen=True, kw_only=True):
    """One currency."""

    limit: Positive
    """The most that an account may owe."""
    rate: NotNegative
    """binance: of a day, charged for each hour begun; kraken: once when borrowed, and for each four hours begun."""
    rules: Literal["binance", "kraken"] = "binance"
    level: Level = Decimal("1.5")
    """When it borrows, an account's money must be worth at least so many times what it owes."""
