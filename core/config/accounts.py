"""The accounts of a desk, and what a simulated venue gives them at the start."""

from __future__ import annotations

from typing import Literal

from letrade.core.config.tables import Table
from letrade.core.config.values import Currency, InstrumentId, Name, NotNegative, Positive, Quantity


class StartPosition(Table, frozen=True, kw_only=True):
    """A contract position that an account at a simulated venue has before the first data."""

    quantity: Quantity
    """Base units, negative when short."""
    price: Positive
    """The average entry."""
    strategy: Name = "-"
    """Whose it is; "-" is nobody's."""


class AccountConfig(Table, frozen=True, kw_only=True):
    """A login at a venue, with what a simulated venue credits it at the start."""

    name: Name
    venue: Name
    balances: dict[Currency, NotNegative] = {}
    positions: dict[InstrumentId, StartPosition] = {}
    """By contract."""
    margin_mode: Literal["cross", "isolated"] = "cross"
    position_mode: Literal["one_way", "hedge"] = "one_way"
    borrow: bool = False
    """Whether it may owe what its simulated venue lends, and so be short on spot."""
