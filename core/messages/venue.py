"""What execution asks of a venue edge, and what it answers; all answers are messages."""

from __future__ import annotations

from msgspec import Struct

from letrade.core.messages.base import Count, DeskMessage, Number, Price, Size
from letrade.core.money import Money


class VenueSubmit(DeskMessage, frozen=True, kw_only=True):
    """Place one order. The same client order id again is refused as a duplicate, never doubled."""

    client_order_id: str
    side: int
    size: Size
    price: Price | None = None
    time_in_force: str = "gtc"
    """gtc, ioc, fok or gtd."""
    post_only: bool = False
    reduce_only: bool = False
    order_kind: str = "order"
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
    leg: str = ""
    """long or short: the leg that it opens or closes, in an account in hedge mode; "" in one-way mode."""


class VenueCancel(DeskMessage, frozen=True, kw_only=True):
    """Take one order off."""

    client_order_id: str


class VenueAmend(DeskMessage, frozen=True, kw_only=True):
    """Change price and total size of one order."""

    client_order_id: str
    price: Price
    size: Size


class VenueQuery(DeskMessage, frozen=True, kw_only=True):
    """Ask for one order (client_order_id), or with '' for the account's whole state: answered by VenueState.

    A query that names no order gets all fills after `fills_after` (the venue's fill numbers) again.
    """

    client_order_id: str = ""
    fills_after: int = 0


class VenueOrder(DeskMessage, frozen=True, kw_only=True):
    """What the venue says of one order."""

    client_order_id: str
    venue_order_id: str
    status: str
    """open, partly_filled, filled, cancelled, expired, rejected (never accepted) or not_found (answer to a query)."""
    side: int = 0
    size: Size = 0.0
    filled: Size = 0.0
    price: Price | None = None
    request: str = ""
    """What this answers: submit, cancel, amend, query, or '' when the venue speaks first."""
    refused: bool = False
    """True when the request was refused and the order (if any) is unchanged."""
    reason: str = ""


class VenueFill(DeskMessage, frozen=True, kw_only=True):
    """One trade of one of our orders; repeats carry the same trade id and number."""

    client_order_id: str
    venue_order_id: str
    trade_id: str
    fill_number: int
    """Counts the account's fills at this venue, from 1: a gap is a lost answer."""
    side: int
    price: Price
    size: Size
    fee: Money
    maker: bool
    origin: str = "desk"
    venue_time: int = 0
    leg: str = ""
    """long or short in hedge mode."""


class VenueCash(DeskMessage, frozen=True, kw_only=True):
    """Money that the venue moved without a trade."""

    entry_id: str
    origin: str
    amount: Money
    venue_time: int = 0
    reason: str = ""
    estimated: bool = False
    """Whether a price stood in for the one that it should have been computed with."""
    leg: str = ""
    """long or short in hedge mode, where it is of one leg."""


class OpenOrder(Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One working order in a VenueState."""

    client_order_id: str
    instrument: str
    side: int
    size: Size
    filled: Size
    price: Price | None = None


class HeldPosition(Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One position in a VenueState; what the venue does not say is 0, empty or None."""

    instrument: str
    quantity: Number
    average_price: Number = 0.0
    leg: str = ""
    """long or short in hedge mode."""
    leverage: Number = 0.0
    margin_mode: str = ""
    isolated_margin: Money | None = None
    liquidation_price: Price | None = None
    """The venue's own."""


class VenueState(DeskMessage, frozen=True, kw_only=True):
    """The account as the venue sees it at this time, its working orders, balances, positions and last fill number."""

    open_orders: tuple[OpenOrder, ...]
    balances: tuple[Money, ...]
    positions: tuple[HeldPosition, ...]
    last_fill_number: int
    cash_entries: Count | None = None
    """How many cash entries the account has had by then; None: the venue does not count them."""
