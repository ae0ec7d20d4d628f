"""Step 7 of the flow: what is held, by strategy and by account."""

from __future__ import annotations

from letrade.core.messages.base import DeskMessage, Number
from letrade.core.money import Money


class Position(DeskMessage, frozen=True, kw_only=True):
    """What a strategy (or, with strategy '-', the whole account) holds in one instrument after its last entry."""

    quantity: Number
    """Signed base units; contracts where the instrument counts them (inverse ones, or with a multiplier)."""
    average_price: Number
    """0 when flat."""
    realised: Money
    fees: tuple[Money, ...] = ()
    funding: Money | None = None


class LegPosition(DeskMessage, frozen=True, kw_only=True):
    """What an account in hedge mode holds of one leg of a contract after its last entry; `strategy` is '-'."""

    leg: str
    """long or short."""
    quantity: Number
    """Signed, as that of a position."""
    average_price: Number
    """0 when flat."""


class Balance(DeskMessage, frozen=True, kw_only=True):
    """What an account holds of one currency; `instrument` is '<venue>.-'."""

    total: Money


class Account(DeskMessage, frozen=True, kw_only=True):
    """An account's equity in the reporting currency; None where a price or a rate is missing."""

    equity: Money | None
    unrealised: Money | None
    missing: tuple[str, ...] = ()
    """The instruments or currencies whose price is not known."""
    transit: Money | None = None
    """What has left the account and has not arrived at another yet: in no account's equity, and not lost."""
    exposure: Money | None = None
    """Gross: what all positions are worth, whatever their side."""


class Settlement(DeskMessage, frozen=True, kw_only=True):
    """What a strategy earned since the last settlement has become its capital; `instrument` is '<venue>.-'."""

    earned: Money
    """In the reporting currency; negative: lost."""
    allocated: Money
    """What it may have at work from now on."""


class FundingDue(DeskMessage, frozen=True, kw_only=True):
    """A forecast of what an account's position pays or gets at its next funding time; what is booked is the venue's."""

    rate: Number
    funding_time: int
    amount: Money
    """Negative: it pays."""
    told: bool
    """Whether the rate is told for this payment; else it is that of the last."""
