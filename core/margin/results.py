"""What MarginCalculator.assess answers: margins of every unit and position, with the formula and its source."""

from __future__ import annotations

from msgspec import Struct

from letrade.core.fraction import Fraction


class UnitMargin(Struct, frozen=True, kw_only=True):
    """What is liquidated as one, in its own currency."""

    name: str
    """"BTC/USDT:USDT long", a settle currency, or "account"."""
    currency: str
    positions: tuple[int, ...]
    """Places in MarginAccount.positions."""
    equity: Fraction
    initial: Fraction | None
    """Positions and open orders; None: a position's leverage is not known."""
    maintenance: Fraction
    """With the closing fees that the rules count."""
    ratio: Fraction | None
    """As the venue defines it; None: its denominator is 0."""
    ratio_name: str
    available: Fraction | None
    """Equity − initial, not below 0."""
    liquidated: bool
    common_move: Fraction | None
    """The smallest move of all marks and unpegged collateral indexes that liquidates it: -0.3 is 30 % down."""

    @property
    def slack(self) -> Fraction:
        """Equity − maintenance."""
        return self.equity - self.maintenance


class PositionMargin(Struct, frozen=True, kw_only=True):
    """One position, in the order of MarginAccount.positions."""

    instrument: str
    side: int
    size: Fraction
    entry: Fraction
    mark: Fraction
    unit: str
    value: Fraction
    """At the mark: quote units (linear) or coins (inverse)."""
    unrealised: Fraction
    """In the settle currency."""
    initial: Fraction | None
    maintenance: Fraction
    tier: int
    """From 1."""
    rate: Fraction
    amount: Fraction
    liquidation_price: Fraction | None
    """The first mark at which its unit is liquidated when nothing else moves, on the side where the legs of its
    instrument lose together; the first on the other side when there is none. Of a unit that is liquidated already, the
    mark that it passed: the first, on the way back, at which it would not be; None: there is none."""
    other_liquidation_price: Fraction | None = None
    """The first mark on the other side, when there is one on both."""
    liquidation_note: str
    """Why there is none, or why it is not the first that comes to mind; "" otherwise."""
    bankruptcy_price: Fraction | None
    distance: Fraction | None
    """|liquidation price − mark| / mark; 0 when it is liquidated already."""
    liquidated: bool
    note: str = ""
    """What is to be known of the position, as a leverage that its tier no longer allows."""


class Margins(Struct, frozen=True, kw_only=True):
    """The whole answer."""

    venue: str
    mode: str
    formula: str
    source: str
    checked: str
    note: str
    limits: str
    units: tuple[UnitMargin, ...]
    positions: tuple[PositionMargin, ...]
    common_move: Fraction | None
    """The nearest of the units'."""
