"""`[venue.margin]` and `[[instrument.bracket]]`: a simulated venue's margin, and its contracts' leverage tiers."""

from __future__ import annotations

from typing import Literal

from letrade.core.config.durations import parse_duration
from letrade.core.config.tables import Table
from letrade.core.config.values import (
    Currency,
    FeeRate,
    FilePath,
    InstrumentId,
    NotNegative,
    Positive,
    PositiveDuration,
    Share,
)


class HaircutConfig(Table, frozen=True, kw_only=True):
    """One row of a haircut table: of what the coin is worth, from where the row before ends, the first from 0."""

    cap: Positive | None = None
    """In the quote of the index, itself included; None: the last has no end."""
    haircut: Share
    """So much of it does not count."""


class CollateralConfig(Table, frozen=True, kw_only=True):
    """A coin that backs the contracts of cross accounts that settle in the quote of its index."""

    index: InstrumentId
    """Whose index price is the coin's: an instrument of the venue, as "binance.WBETH-USDT"."""
    haircut: Share | None = None
    tiers: list[HaircutConfig] = []
    """In place of one haircut for all; beyond the last cap nothing more counts."""
    cap: NotNegative | None = None
    """The most of what the coin is worth that counts, in the quote of the index, before the haircut."""


class MarginConfig(Table, frozen=True, kw_only=True):
    """The margin of a simulated venue: initial and maintenance by tiers, settings, and liquidation in steps."""

    rules: Literal["binance", "bybit", "okx", "hyperliquid"]
    """Whose rules: docs/liquidation.md tells them, with their sources."""
    tiers: list[FilePath] = []
    """Files of leverage tiers, each from its date on."""
    leverage: Positive | None = None
    """Of every contract until it is changed; None: the venue's own."""
    liquidation_fee: FeeRate | None = None
    """Beside the taker fee, of what is liquidated in the market; None: the venue's own."""
    mark_age: PositiveDuration = parse_duration("5m")
    """An older mark gives way to the last price, where that is newer."""
    insurance_fund: dict[Currency, NotNegative] = {}
    """What it begins with; of a currency that is not named it never runs out."""
    collateral: dict[Currency, CollateralConfig] = {}
    """Coins that count beside the settle currency, less a haircut, in accounts whose margin mode is cross."""


class BracketConfig(Table, frozen=True, kw_only=True):
    """One leverage tier of a contract: from where the one before ends, the first from 0, up to its cap."""

    cap: Positive | None = None
    """In what the venue looks tiers up by (notional; contracts at OKX), itself included; None: the last has no end."""
    rate: NotNegative
    """Of maintenance."""
    amount: NotNegative | None = None
    """The deduction that keeps maintenance continuous; None: computed."""
    max_leverage: Positive | None = None
