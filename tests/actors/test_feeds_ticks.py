"""Tables of quotes, trades, levels, mark prices and funding: the shapes in which vendors and exchanges write them."""

from __future__ import annotations

import datetime
import gzip
import io
import threading
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from letrade.actors.feeds import arrow_tables
from letrade.actors.feeds.guess import feeds_for_files
from letrade.actors.feeds.naming import market_named
from letrade.actors.feeds.shapes import headerless, shape_of
from letrade.core.data.columns import Kind
from letrade.core.errors import DataError
from letrade.core.messages.market import BookDelta, BookSnapshot, FundingRate, MarkPrice, Quote, Trade
from tests.actors.feed_parts import chunks_of, feed_of, source_of, told
from tests.data import shared_data

MS = 1_000_000
T = 1_704_067_200_000
TRADES = {
    "binance spot dump": ("BTCUSDT-trades-2024-01.csv", f"""\
101,42283.58,0.00500000,211.41,{T},True,True
102,42283.60,0.00100000,42.28,{T + 5},False,True
"""),
    "binance dump in microseconds": ("BTCUSDT-trades-2025-01.csv", f"""\
101,42283.58,0.00500000,211.41,{T}000,True,True
102,42283.60,0.00100000,42.28,{T + 5}000,False,True
"""),
    "binance aggregated dump": ("BTCUSDT-aggTrades-2024-01.csv", f"""\
101,42283.58,0.00500000,1,1,{T},True,True
102,42283.60,0.00100000,2,2,{T + 5},False,True
"""),
    "binance futures dump": ("BTCUSDT-aggTrades-2024-01-01.csv", f"""\
agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker
101,42283.58,0.005,1,1,{T},true
102,42283.60,0.001,2,2,{T + 5},false
"""),
    "tardis": ("any.csv", f"""\
exchange,symbol,timestamp,local_timestamp,id,side,price,amount
binance,BTCUSDT,{T}000,{T}000,101,sell,42283.58,0.005
binance,BTCUSDT,{T + 5}000,{T + 5}000,102,buy,42283.6,0.001
"""),
    "kaiko": ("any.csv", f"""\
id,exchange,symbol,date,price,amount,sell
101,binance,btc-usdt,{T},42283.58,0.005,true
102,binance,btc-usdt,{T + 5},42283.6,0.001,false
"""),
    "plain names": ("BTC-USDT.csv", """\
timestamp,price,size,side,trade_id
2024-01-01 00:00:00,42283.58,0.005,Sell,101
2024-01-01 00:00:00.005,42283.60,0.001,BUY,102
"""),
    "seconds with a fraction": ("BTC-USDT.csv", """\
time,px,qty,side,id
1704067200.000,42283.58,0.005,-1,101
1704067200.005,42283.60,0.001,1,102
"""),
}  # fmt: skip


@pytest.mark.parametrize("shape", TRADES)
def test_trades_of_all_shapes_are_the_same_trades(tmp_path: Path, shape: str) -> None:
    name, text = TRADES[shape]
    (tmp_path / name).write_text(text)
    feed = feed_of(tmp_path / name)
    found = [message for message in told(feed) if isinstance(message, Trade)]
    assert [(each.time - T * MS, each.price, each.size, each.side, each.trade_id) for each in found] == [
        (0, 42283.58, 0.005, -1, "101"), (5 * MS, 42283.6, 0.001, 1, "102"),
    ]  # fmt: skip
    assert {each.instrument for each in found} == {"binance.BTC-USDT"}
    assert [(each.tick, each.lot) for each in feed.instruments()] == [("0.01", "0.00001")]


def test_packed_tables_are_read_as_they_are(tmp_path: Path) -> None:
    name, text = TRADES["binance spot dump"]
    (tmp_path / name).write_text(text)
    with gzip.open(tmp_path / f"{name}.gz", "wt") as stream:
        stream.write(text)
    with zipfile.ZipFile(tmp_path / "BTCUSDT-trades-2024-01.zip", "w") as archive:
        archive.writestr(name, text)
    plain = told(feed_of(tmp_path / name))
    assert told(feed_of(tmp_path / f"{name}.gz")) == plain
    assert told(feed_of(tmp_path / "BTCUSDT-trades-2024-01.zip")) == plain


