"""The actors of a compiled run: a node of the desk's strategies and what they live on, with the lines of the tape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from letrade.actors.strategies.base import BookStrategy
from letrade.backtesting.failing import Failing, fault_of
from letrade.backtesting.sources import Reel
from letrade.backtesting.terms import Decimals, strategies_of
from letrade.core.actor import Actor, handlers_of
from letrade.core.engine.blueprint import Blueprint, stage_of
from letrade.core.messages.base import Message
from letrade.core.messages.events import Drain, Failure, Flatten, Halt, Resume
from letrade.core.messages.market import (
    Bar,
    BarOpen,
    BookDelta,
    BookGap,
    BookSnapshot,
    FundingRate,
    IndexPrice,
    MarketFlow,
    MarkPrice,
    Quote,
    Trade,
)
from letrade.core.messages.orders import CashEntry, Fill, OrderRefused, OrderUpdate
from letrade.core.messages.signals import Basket, Protect, Quotes, Target, WorkingQuote
from letrade.core.messages.transfers import TransferRequest
from letrade.core.node import Node, Slot, sender_of
from letrade.core.stage import Stage
from letrade.hotpath.book import Book
from letrade.hotpath.simulation.columns import KINDS
from letrade.hotpath.simulation.doubt import Doubtful
from letrade.hotpath.simulation.telling import Teller
from letrade.hotpath.simulation.troupe import Line, Troupe

STAGES = (Stage.MARKET, Stage.FEATURE, Stage.STRATEGY)
BOOK_KEEPER = "letrade.actors.market.books.BookKeeper"
LEVELS, SNAPSHOTS = KINDS["levels"], KINDS["snapshots"]
HEARD: dict[int, type[Message]] = {
    KINDS["quotes"]: Quote, KINDS["trades"]: Trade, LEVELS: BookDelta, SNAPSHOTS: BookSnapshot, KINDS["bars"]: Bar,
    KINDS["marks"]: MarkPrice, KINDS["indexes"]: IndexPrice, KINDS["funding"]: FundingRate,
}  # fmt: skip
"""The messages of events."""
TOLD_BY_OTHERS = frozenset({OrderUpdate, Fill, OrderRefused, CashEntry, Drain, Halt, Resume, Flatten, Failure})
"""What an actor may listen to besides data: what the compiled desk tells, and what it never has cause to say."""
ONLY_ACTORS = (Basket, TransferRequest, Halt, Resume, Flatten, Failure, MarketFlow, BarOpen)
EPOCH = 1


class Cast(Troupe[Slot, Message], Node):
    """A node whose wishes go to the compiled desk."""

    is_chained = False
    """Whether others than strategies are among the actors."""

    def fail(self, slot: Slot, error: Exception) -> None:
        """Who skips a message and who stops is known to the desk's actors alone."""
        raise Failing(str(fault_of(slot.actor, error))) from error


def cast_of(blueprint: Blueprint) -> Cast:
    """The actors of the stages before capital; a BookKeeper only where somebody lives on what it says."""
    config = blueprint.config
    entries = [entry for entry in config.actors if stage_of(entry) in STAGES]
    made: list[tuple[str, Any]] = [(entry.path, entry.actor_class) for entry in entries]
    actors: list[Actor] = [
        each(entry.name, entry.config, blueprint.context) for (_, each), entry in zip(made, entries, strict=True)
    ]
    heeds_gaps = any(BookGap in handlers_of(actor) for actor in actors)
    cast = Cast(blueprint.directory)
    for entry, actor in zip(entries, actors, strict=True):
        if entry.path != BOOK_KEEPER or heeds_gaps:
            cast.add(actor)
    chained = cast.is_chained = any(slot.place.stage != Stage.STRATEGY for slot in cast.slots)
    cast.learn({"target": Target, "quotes": Quotes, "protect": Protect}, WorkingQuote, ONLY_ACTORS)
    strategies = strategies_of(config)
    cast.cast(
        {each.name: place for place, each in enumerate(strategies)},
        {each.name: each.account for each in strategies},
        {name: place for place, name in enumerate(blueprint.catalogue.ids())},
        chained,
    )
    for slot in cast.slots:
        _check(slot)
    return cast


def _check(slot: Slot) -> None:
    """Doubtful for an actor that lives on what only the desk's actors say."""
    for kind in slot.handlers:
        if kind.__module__ in _DESK_MODULES and kind not in TOLD_BY_OTHERS:
            raise Doubtful(f"{slot.name} listens to {kind.__name__}, which the compiled desk does not tell")


