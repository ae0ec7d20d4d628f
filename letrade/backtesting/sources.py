"""The data of a desk's feeds as the tape reads it: windows of int64 columns, and which kinds each instrument has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import tee
from typing import NamedTuple

import msgspec
import numpy as np

from letrade.backtesting.terms import Decimals
from letrade.core.data.columns import (
    BarRows,
    Chunk,
    Columns,
    FundingRows,
    IntArray,
    Kind,
    LevelRows,
    OrderRows,
    QuoteRows,
    TradeRows,
    ValueRows,
)
from letrade.core.errors import DataError
from letrade.core.feed import Feed
from letrade.core.instruments import Catalogue
from letrade.hotpath.simulation.columns import KINDS, Window
from letrade.hotpath.simulation.doubt import Doubtful
from letrade.hotpath.simulation.tape import Tape

UNITS_MAX = 2**62
KIND_NAMES = {Kind.INDEX: "indexes"}


class Source(NamedTuple):
    """One kind of data of one instrument, from the feed at this place."""

    feed: int
    feed_name: str
    columns: Columns


class Reel(NamedTuple):
    """A source as it stands on the tape: a bar's open is one of its own, told to the exchange alone."""

    source: Source
    kind: int
    exchange_only: bool


def sources_of(feeds: Sequence[Feed]) -> list[Source]:
    """Doubtful where a feed can only tell messages."""
    found = []
    for place, feed in enumerate(feeds):
        columns = feed.columns() if _tells_columns(type(feed)) else None
        if columns is None:
            raise Doubtful(f"the feed {feed.name!r} ({type(feed).__name__}) tells messages alone")
        found += [Source(place, feed.name, each) for each in columns]
    for source in found:
        if not source.columns.contiguous:
            raise Doubtful(f"{source.columns.where} has gaps or early updates, which the desk's actors sort out")
    return found


def check_books(sources: Sequence[Source], catalogue: Catalogue, kinds: Mapping[str, str]) -> None:
    """Doubtful where prices are known by a book alone that the exchange does not follow, or keepers might refuse."""
    quoted = {source.columns.instrument for source in sources if source.columns.kind == Kind.QUOTES}
    for source in sources:
        columns = source.columns
        if columns.kind != Kind.LEVELS or columns.instrument in quoted:
            continue
        rules = catalogue.at(columns.instrument, 0)
        finer = columns.price_decimals > rules.price.decimals or columns.size_decimals > rules.size.decimals
        if finer or rules.price.step_units > 1 or rules.size.step_units > 1:
            raise Doubtful(f"{columns.where} may hold levels off the grid of {columns.instrument}")
        if kinds.get(columns.instrument) != "levels":
            raise Doubtful(f"{columns.instrument} is known by its book alone, which the exchange does not follow")


def _tells_columns(kind: type[Feed]) -> bool:
    """False for a class that changes the messages of the one that it is made of, and not its columns."""
    teller = next(each for each in kind.__mro__ if "messages" in vars(each))
    return any(issubclass(each, teller) for each in kind.__mro__ if "columns" in vars(each) or "source" in vars(each))


def units_of(sources: Sequence[Source], catalogue: Catalogue) -> dict[str, Decimals]:
    """The finest decimals of each instrument's data and its own grid."""
    found: dict[str, Decimals] = {}
    for source in sources:
        columns = source.columns
        rules = catalogue.at(columns.instrument, 0)
        known = found.get(columns.instrument, Decimals(rules.price.decimals, rules.size.decimals))
        price, size = max(known.price, columns.price_decimals), max(known.size, columns.size_decimals)
        found[columns.instrument] = Decimals(price, size)
    return found


def put_on_tape(
    tape: Tape, sources: Sequence[Source], units: Mapping[str, Decimals], instruments: Mapping[str, int],
    delays: Mapping[str, int | None],
) -> list[Reel]:  # fmt: skip
    """All sources, in the order of feeds; the reels are numbered as the tape numbers them.

    `delays` by instrument: how long data takes from the exchange to us, where it does not say so itself; None: the
    exchange sees it when we do.
    """
    reels: list[Reel] = []
    for source in sources:
        columns = source.columns
        kind = KINDS[KIND_NAMES.get(columns.kind, str(columns.kind))]
        place, fine = instruments[columns.instrument], units[columns.instrument]
        chunks = columns.chunks()
        if columns.kind == Kind.BARS:
            opens, chunks = tee(chunks)
            windows = _windows(opens, columns, fine, KINDS["bar_opens"])
            tape.add(source.feed, place, windows, name=columns.where, exchange_only=True)
            reels.append(Reel(source, KINDS["bar_opens"], True))
        delay = delays.get(columns.instrument) if columns.kind != Kind.BARS else None
        windows = _windows(chunks, columns, fine, kind, delay)
        tape.add(source.feed, place, windows, name=columns.where, two_views=delay is not None)
        reels.append(Reel(source, kind, False))
    return reels