def test_a_table_of_any_length_is_read_in_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_tables, "BLOCK_BYTES", 4_096)
    rows = "".join(f"{number},{100 + number % 7}.5,0.1,{T + number},false\n" for number in range(1, 2_001))
    (tmp_path / "BTCUSDT-x.csv").write_text(f"id,price,qty,time,is_buyer_maker\n{rows}")
    chunks = chunks_of(feed_of(tmp_path / "BTCUSDT-x.csv"))
    assert len(chunks) > 5
    assert np.concatenate([chunk.sequence for chunk in chunks]).tolist() == list(range(1, 2_001))


QUOTES = {
    "tardis": f"""\
exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount
binance-futures,BTCUSDT,{T}000,{T}250,1.5,42001.5,42001.4,2
binance-futures,BTCUSDT,{T}500,{T}750,,,42001.4,2
""",
    "binance bookTicker": f"""\
update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time
1,42001.4,2,42001.5,1.5,{T},{T}
2,42001.4,2,0,0,{T + 1},{T + 1}
""",
    "plain names": f"""\
ts,bid,bid_size,ask,ask_size
{T},42001.4,2,42001.5,1.5
{T + 1},42001.4,2,,
""",
}


@pytest.mark.parametrize("shape", QUOTES)
def test_quotes_of_all_shapes_are_the_same_quotes(tmp_path: Path, shape: str) -> None:
    (tmp_path / "BTCUSDT-q.csv").write_text(QUOTES[shape])
    found = [message for message in told(feed_of(tmp_path / "BTCUSDT-q.csv")) if isinstance(message, Quote)]
    assert [(each.bid, each.bid_size, each.ask, each.ask_size) for each in found] == [
        (42001.4, 2.0, 42001.5, 1.5), (42001.4, 2.0, 0.0, 0.0),
    ]  # fmt: skip