_DESK_MODULES = frozenset(
    f"letrade.core.messages.{name}"
    for name in ("accounts", "events", "margin", "orders", "signals", "transfers", "venue")
)


def add_lines(
    cast: Cast, blueprint: Blueprint, reels: Sequence[Reel], units: Mapping[str, Decimals], shown: Mapping[str, Book]
) -> None:
    """The lines of the tape, in the order of its reels; book readers get the engine's book of their instrument: one of
    `shown`, where they do not look before all data of a time has passed."""
    books: dict[str, Book] = {}
    for reel in reels:
        columns = reel.source.columns
        rank = sender_of(blueprint.directory[reel.source.feed_name])[1]
        if reel.exchange_only or reel.kind not in HEARD:
            cast.add_line(Line(reel.source.feed_name, rank, None))
            continue
        readers, book = [], None
        takers, snapshot_takers = _takers(cast, HEARD[reel.kind], columns.instrument), []
        snapshots = None
        if reel.kind == LEVELS:
            snapshot_takers = _takers(cast, BookSnapshot, columns.instrument)
            if not cast.is_chained:
                reading = [slot for slot in (*takers, *snapshot_takers) if isinstance(slot.actor, BookStrategy)]
                reading = list(dict.fromkeys(reading))
                takers = [slot for slot in takers if slot not in reading]
                snapshot_takers = [slot for slot in snapshot_takers if slot not in reading]
                if columns.instrument in shown:
                    polling = [slot for slot in reading if _polls(slot)]
                    _lend(shown[columns.instrument], polling, units[columns.instrument])
                    reading = [slot for slot in reading if slot not in polling]
                if reading:
                    book = books.setdefault(columns.instrument, Book())
                    readers = _lend(book, reading, units[columns.instrument])
            if snapshot_takers:
                snapshots = _teller(reel, SNAPSHOTS, units)
        teller = _teller(reel, reel.kind, units) if takers else None
        feed = reel.source.feed_name
        cast.add_line(Line(feed, rank, teller, takers, snapshots, snapshot_takers, book, readers))


def _takers(cast: Cast, kind: type[Message], instrument: str) -> list[Slot]:
    return list(cast.route_of(kind, instrument, "-"))


def _polls(slot: Slot) -> bool:
    """Whether a strategy looks at its book by timer and at its own news alone, never at data."""
    hears = any(kind in slot.handlers for kind in HEARD.values() if kind not in (BookDelta, BookSnapshot))
    return not hears and not _acts_on_book(slot)


def _acts_on_book(slot: Slot) -> bool:
    actor: Any = slot.actor
    return type(actor).book_changed is not BookStrategy.book_changed


def _lend(book: Book, slots: Sequence[Slot], fine: Decimals) -> list[tuple[Slot, Any]]:
    """Gives strategies the book; those that do something when it changes are told."""
    found = []
    for slot in slots:
        actor: Any = slot.actor
        actor.use_book(book, fine.price, fine.size)
        if _acts_on_book(slot):
            found.append((slot, actor.book_changed))
    return found


def _teller(reel: Reel, kind: int, units: Mapping[str, Decimals]) -> Teller:
    fine, columns = units[reel.source.columns.instrument], reel.source.columns
    return Teller(kind, _blank(HEARD[kind], reel.source.feed_name, columns.instrument), fine.price, fine.size)


def _blank(kind: type[Message], feed: str, instrument: str) -> Message:
    """A message of the feed whose other fields are written for each event."""
    blanks: dict[type[Message], dict[str, Any]] = {
        Quote: {"bid": 0.0, "bid_size": 0.0, "ask": 0.0, "ask_size": 0.0},
        Trade: {"price": 0.0, "size": 0.0},
        BookDelta: {"first_update": 0, "last_update": 0, "previous_update": 0, "bids": b"", "asks": b""},
        BookSnapshot: {"last_update": 0, "bids": b"", "asks": b""},
        Bar: dict.fromkeys(("open", "high", "low", "close", "volume"), 0.0) | {"start": 0, "end": 0},
        MarkPrice: {"price": 0.0},
        IndexPrice: {"price": 0.0},
        FundingRate: {"rate": 0.0, "funding_time": 0},
    }
    made: Any = kind
    blank: Message = made(time=0, source=feed, epoch=EPOCH, sequence=0, instrument=instrument, **blanks[kind])
    return blank
