"""Steps 4 to 6 of the flow: proposals, the approvals that only RiskManager makes, and what became of them."""

from __future__ import annotations

from msgspec import Struct

from letrade.core.messages.base import Count, DeskMessage, Number, Price, Size
from letrade.core.money import Money


class OrderIntent(Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One order to be sent: sizes in base units, side +1 buy or -1 sell."""

    order_id: str
    side: int
    size: Size
    price: Price | None = None
    """None: a market order."""
    time_in_force: str = "gtc"
    """gtc, ioc, fok or gtd."""
    post_only: bool = False
    reduce_only: bool = False
    kind: str = "order"
    """order; or what awaits its trigger first, at its price or else the market: stop, take_profit or trailing_stop."""
    trigger: Price | None = None
    trigger_by: str = "last"
    """last, mark or index."""
    trail: Price | None = None
    """The distance that a trailing_stop keeps."""
    shown: Size = 0.0
    """What an iceberg shows of itself; 0: all."""
    expires: int = 0
    """ns; of a gtd order."""
    group: str = ""
    """Of the orders of a group, one cancels the other as far as it trades."""


class AmendIntent(Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One working order to be changed in place; size is the new total size, filled part included."""

    order_id: str
    price: Price
    size: Size


class Proposal(DeskMessage, frozen=True, kw_only=True):
    """Sized orders, amends and cancels that follow from wanted - (held + working)."""

    signal: int
    orders: tuple[OrderIntent, ...] = ()
    amends: tuple[AmendIntent, ...] = ()
    cancels: tuple[str, ...] = ()


class LegProposal(Struct, array_like=True, frozen=True, gc=False):
    """The orders of one leg of a basket."""

    account: str
    instrument: str
    orders: tuple[OrderIntent, ...]


class BasketProposal(DeskMessage, frozen=True, kw_only=True):
    """The orders of several legs, all or none: where one may not be sent, none is; `instrument` is the first leg's."""

    signal: int
    legs: tuple[LegProposal, ...]


class BasketUpdate(DeskMessage, frozen=True, kw_only=True):
    """Where a strategy's basket stands; `instrument` and `account` are its first leg's."""

    signal: int
    state: str
    """working: its orders are on their way. refused: none was sent. undoing: the legs that are ahead go back to what
    the others support. standing: nothing is on its way, and the legs are in proportion."""
    held: tuple[Number, ...]
    """What each leg holds, in the basket's order."""
    complete: bool = False
    """All legs hold what was wanted."""
    reason: str = ""


class CancelOrder(DeskMessage, frozen=True, kw_only=True):
    """Take this order off the venue; nobody may refuse it."""

    order_id: str
    reason: str = ""


class ApprovedOrder(DeskMessage, frozen=True, kw_only=True):
    """Leave to send one order. Only RiskManager makes these."""

    approval: int
    """Counts the RiskManager's approvals, from 1, over restarts; execution takes each once and in order."""
    order: OrderIntent
    opening: bool
    """Proved against the account's position and working orders, never the sender's word."""


class ApprovedAmend(DeskMessage, frozen=True, kw_only=True):
    """Leave to change one working order. Only RiskManager makes these."""

    approval: int
    amend: AmendIntent
    opening: bool


class OrderRefused(DeskMessage, frozen=True, kw_only=True):
    """An order that was not sent, and the rule that says so."""

    order_id: str
    rule: str
    limit: str
    value: str
    refused_by: str = "risk"
    what: str = "order"
    """order, amend (the order itself goes on unchanged) or approval (not taken; the order is unaffected)."""


class OrderUpdate(DeskMessage, frozen=True, kw_only=True):
    """The state of one order, as execution knows it."""

    order_id: str
    client_order_id: str
    venue_order_id: str
    state: str
    """A state of core/orders.py."""
    side: int
    size: Size
    filled: Size
    price: Price | None
    reduce_only: bool
    reason: str = ""


class Fill(DeskMessage, frozen=True, kw_only=True):
    """A part of an order was traded; booked once by (venue, account, instrument, trade id)."""

    order_id: str
    client_order_id: str
    trade_id: str
    side: int
    price: Price
    size: Size
    fee: Money
    """Signed: positive was paid, negative is a rebate; in any currency."""
    maker: bool
    origin: str = "desk"
    """desk, manual, liquidation, adl, settlement or conversion."""
    venue_time: int = 0
    fill_number: int = 0
    """The venue's count of the account's fills, from 1; 0 where it does not count."""
    leg: str = ""
    """long or short, of an account in hedge mode."""
    part: Count = 0
    """Of one trade of the venue's that closes several shares, each the fill of one, the second is 1, and so on."""


class CashEntry(DeskMessage, frozen=True, kw_only=True):
    """Money that moved without a trade: funding, interest, transfer, ...; signed from the account's view."""

    entry_id: str
    origin: str
    amount: Money
    reason: str = ""
    estimated: bool = False
    """Whether a price stood in for the one that it should have been computed with."""
    leg: str = ""
    """long or short, where it is of one leg of an account in hedge mode."""
    part: Count = 0
    """Of one entry of the venue's that several shares owe, the second is 1, and so on."""


class UnexplainedDifference(DeskMessage, frozen=True, kw_only=True):
    """The venue's figure and ours differ by more than dust; the account halts for opening."""

    what: str
    ours: str
    venues: str
    difference: Number = 0.0