def test_what_the_venue_did_and_when_it_was_seen_are_both_known(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text(QUOTES["tardis"])
    feed = feed_of(tmp_path / "q.csv")
    (first, _) = told(feed)
    assert isinstance(first, Quote)
    assert (first.time - first.venue_time, first.instrument) == (250_000, "binance.BTC-USDT_USDT")


def test_levels_of_one_message_are_one_event_and_start_with_a_snapshot(tmp_path: Path) -> None:
    rows = [
        (T, "false", "bid", 99, 1), (T + 1, "true", "bid", 100, 1), (T + 1, "true", "ask", 101, 2),
        (T + 2, "false", "ask", 101, 0), (T + 2, "false", "ask", 102, 4), (T + 3, "false", "bid", 100, 3),
    ]  # fmt: skip
    body = "".join(f"x,BTCUSDT,{t}000,{t}000,{flag},{side},{price},{size}\n" for t, flag, side, price, size in rows)
    header = "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
    (tmp_path / "l2.csv").write_text(header + body)
    found = told(feed_of(tmp_path / "l2.csv"))
    assert [type(each) for each in found] == [BookSnapshot, BookDelta, BookDelta]
    second = found[1]
    assert isinstance(second, BookDelta)
    assert np.frombuffer(second.asks).tolist() == [101.0, 0.0, 102.0, 4.0]


def test_funding_is_due_at_the_whole_second(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT-fundingRate-2024-01.csv").write_text(
        f"calc_time,funding_interval_hours,last_funding_rate\n{T + 7},8,0.0001\n{T + 28_800_012},8,-0.0002\n"
    )
    found = [
        each for each in told(feed_of(tmp_path / "BTCUSDT-fundingRate-2024-01.csv")) if isinstance(each, FundingRate)
    ]
    assert [(each.time // MS - T, each.funding_time // MS - T, each.rate) for each in found] == [
        (0, 0, 0.0001), (28_800_000, 28_800_000, -0.0002),
    ]  # fmt: skip


def test_recorded_funding_and_marks_tell_every_payment() -> None:
    folder = "ohlcv/binance-usdm-2023-2024/BTC_USDT_USDT-8h"
    rates = [m for m in told(feed_of(shared_data(f"{folder}-funding_rate.feather"))) if isinstance(m, FundingRate)]
    marks = {m.time: m.price for m in told(feed_of(shared_data(f"{folder}-mark.feather"))) if isinstance(m, MarkPrice)}
    assert len(rates) == 1498
    assert round(sum(each.rate for each in rates), 6) == 0.144915
    # What a short of one coin earns from all of them.
    assert round(sum(each.rate * marks[each.funding_time] for each in rates), 4) == 6464.4358


@pytest.mark.parametrize(("name", "kind", "count"), [("trades", Kind.TRADES, 2001), ("quotes", Kind.QUOTES, 451)])
def test_recorded_tables_in_parquet_are_read(name: str, kind: Kind, count: int) -> None:
    feed = feed_of(shared_data(f"trades/binance-btcusdt-{name}.parquet"))
    assert (source_of(feed).kind, len(told(feed))) == (kind, count)
    assert [(each.instrument, each.tick) for each in feed.instruments()] == [("binance.BTC-USDT", "0.01")]


def test_funding_comes_after_the_marks_that_it_is_paid_at(tmp_path: Path) -> None:
    for name, column in (("BTCUSDT-f", "funding_rate"), ("BTCUSDT-m", "mark_price")):
        (tmp_path / f"{name}.csv").write_text(f"time,{column}\n{T},0.5\n")
    choices: list[Any] = feeds_for_files([str(tmp_path / "BTCUSDT-f.csv"), str(tmp_path / "BTCUSDT-m.csv")])
    assert [Path(config.file).stem for _, config in choices] == ["BTCUSDT-m", "BTCUSDT-f"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"time,price,size\n{T},abc,1\n", "expected a whole table of numbers.*abc"),
        (f"time,price,size\n{T},1,1\n{T - 1},1,1\n", "row 3 .*sort the rows by time"),
        (f"time,price,size\n{T},-1,1\n", "row 2 .*a price above 0"),
        (f"time,price,size\n{T},nan,1\n", "row 2: expected a finite price"),
        (f"time,price,size,side\n{T},1,1,up\n", "expected one of buy.*'up'"),
        ("time,price,size\n", "a header alone"),
        ("time,price,size\nsoon,1,1\n", "expected a time, found 'soon'"),
        (f"time,price,colour\n{T},1,red\n", "found 'time, price, colour'"),
        (f"time,mark_price,index_price\n{T},1,1\n", "holds marks, index: say which"),
        (f"time,symbol,price,size\n{T},BTCUSDT,1,1\n{T},ETHUSDT,1,1\n", "expected one symbol, found BTCUSDT, ETHUSDT"),
        (f"time,is_snapshot,side,price,size\n{T},false,bid,1,1\n", "expected a snapshot .told by is_snapshot., found"),
    ],
)
def test_a_table_that_cannot_be_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "BTCUSDT-x.csv").write_text(text)
    with pytest.raises(DataError, match=expected):
        chunks_of(feed_of(tmp_path / "BTCUSDT-x.csv"))


class Watched(io.BytesIO):
    """Knows which threads read it."""

    readers: ClassVar[set[int]] = set()

    def read(self, size: int | None = -1, /) -> bytes:
        self.readers.add(threading.get_ident())
        return super().read(size)


