"""Step 1 of the flow: what a venue shows to everyone."""

from __future__ import annotations

import msgspec

from letrade.core.messages.base import MarketMessage, Number, Price, PriceIfAny, Rate, Size


class Trade(MarketMessage, frozen=True, kw_only=True):
    """One trade that the venue published."""

    price: Price
    size: Size
    side: int = 0
    """+1 when the buyer took, -1 when the seller took, 0 unknown."""
    trade_id: str = ""
    venue_time: int = 0


class Quote(MarketMessage, frozen=True, kw_only=True):
    """The best bid and ask; a size of 0 and a price of 0 say that the side is empty."""

    bid: PriceIfAny
    bid_size: Size
    ask: PriceIfAny
    ask_size: Size
    update_id: int = 0
    venue_time: int = 0


class BookDelta(MarketMessage, frozen=True, kw_only=True):
    """One venue event of changed levels; a size of 0 removes the level."""

    first_update: int
    last_update: int
    previous_update: int
    """The last_update of the delta before, or 0 where the venue does not say."""
    bids: bytes
    """Packed little-endian float64 pairs (price, size)."""
    asks: bytes
    venue_time: int = 0


class BookSnapshot(MarketMessage, frozen=True, kw_only=True):
    """All levels that the venue showed as of last_update."""

    last_update: int
    bids: bytes
    asks: bytes
    venue_time: int = 0


class Bar(MarketMessage, frozen=True, kw_only=True):
    """Trades of [start, end), delivered at end."""

    start: int
    end: int
    open: Price
    high: Price
    low: Price
    close: Price
    volume: Size
    trades: int = 0
    complete: bool = True
    """False when trades of this bar are known to be missing."""


class BarOpen(MarketMessage, frozen=True, kw_only=True):
    """The first price of a recorded bar, told to the simulated venue alone, at the bar's start."""

    start: int
    open: Price


class MarkPrice(MarketMessage, frozen=True, kw_only=True):
    """The price a venue marks positions at; it is not on the tick grid."""

    price: Price
    venue_time: int = 0


class IndexPrice(MarketMessage, frozen=True, kw_only=True):
    """The price of the underlying over several venues."""

    price: Price
    venue_time: int = 0


class Middle(MarketMessage, frozen=True, kw_only=True):
    """The middle of a kept book's best prices, told after each change where no quotes tell it."""

    price: Price


class FundingRate(MarketMessage, frozen=True, kw_only=True):
    """The rate that longs pay to shorts at `funding_time`."""

    rate: Rate
    funding_time: int


class FlowOrder(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One command of another participant of a simulated venue."""

    kind: str
    """limit, market or cancel."""
    order_id: int
    side: int
    price: Number = 0.0
    size: Size = 0.0


class MarketFlow(MarketMessage, frozen=True, kw_only=True):
    """Commands of the other participants, told to the simulated venue alone, which matches them."""

    orders: tuple[FlowOrder, ...]


class Bracket(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One leverage tier of a contract; decimals as text. Its sizes are in what the venue's rules look tiers up by."""

    floor: str
    cap: str
    """"" where the last tier has no end."""
    rate: str
    """Of maintenance."""
    amount: str = ""
    """The deduction that keeps maintenance continuous; "" where the venue does not state it."""
    leverage_max: str = ""


class Instrument(MarketMessage, frozen=True, kw_only=True):
    """The rules of one instrument from `valid_from` on; decimals as text, exactly as the venue states them."""

    kind: str
    """spot, linear or inverse (settled in its base; a size counts contracts of `multiplier` quote units)."""
    base: str
    quote: str
    settle: str
    tick: str
    lot: str
    multiplier: str = "1"
    size_min: str = "0"
    notional_min: str = "0"
    valid_from: int = 0
    brackets: tuple[Bracket, ...] = ()
    """By size; () where its leverage tiers are not known."""
    expires: int = 0
    """When a dated future is settled, ns UTC; 0: never."""


class BookGap(MarketMessage, frozen=True, kw_only=True):
    """The book of this instrument is not to be believed until the next snapshot."""

    expected_update: int
    found_update: int


class TradeGap(MarketMessage, frozen=True, kw_only=True):
    """Trades of this instrument were dropped, because too much was waiting: its open bars are incomplete."""

    dropped: int
