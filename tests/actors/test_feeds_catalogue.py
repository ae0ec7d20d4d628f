"""Series of the catalogue as feeds, recorded streams and packed bars as columns: the same messages by every way."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from letrade.actors.feeds.binance_capture import pack
from letrade.actors.feeds.naming import described
from letrade.actors.feeds.told_columns import columns_of
from letrade.core.data.catalogue import DataCatalogue
from letrade.core.data.columns import Columns, Kind
from letrade.core.data.messages import Teller
from letrade.core.data.series import Series
from letrade.core.errors import ConfigurationError, DataError, UsageError
from letrade.core.feed import Feed
from letrade.core.messages.base import Message
from letrade.core.messages.market import Bar, BookDelta, BookSnapshot, Instrument, Quote, Trade
from tests.actors.captures import diff, snapshot, spot_trade, ticker, written
from tests.actors.feed_parts import MINUTE, START, feed_of, quotes, source_of, told
from tests.data import shared_data

NAME = "binance.BTC-USDT_USDT"


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataCatalogue:
    """Three quotes of an instrument, in the catalogue that a feed finds by itself."""
    monkeypatch.setenv("LETRADE_CATALOGUE", str(tmp_path / "data"))
    found = DataCatalogue(tmp_path / "data")
    found.add(Series(Kind.QUOTES, NAME), source_of(feed_of(quotes(tmp_path / "quotes.npz"))), "test")
    return found


def test_a_series_tells_what_the_file_told(catalogue: DataCatalogue, tmp_path: Path) -> None:
    assert told(feed_of(f"catalogue:{NAME}/quotes")) == told(feed_of(tmp_path / "quotes.npz"))
    assert told(feed_of(f"catalogue:{NAME}")) == told(feed_of(tmp_path / "quotes.npz"))


def test_a_span_of_a_series_is_told(catalogue: DataCatalogue) -> None:
    feed = feed_of(f"catalogue:{NAME}/quotes", start=START + 1, end=START + 2)
    assert [message.time for message in told(feed)] == [START + 1]
    with pytest.raises(DataError, match="no row is in the wanted time; the catalogue has 2024-01-01"):
        told(feed_of(f"catalogue:{NAME}/quotes@2024-01-02.."))


def test_a_series_may_stand_for_another_instrument(catalogue: DataCatalogue) -> None:
    feed = feed_of(f"catalogue:{NAME}/quotes", instrument="x.ETH-USDT")
    assert {message.instrument for message in told(feed) if isinstance(message, Quote)} == {"x.ETH-USDT"}
    assert [each.instrument for each in feed.instruments()] == ["x.ETH-USDT"]
    with pytest.raises(ConfigurationError, match="expected the venue"):
        feed_of(f"catalogue:{NAME}/quotes", venue="other")


def test_the_rules_are_those_that_the_venue_told_else_those_of_the_data(catalogue: DataCatalogue) -> None:
    feed = feed_of(f"catalogue:{NAME}/quotes")
    assert [(each.tick, each.lot) for each in feed.instruments()] == [("0.1", "0.001")]
    rules = described(NAME, "0.5", "0.01")
    catalogue.keep_instrument(rules)
    assert feed_of(f"catalogue:{NAME}/quotes").instruments() == (rules,)
    assert feed_of(f"catalogue:{NAME}/quotes", rules).instruments() == ()


def test_a_series_that_is_not_there_is_refused(catalogue: DataCatalogue) -> None:
    with pytest.raises(DataError, match=f"it has {NAME}/quotes"):
        source_of(feed_of(f"catalogue:{NAME}/1h"))
    with pytest.raises(UsageError, match="expected"):
        feed_of(f"catalogue:{NAME}/often")


def by_sequence(columns: tuple[Columns, ...]) -> list[Message]:
    every = [message for each in columns for message in Teller(each, "feed").messages()]
    return sorted(every, key=lambda message: message.sequence)


def spoken(message: Message) -> tuple[Any, ...]:
    """What matters of a message of recorded streams: all but the ids that columns do not hold."""
    assert isinstance(message, (Quote, Trade, BookDelta, BookSnapshot))
    fields = {name: getattr(message, name) for name in message.__struct_fields__}
    return tuple(value for name, value in fields.items() if name not in ("update_id", "venue_time"))


def streams(tmp_path: Path) -> str:
    return written(
        tmp_path / "spot.gz",
        diff(11, 12, [("61800.1", "1.5")], [("61800.3", "1")]),
        snapshot(10, [("61800.1", "1")], [("61800.2", "2.0")]),
        ticker(12, ("61800.1", "1.5"), ("61800.2", "2")),
        spot_trade(1, "61800.2", "0.001", False),
        diff(13, 14, [("61800.1", "0")], []),
    )


def test_columns_of_recorded_streams_tell_what_the_streams_tell(tmp_path: Path) -> None:
    feed = feed_of(streams(tmp_path))
    columns = feed.columns()
    assert columns is not None
    assert [(each.kind, each.contiguous) for each in columns] == [
        (Kind.LEVELS, False), (Kind.QUOTES, True), (Kind.TRADES, True),
    ]  # fmt: skip
    assert list(map(spoken, by_sequence(columns))) == list(map(spoken, feed.messages()))


def test_followed_levels_start_with_their_snapshot_and_are_one_after_the_other(tmp_path: Path) -> None:
    feed = feed_of(streams(tmp_path), follow=True)
    kinds = [type(message) for message in feed.messages()]
    assert kinds == [BookSnapshot, BookDelta, Quote, Trade, BookDelta]
    columns = feed.columns()
    assert columns is not None
    assert all(each.contiguous for each in columns)
    assert list(map(spoken, by_sequence(columns))) == list(map(spoken, feed.messages()))


def test_followed_levels_with_a_gap_wait_for_the_next_snapshot(tmp_path: Path) -> None:
    path = written(
        tmp_path / "spot.gz",
        snapshot(10, [("1", "1")], [("2", "1")]),
        diff(11, 12, [("1", "2")], []),
        diff(15, 16, [("1", "3")], []),
        diff(17, 18, [("1", "4")], []),
        snapshot(16, [("1", "3")], [("2", "1")]),
    )
    feed = feed_of(path, follow=True)
    updates = [message.last_update for message in feed.messages() if isinstance(message, (BookDelta, BookSnapshot))]
    assert updates == [10, 12, 16, 18]
    columns = feed.columns()
    assert columns is not None
    assert not any(each.contiguous for each in columns)


def test_a_recorded_hour_of_streams_is_the_same_as_columns() -> None:
    feed = feed_of(shared_data("l2/binance/spot_btcusdt_20240808.gz"), limit=8_000)
    columns = feed.columns()
    assert columns is not None
    assert list(map(spoken, by_sequence(columns))) == list(map(spoken, feed.messages()))


numbers = st.integers(1, 10**9).map(lambda units: units / 1_000)
sizes = st.integers(0, 10**6).map(lambda units: units / 1_000)
pairs = st.lists(st.tuples(numbers, sizes), max_size=4).map(lambda found: pack(found))


@st.composite
def tellings(draw: st.DrawFn) -> list[Message]:
    """Messages of two instruments in any order."""
    told_so_far: list[Message] = []
    time = START
    for sequence in range(1, draw(st.integers(1, 12)) + 1):
        time += draw(st.sampled_from([0, 1, MINUTE]))
        header: Any = {
            "time": time, "source": "feed", "epoch": 1, "sequence": sequence, "venue_time": time,
            "instrument": draw(st.sampled_from(["a.B-C", "a.D-C"])),
        }  # fmt: skip
        bid, size, ids = draw(numbers), draw(sizes), draw(st.integers(0, 9))
        made: list[Message] = [
            Quote(**header, bid=bid, bid_size=size, ask=bid, ask_size=size),
            Trade(**header, price=bid, size=size, side=draw(st.sampled_from([-1, 0, 1])), trade_id=str(ids or "")),
            BookDelta(
                **header, first_update=ids, last_update=ids, previous_update=0, bids=draw(pairs), asks=draw(pairs)
            ),
            BookSnapshot(**header, last_update=ids, bids=draw(pairs), asks=draw(pairs)),
        ]
        told_so_far.append(draw(st.sampled_from(made)))
    return told_so_far


@settings(deadline=None)
@given(tellings())
def test_any_messages_are_the_same_after_they_were_columns(messages: list[Message]) -> None:
    columns = columns_of("here", lambda: iter(messages))
    assert list(map(spoken, by_sequence(columns))) == list(map(spoken, messages))


def bars_of(feed: Feed) -> list[tuple[int, float, float]]:
    return [(bar.start, bar.close, bar.volume) for bar in told(feed) if isinstance(bar, Bar)]


def test_bars_are_the_same_in_csv_packed_csv_and_parquet(tmp_path: Path) -> None:
    rows = [(START + place * MINUTE, 100.5 + place, 0.1 * place) for place in range(4)]
    text = "date,open,high,low,close,volume\n" + "".join(
        f"{start // 10**9},{close},{close},{close},{close},{volume!r}\n" for start, close, volume in rows
    )
    plain, packed, columns = (tmp_path / f"BTC_USDT-1m.{end}" for end in ("csv", "csv.gz", "parquet"))
    plain.write_text(text)
    with gzip.open(packed, "wt") as stream:
        stream.write(text)
    close = [close for _, close, _ in rows]
    table = {"date": arrow.array([start for start, _, _ in rows]).cast(arrow.timestamp("ns", tz="UTC"))}
    table |= dict.fromkeys(("open", "high", "low", "close"), arrow.array(close))
    parquet.write_table(arrow.table({**table, "volume": arrow.array([volume for *_, volume in rows])}), columns)
    assert [bars_of(feed_of(path)) for path in (packed, columns)] == [bars_of(feed_of(plain))] * 2
    # 0.1 × 3 is 0.30000000000000004: the noise goes.
    assert bars_of(feed_of(plain))[-1] == (START + 3 * MINUTE, 103.5, 0.3)


def test_the_instrument_of_a_recorded_series_is_found_in_the_desk(tmp_path: Path) -> None:
    known = Instrument(
        instrument="x.SPOT", kind="spot", base="BTC", quote="USDT", settle="USDT", tick="0.1", lot="0.001"
    )
    path = tmp_path / "t.csv"
    path.write_text("exchange,symbol,timestamp,price,size\nx,BTCUSDT,1704067200000,100.5,1\n")
    (trade,) = told(feed_of(path, known))
    assert isinstance(trade, Trade)
    assert trade.instrument == "x.SPOT"