@pytest.mark.parametrize("block", [1, 40, 200, 1 << 20])
def test_blocks_are_read_by_the_thread_that_asks_and_their_errors_name_the_row_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    """A thread that reads ahead when the interpreter ends would abort it."""
    rows = [f"{T + place},{place + 1},1,{place + 2},1" for place in range(20)]
    text = "\n".join(["\ufefftimestamp,bid,bid_size,ask,ask_size", *rows])
    path = tmp_path / "BTC-USDT.csv"
    path.write_text(text)
    monkeypatch.setattr(arrow_tables, "BLOCK_BYTES", block)
    monkeypatch.setattr(arrow_tables, "open_packed", lambda path: Watched(Path(path).read_bytes()))
    Watched.readers.clear()
    assert [float(bid) for chunk in chunks_of(feed_of(path)) for bid in chunk.rows[0]] == list(range(1, 21))
    assert Watched.readers == {threading.get_ident()}
    path.write_text(text.replace(",12,1,13,", ",x,1,13,"))
    with pytest.raises(DataError, match=r"Row #13: .*'x'"):
        chunks_of(feed_of(path))


@pytest.mark.parametrize("twice", ["bid", "Bid", "timestamp", "time_stamp"])
def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, twice: str) -> None:
    text = f"timestamp,bid,bid_size,ask,ask_size,note,note,{twice}\n{T},1,1,2,1,x,y,3\n"
    path = tmp_path / "BTC-USDT.csv"
    path.write_text(text)
    first = "timestamp" if "t" in twice else "bid"
    with pytest.raises(DataError, match=rf"BTC-USDT\.csv: expected each column once, found '{first}' twice: rename"):
        chunks_of(feed_of(path))
    path.write_text(text.replace(f"note,note,{twice}", "note,note,Note"))
    assert len(chunks_of(feed_of(path))) == 1, "what is not read may be there as often as it likes"


@pytest.mark.parametrize("stamp", [2**63 - 1, 9.3e18, 99_999_999_999_999, "9223372036854775807.5", "2262-04-01"])
def test_a_time_beyond_2261_is_refused_whatever_its_unit(tmp_path: Path, stamp: object) -> None:
    path = tmp_path / "BTC-USDT.csv"
    path.write_text(f"timestamp,bid,bid_size,ask,ask_size\n{stamp},1,1,2,1\n")
    with pytest.raises(DataError, match=r"2262|2261"):
        chunks_of(feed_of(path))


def test_stamps_in_ns_that_were_written_as_floats_are_those_times(tmp_path: Path) -> None:
    path = tmp_path / "BTC-USDT.csv"
    path.write_text(f"timestamp,bid,bid_size,ask,ask_size\n{T}000000.0,1,1,2,1\n")
    assert [int(time) for chunk in chunks_of(feed_of(path)) for time in chunk.time] == [T * MS]


def test_which_of_several_kinds_is_meant_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "BTCUSDT-x.csv").write_text(f"time,mark_price,index_price\n{T},1,1\n")
    choice: Any = shape_of(("time", "mark_price", "index_price"), "a file", wanted="index")
    assert choice.columns == {"time": "time", "index": "index_price"}


def test_a_table_that_names_no_market_asks_for_one(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"time,price,size\n{T},1,1\n")
    with pytest.raises(DataError, match="--instrument"):
        feed_of(tmp_path / "x.csv").instruments()
    assert [each.instrument for each in feed_of(tmp_path / "x.csv", instrument="a.B-USD").instruments()] == ["a.B-USD"]


@pytest.mark.parametrize(
    ("name", "exchange", "expected"),
    [
        ("BTCUSDT", "binance", "x.BTC-USDT"), ("BTCUSDT", "binance-futures", "x.BTC-USDT_USDT"),
        ("btc-usdt", "", "x.BTC-USDT"), ("BTC/USDT:USDT", "", "x.BTC-USDT_USDT"),
        ("BTC-USDT-SWAP", "okx", "x.BTC-USDT_USDT"), ("BTC_USDT", "gate", "x.BTC-USDT"),
        ("hello", "", None), ("2024-01-01", "", None),
    ],
)  # fmt: skip
def test_a_market_is_known_by_the_names_of_vendors(name: str, exchange: str, expected: str | None) -> None:
    market = market_named(name, exchange)
    assert (market.instrument("x") if market else None) == expected


