"""What margin is computed of: instruments with their marks and tiers, positions, orders, collateral."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from letrade.core.fraction import Fraction
from letrade.core.margin.numbers import ONE, ZERO
from letrade.core.margin.rules import Contract
from letrade.core.margin.tiers import TierTable

Side = Literal[1, -1]


class InstrumentState(Struct, frozen=True, kw_only=True):
    """One contract now; all positions in it share its mark."""

    name: str
    contract: Contract
    mark: Fraction
    settle: str
    """The currency that its gains are paid in."""
    tiers: TierTable
    underlying: str = ""
    """The coin whose price it follows, as "BTC"; "" when no collateral follows the same."""
    multiplier: Fraction = ONE
    """linear: base units of a size of 1; inverse: quote units of a size of 1."""
    fee_rate: Fraction = ZERO
    """The taker fee of closing, for rules that count it."""


class PositionState(Struct, frozen=True, kw_only=True):
    """One leg; two legs of opposite sides in one instrument are hedge mode."""

    instrument: str
    side: Side
    size: Fraction
    """linear: base units / multiplier; inverse: contracts."""
    entry: Fraction
    leverage: Fraction | None = None
    margin: Fraction | None = None
    """The isolated wallet, without unrealised gains; None: value at entry / leverage (+ the fee the rules reserve)."""
    added: Fraction = ZERO
    """Margin added by hand, where `margin` does not hold it."""
    maintenance: Fraction | None = None
    """The maintenance the venue itself reports, where the rules fix it at entry; None: computed from the tiers."""


class OrderState(Struct, frozen=True, kw_only=True):
    """One open order."""

    instrument: str
    side: Side
    size: Fraction
    price: Fraction
    leverage: Fraction | None = None
    reduces: bool = False
    """A reduce-only order needs no margin."""


class CollateralTier(Struct, frozen=True):
    """One row of a haircut table: what of the collateral lies from floor to cap counts with this ratio."""

    floor: Fraction
    cap: Fraction | None
    ratio: Fraction
    """1 − haircut."""


class CollateralState(Struct, frozen=True, kw_only=True):
    """The balance of one currency, without unrealised gains."""

    currency: str
    balance: Fraction
    index: Fraction = ONE
    """Its price in the unit's numeraire."""
    ratios: tuple[CollateralTier, ...] = ()
    """() counts it in full: the numeraire, what is pegged to it, and a wallet of its own."""
    cap: Fraction | None = None
    """The most of it that counts, in the unit that the rules cut haircuts by."""
    debt_buffer: Fraction = ZERO
    """A debt counts index × (1 + buffer)."""
    pegged: bool = False
    """Its index stays when all underlyings move, as a stable coin's does."""


class MarginAccount(Struct, frozen=True, kw_only=True):
    """Everything one mode's rules look at."""

    instruments: tuple[InstrumentState, ...]
    positions: tuple[PositionState, ...]
    collaterals: tuple[CollateralState, ...] = ()
    """Cross modes only; an isolated position carries its own margin."""
    orders: tuple[OrderState, ...] = ()
