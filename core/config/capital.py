"""`[capital]`: which strategy may use how much of which account, and when what it earned becomes its capital."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from letrade.core.config.tables import Table
from letrade.core.config.values import Fraction, Name, Positive, TimeOfDay


class Sizing(Table, frozen=True, kw_only=True):
    """How a wish becomes a size: a fixed fraction of what is allocated."""

    kind: Literal["fixed_fractional"] = "fixed_fractional"
    fraction: Fraction = Decimal("0.1")


class Allocation(Table, frozen=True, kw_only=True):
    """What one strategy may use of one account: a fraction of its equity, or an amount of the reporting currency."""

    name: Name
    strategy: Name
    account: Name
    fraction: Fraction | None = None
    amount: Positive | None = None
    sizing: Sizing | None = None

    def __post_init__(self) -> None:
        if (self.fraction is None) == (self.amount is None):
            raise ValueError("expected either fraction or amount")


class CapitalConfig(Table, frozen=True, kw_only=True):
    """Who may use how much."""

    sizing: Sizing = Sizing()
    settle: TimeOfDay | None = None
    """When of each day (UTC) what strategies earned goes into their allocations; None: never."""
    allocations: list[Allocation] = msgspec.field(name="allocation", default_factory=list)

    def sizing_for(self, allocation: Allocation) -> Sizing:
        return allocation.sizing or self.sizing