def test_bars_without_a_header_are_no_trades() -> None:
    assert headerless(["1704067200000", "1", "2", "1", "2", "9", "1704067259999", "1", "1", "1", "1", "0"]) is None


def test_several_symbols_are_not_taken_for_the_one_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"time,symbol,price,size\n{T},BTCUSDT,1,1\n{T + 1},ETHUSDT,1,1\n")
    with pytest.raises(DataError, match="expected one symbol, found BTCUSDT, ETHUSDT"):
        chunks_of(feed_of(tmp_path / "x.csv", instrument="binance.BTC-USDT"))


def test_single_precision_prices_are_the_decimals_that_they_stand_for(tmp_path: Path) -> None:
    columns = {"time": [T], "price": pyarrow.array([99.9], pyarrow.float32()), "size": [1.5]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "BTCUSDT-x.parquet")
    source = source_of(feed_of(tmp_path / "BTCUSDT-x.parquet"))
    ((price,),) = (chunk.rows[0].tolist() for chunk in source.chunks())
    assert (price, source.price_decimals) == (999, 1)


@pytest.mark.parametrize("name", ["BTC_USDT-1d.parquet", "BTCUSDT-x.parquet"])
def test_years_that_nanoseconds_cannot_tell_are_refused(tmp_path: Path, name: str) -> None:
    time = pyarrow.array([datetime.datetime(3000, 1, 1, tzinfo=datetime.UTC)], pyarrow.timestamp("us"))
    bars = {key: [1.0] for key in ("open", "high", "low", "close", "volume") if "1d" in name}
    parquet.write_table(pyarrow.table({"time": time, "price": [1.0], "size": [1.0], **bars}), tmp_path / name)
    with pytest.raises(DataError, match="expected times between 1678 and 2262"):
        chunks_of(feed_of(tmp_path / name))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ["inf", "-inf", "1e30", "1e400", "99999999999999999999"])
@pytest.mark.parametrize("column", ["bid_price", "bid_amount"])
def test_numbers_that_no_market_has_are_named_with_their_row(tmp_path: Path, text: str, column: str) -> None:
    rows = [["timestamp", "bid_price", "bid_amount", "ask_price", "ask_amount"]]
    rows += [[str(T + place), "50001.4", "3.354", "50001.6", "4.025"] for place in range(5)]
    rows[3][rows[0].index(column)] = text
    (tmp_path / "BTC-USDT.csv").write_text("".join(",".join(row) + "\n" for row in rows))
    expected = rf"BTC-USDT\.csv: row 4: expected a finite {column} of at most 15 digits, found {float(text)}"
    with pytest.raises(DataError, match=expected.replace("+", r"\+")):
        chunks_of(feed_of(tmp_path / "BTC-USDT.csv"))


def test_a_number_that_leaves_no_room_for_the_others_is_named_too(tmp_path: Path) -> None:
    rows = "".join(f"{T + place},{price},1,buy\n" for place, price in enumerate(("50001.25", "1e14")))
    (tmp_path / "BTC-USDT.csv").write_text("timestamp,price,size,side\n" + rows)
    with pytest.raises(DataError, match=r"price: .* found 50001\.25 in row 2 beside 100000000000000\.0 in row 3"):
        chunks_of(feed_of(tmp_path / "BTC-USDT.csv"))


def test_a_level_that_is_none_is_named_by_its_own_row(tmp_path: Path) -> None:
    rows = [f"{T},true,bid,{50000 - place},1\n" for place in range(40)] + [f"{T + 1},false,ask,50001,-2\n"]
    (tmp_path / "BTC-USDT.csv").write_text("timestamp,is_snapshot,side,price,amount\n" + "".join(rows))
    with pytest.raises(DataError, match=r"row 42 \(.*; found side -1, price 50001\.0, size -2\.0"):
        chunks_of(feed_of(tmp_path / "BTC-USDT.csv"))
