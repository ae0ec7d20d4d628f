"""A simulated venue on a stage: what the tests of the venue say to it, and what they look for in its answers."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from letrade.actors.venue.simulated import SimulatedVenue
from letrade.core import node_state
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import DeskConfig, FillsConfig, VenueConfig
from letrade.core.messages.base import Message
from letrade.core.messages.market import (
    Bar,
    BarOpen,
    BookDelta,
    BookSnapshot,
    FlowOrder,
    Instrument,
    MarketFlow,
    Quote,
    Trade,
)
from letrade.core.messages.venue import (
    VenueAmend,
    VenueCancel,
    VenueFill,
    VenueOrder,
    VenueQuery,
    VenueState,
    VenueSubmit,
)
from letrade.core.stage import Stage
from tests.stage import BTC, PERP, StageOf, context, of_kind

SPOT = BTC.instrument
LINEAR = PERP.instrument
LATENCY = 1_000_000
RESPONSE = 100_000
SOURCES = (("feed", Stage.FEED), ("execution", Stage.EXECUTION))
PLAIN = FillsConfig(queue="last", spread=Decimal(0), impact=Decimal(0), volume_share="any")
"""Makers fill when trades go through their price; takers pay no more than what is shown."""
RICH = {"USDT": Decimal(1_000_000), "BTC": Decimal(10)}


def pack(levels: Iterable[tuple[float, float]]) -> bytes:
    return b"".join(struct.pack("<2d", *level) for level in levels)


class Desk:
    """One venue, told what a feed and an execution actor say, at times that go up by 10 ms unless given."""

    def __init__(
        self,
        *,
        balances: dict[str, Decimal] | None = None,
        accounts: Iterable[str] = ("a", "b"),
        instruments: tuple[Instrument, ...] = (BTC, PERP),
        login: dict[str, Any] | None = None,
        **venue: Any,
    ) -> None:
        settings = {"order_latency": LATENCY, "response_latency": RESPONSE, "fills": PLAIN, **venue}
        logins = [
            AccountConfig(name=name, venue="paper", balances=RICH if balances is None else balances, **(login or {}))
            for name in accounts
        ]
        config = DeskConfig(venues=[VenueConfig(name="paper", **settings)], accounts=logins)
        self.venue = SimulatedVenue(
            "paper", SimulatedVenue.Config(venue="paper"), context(*instruments, settings=config)
        )
        self.stage = StageOf(self.venue, step_ns=LATENCY, sources=SOURCES)
        self.time = 0

    def tell(self, *messages: Message, wait: int = 10_000_000) -> list[Message]:
        """All messages at one time; what the venue said until `wait` later."""
        said = self.stage.tell(*(self.stamped(message) for message in messages), until=self.time + wait)
        self.time += wait
        return said

    def stamped(self, message: Message) -> Message:
        asks = isinstance(message, VenueSubmit | VenueCancel | VenueAmend | VenueQuery)
        time = message.time or self.time
        return msgspec.structs.replace(message, time=time, source="execution" if asks else "feed", epoch=1)

    def answer(self, *messages: Message) -> VenueOrder:
        """The one answer to a request."""
        (answer,) = [each for each in of_kind(self.tell(*messages), VenueOrder) if each.request]
        assert isinstance(answer, VenueOrder)
        return answer

    def fills(self, *messages: Message) -> list[tuple[str, float, float]]:
        """(client order id, price, size) of the fills that follow."""
        return [(fill.client_order_id, fill.price, fill.size) for fill in of_kind(self.tell(*messages), VenueFill)]

    def account(self, name: str = "a") -> VenueState:
        (state,) = of_kind(self.tell(query(account=name)), VenueState)
        assert isinstance(state, VenueState)
        return state

    def balance(self, currency: str, account: str = "a") -> Decimal:
        return {money.currency: money.decimal for money in self.account(account).balances}[currency]

    def restarted(self) -> None:
        """The same venue after a restart from its snapshot, by way of bytes."""
        taken = msgspec.msgpack.decode(msgspec.msgpack.encode(node_state.take(self.stage.node)))
        fresh = SimulatedVenue("paper", self.venue.config, self.venue.context)
        stage = StageOf(fresh, step_ns=LATENCY, sources=SOURCES)
        node_state.give_back(stage.node, taken)
        stage.sequence = self.stage.sequence
        self.venue, self.stage = fresh, stage


def submit(
    name: str,
    side: int,
    size: float,
    price: float | None = None,
    account: str = "a",
    instrument: str = SPOT,
    **more: Any,
) -> VenueSubmit:
    return VenueSubmit(
        strategy="s",
        account=account,
        instrument=instrument,
        client_order_id=name,
        side=side,
        size=size,
        price=price,
        **more,
    )


def cancel(name: str, account: str = "a") -> VenueCancel:
    return VenueCancel(strategy="s", account=account, instrument=SPOT, client_order_id=name)


def amend(name: str, price: float, size: float, account: str = "a", instrument: str = SPOT) -> VenueAmend:
    return VenueAmend(
        strategy="s", account=account, instrument=instrument, client_order_id=name, price=price, size=size
    )


def query(name: str = "", account: str = "a", fills_after: int = 1_000_000) -> VenueQuery:
    return VenueQuery(
        strategy="-", account=account, instrument="paper.-", client_order_id=name, fills_after=fills_after
    )


def flow(*orders: tuple[str, int, int, float, float], instrument: str = SPOT) -> MarketFlow:
    """(kind, id, side, price, size) of each command."""
    return MarketFlow(instrument=instrument, orders=tuple(FlowOrder(*order) for order in orders))


def trade(price: float, size: float = 1.0, instrument: str = SPOT) -> Trade:
    return Trade(instrument=instrument, price=price, size=size)


def quote(bid: float, ask: float, size: float = 1.0, instrument: str = SPOT) -> Quote:
    return Quote(instrument=instrument, bid=bid, bid_size=size, ask=ask, ask_size=size)


def snapshot(
    bids: Iterable[tuple[float, float]], asks: Iterable[tuple[float, float]], update: int = 10, instrument: str = SPOT
) -> BookSnapshot:
    return BookSnapshot(instrument=instrument, last_update=update, bids=pack(bids), asks=pack(asks))


def delta(
    first: int, last: int, bids: Iterable[tuple[float, float]] = (), asks: Iterable[tuple[float, float]] = ()
) -> BookDelta:
    return BookDelta(
        instrument=SPOT, first_update=first, last_update=last, previous_update=0, bids=pack(bids), asks=pack(asks)
    )


def bar_open(start: int, price: float, instrument: str = SPOT) -> BarOpen:
    return BarOpen(instrument=instrument, start=start, open=price)


def bar(start: int, prices: tuple[float, float, float, float], instrument: str = SPOT) -> Bar:
    """Open, high, low, close."""
    opened, high, low, close = prices
    return Bar(
        instrument=instrument, start=start, end=start + 1, open=opened, high=high, low=low, close=close, volume=1.0
    )


MARKETS: dict[str, tuple[Message, ...]] = {
    "matching": (flow(("limit", 1, 1, 99.0, 5.0), ("limit", 2, -1, 101.0, 2.0), ("limit", 3, -1, 102.0, 5.0)),),
    "book": (snapshot([(99.0, 5.0)], [(101.0, 2.0), (102.0, 5.0)]),),
    "trades": (trade(100.0),),
    "bars": (bar_open(0, 100.0),),
}
"""The same market as each fill model knows it: 99 bid for 5, 101 asked for 2 and 102 for 5; or a price of 100."""
