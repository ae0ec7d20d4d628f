"""Margin: what the desk asks of a venue's settings, what it may hold, and how near liquidation is."""

from __future__ import annotations

from letrade.core.messages.base import Count, DeskMessage, Number, Price, Size
from letrade.core.money import Money

LEVERAGE, MARGIN_MODE, POSITION_MODE, ISOLATED_MARGIN = "leverage", "margin_mode", "position_mode", "isolated_margin"
"""What can be changed."""


class MarginRequest(DeskMessage, frozen=True, kw_only=True):
    """A change of an account's settings at its venue, wanted by their one owner; execution carries it there."""

    request_id: str
    change: str
    """leverage, margin_mode, position_mode or isolated_margin."""
    value: Number = 0.0
    """The leverage; or the margin to add to an isolated position, in units of its settlement currency (negative takes
    out)."""
    mode: str = ""
    """cross or isolated; one_way or hedge."""
    leg: str = ""
    """long or short: whose isolated margin is meant, in hedge mode."""


class MarginUpdate(DeskMessage, frozen=True, kw_only=True):
    """Where such a change stands."""

    request_id: str
    change: str
    state: str
    """sent, done, refused or unknown."""
    value: Number = 0.0
    """As the venue has it now, where it said so."""
    mode: str = ""
    code: str = ""
    """The venue's own code of a refusal, such as -4161."""
    reason: str = ""
    leg: str = ""


class VenueMargin(DeskMessage, frozen=True, kw_only=True):
    """A change on its way to the venue; asked for once more under its id, it is done once."""

    request_id: str
    change: str
    value: Number = 0.0
    mode: str = ""
    leg: str = ""


class VenueMarginAnswer(DeskMessage, frozen=True, kw_only=True):
    """What the venue made of it."""

    request_id: str
    change: str
    refused: bool = False
    value: Number = 0.0
    mode: str = ""
    code: str = ""
    reason: str = ""
    leg: str = ""


class Reduce(DeskMessage, frozen=True, kw_only=True):
    """Close so much of what is held, at once and reduce-only; execution proves that it reduces, and sends it."""

    reduction_id: str
    size: Size
    """Base units (contracts where the instrument counts them)."""
    reason: str
    worst: Price | None = None
    """It may trade at no worse price; None: at any."""


class PositionLimit(DeskMessage, frozen=True, kw_only=True):
    """The largest position that may be held from now on: capital cuts every wish to it, and nothing opens beyond it."""

    largest: Size | None
    """Base units, either side; None lifts the limit."""
    reason: str = ""
    until: Count = 0
    """ns UTC; 0: until another limit comes."""
    worst: Price | None = None
    """What is held beyond the limit is cut at no worse price; None: at any."""


class LiquidationNear(DeskMessage, frozen=True, kw_only=True):
    """How far a position, or with instrument '<venue>.-' a whole account, is from being liquidated."""

    level: str
    """clear, watch, warn, act or liquidated."""
    distance: Number
    """The adverse move of the mark, as a share of it, that is left; of an account the common move of all marks."""
    mark: Price
    basis: str = "mark"
    """What the mark was taken from: mark, index or book."""
    liquidation: Price | None = None
    """None: no price liquidates it."""
    equity: Money | None = None
    maintenance: Money | None = None
    leg: str = ""
    """long or short, of an account in hedge mode."""