def _windows(
    chunks: Iterator[Chunk], columns: Columns, fine: Decimals, kind: int, delay: int | None = None
) -> Iterator[Window]:
    price, size = 10 ** (fine.price - columns.price_decimals), 10 ** (fine.size - columns.size_decimals)
    last_update: int | None = None
    for chunk in chunks:
        if isinstance(chunk.rows, LevelRows) and len(chunk.rows.last_update):
            if last_update is None and not chunk.rows.snapshot[0]:
                raise Doubtful(f"{columns.where} begins without a snapshot, which the desk's actors wait for")
            _check_sequence(chunk.rows, last_update, columns.where)
            last_update = int(chunk.rows.last_update[-1])
        if delay is not None and chunk.venue_time is None:
            chunk = msgspec.structs.replace(chunk, venue_time=np.maximum(chunk.time - delay, 0))
        try:
            yield _window(chunk, kind, price, size)
        except ValueError as error:
            raise DataError(f"{columns.where}: rows from {chunk.first_row}: {error}") from error


def _finer(column: IntArray, power: int, what: str) -> IntArray:
    if power == 1:
        return np.ascontiguousarray(column)
    if len(column) and int(column.max()) > UNITS_MAX // power:
        raise ValueError(f"a {what} of {int(column.max())} units is too large to be told {power} times finer")
    return column * power


def _window(chunk: Chunk, kind: int, price: int, size: int) -> Window:
    rows, time, sequence = chunk.rows, chunk.time, chunk.sequence
    if isinstance(rows, LevelRows):
        return _levels(chunk, rows, kind, price, size)
    if isinstance(rows, BarRows) and kind == KINDS["bar_opens"]:
        columns = {"open": _finer(rows.open, price, "price")}
        return Window(kind, np.ascontiguousarray(rows.start), columns, sequence=sequence - 1)
    values = rows.value if isinstance(rows, (ValueRows, FundingRows)) else None
    venue_time = None if chunk.venue_time is None else np.ascontiguousarray(chunk.venue_time)
    return Window(
        kind, np.ascontiguousarray(time), _columns(rows, price, size), sequence=np.ascontiguousarray(sequence),
        venue_time=venue_time, values=None if values is None else np.ascontiguousarray(values),
    )  # fmt: skip


def _columns(
    rows: QuoteRows | TradeRows | BarRows | ValueRows | FundingRows | OrderRows, price: int, size: int
) -> dict[str, IntArray]:
    found = {}
    for name, column in rows._asdict().items():
        if name == "value":
            continue
        sizes = name in ("size", "bid_size", "ask_size", "volume")
        prices = name in ("price", "bid", "ask", "open", "high", "low", "close")
        power = size if sizes else price if prices else 1
        found[name] = _finer(np.asarray(column, dtype=np.int64), power, name)
    return found


def _check_sequence(rows: LevelRows, last_update: int | None, where: str) -> None:
    """Doubtful where an update does not follow the one before, or a snapshot is no newer, by core/book_sync.py."""
    known = int(rows.last_update[0]) if last_update is None else last_update
    before = np.concatenate(([known], np.asarray(rows.last_update[:-1])))
    snapshot, previous = np.asarray(rows.snapshot) > 0, np.asarray(rows.previous_update)
    follows = (previous == before) | ((previous == 0) & (np.asarray(rows.first_update) == before + 1))
    right = np.where(snapshot, np.asarray(rows.last_update) > before, follows)
    if last_update is None:
        right = right[1:]
    if not right.all():
        raise Doubtful(f"{where} has gaps or old snapshots, which the desk's actors sort out")


def _levels(chunk: Chunk, rows: LevelRows, kind: int, price: int, size: int) -> Window:
    snapshots = np.asarray(rows.snapshot) > 0
    kinds = np.where(snapshots, KINDS["snapshots"], KINDS["levels"]).astype(np.int8) if snapshots.any() else None
    updates = {name: getattr(rows, name) for name in ("first_update", "last_update", "previous_update")}
    columns = {"price": _finer(rows.price, price, "price"), "size": _finer(rows.size, size, "size")}
    return Window(
        kind,
        np.ascontiguousarray(chunk.time),
        {**columns, **{name: np.ascontiguousarray(column) for name, column in updates.items()}},
        sequence=np.ascontiguousarray(chunk.sequence),
        venue_time=None if chunk.venue_time is None else np.ascontiguousarray(chunk.venue_time),
        starts=np.ascontiguousarray(rows.offset),
        sides=np.ascontiguousarray(rows.side),
        kinds=kinds,
    )
