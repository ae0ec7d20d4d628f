"""Recorded Binance streams: what each line becomes, whose instrument it is, and what is refused with file and line."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import pytest

from letrade.core.errors import DataError
from letrade.core.messages.market import BookDelta, BookSnapshot, Quote, Trade
from tests.actors.captures import (
    START,
    capture,
    diff,
    linear_trade,
    snapshot,
    spot_trade,
    ticker,
    wrapped,
    written,
)
from tests.data import shared_data
from tests.stage import BTC

MS = 1_000_000


def pairs(packed: bytes) -> list[tuple[float, float]]:
    return list(struct.iter_unpack("<dd", packed))


def test_each_line_becomes_its_message_at_its_receive_time(tmp_path: Path) -> None:
    events = (
        diff(5, 7, [("100.10", "1.500"), ("100.00", "0.000")], []),
        ticker(8, ("100.10", "1.5"), ("100.20", "2")),
        spot_trade(42, "100.20", "0.010", maker=True),
        snapshot(6, [("100.10", "1.5")], [("100.20", "3")]),
    )
    delta, quote, trade, book = capture(written(tmp_path / "a.gz", *events)).messages()
    assert isinstance(delta, BookDelta)
    assert (delta.first_update, delta.last_update, delta.previous_update) == (5, 7, 0)
    assert (pairs(delta.bids), delta.asks) == ([(100.1, 1.5), (100.0, 0.0)], b"")
    assert delta.venue_time == 1_700_000_001_000 * MS
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size, quote.update_id) == (100.1, 1.5, 100.2, 2.0, 8)
    assert isinstance(trade, Trade)
    assert (trade.price, trade.size, trade.side, trade.trade_id) == (100.2, 0.01, -1, "42")
    assert isinstance(book, BookSnapshot)
    assert (book.last_update, pairs(book.asks)) == (6, [(100.2, 3.0)])
    assert [message.time for message in (delta, quote, trade, book)] == [START + k * MS for k in range(4)]
    assert [message.sequence for message in (delta, quote, trade, book)] == [1, 2, 3, 4]
    assert {message.source for message in (delta, quote, trade, book)} == {"recording"}


@pytest.mark.parametrize(
    ("event", "instrument"),
    [
        (diff(1, 2, [], []), "binance.BTC-USDT"),
        (diff(1, 2, [], [], pu=0), "binance.BTC-USDT_USDT"),
        (ticker(1, ("1", "1"), ("2", "1")), "binance.BTC-USDT"),
        (ticker(1, ("1", "1"), ("2", "1"), e="bookTicker", T=1, E=1), "binance.BTC-USDT_USDT"),
        (spot_trade(1, "1", "1", False), "binance.BTC-USDT"),
        (linear_trade(1, "1", "1"), "binance.BTC-USDT_USDT"),
        (spot_trade(1, "1", "1", False, symbol="SHIBFDUSD"), "binance.SHIB-FDUSD"),
        (spot_trade(1, "1", "1", False, symbol="1000CATBNB"), "binance.1000CAT-BNB"),
    ],
)
def test_the_first_event_of_any_stream_shows_the_instrument(tmp_path: Path, event: Any, instrument: str) -> None:
    (message,) = capture(written(tmp_path / "a.gz", event)).messages()
    assert getattr(message, "instrument", "") == instrument


def test_tick_and_lot_are_the_finest_decimals_of_the_whole_file(tmp_path: Path) -> None:
    events = (
        spot_trade(1, "0.50000000", "10.00000000", True, "DOGEUSDT"),
        diff(1, 2, [("0.50010000", "2.10000000")], [], "DOGEUSDT"),
        ticker(3, ("0.50", "7"), ("0.51230000", "8"), "DOGEUSDT"),
    )
    (rules,) = capture(written(tmp_path / "a.gz", *events)).instruments()
    assert (rules.instrument, rules.kind, rules.base, rules.quote) == ("binance.DOGE-USDT", "spot", "DOGE", "USDT")
    assert (rules.tick, rules.lot) == ("0.0001", "0.1")


def test_many_prices_that_share_a_larger_step_show_it(tmp_path: Path) -> None:
    prices = [(f"{100 + k * 0.05:.2f}", "1.000") for k in range(1_200)]
    (rules,) = capture(written(tmp_path / "a.gz", diff(1, 2, prices, []))).instruments()
    assert (rules.tick, rules.lot) == ("0.05", "1")


def test_unknown_currencies_ask_for_an_instrument(tmp_path: Path) -> None:
    feed = capture(written(tmp_path / "a.gz", spot_trade(1, "1", "1", False, symbol="FOOBAR")))
    with pytest.raises(DataError, match=r"a\.gz:1: .*'FOOBAR'.*\[\[instrument\]\]"):
        feed.instruments()


def test_a_configured_instrument_names_any_symbol(tmp_path: Path) -> None:
    path = written(tmp_path / "a.gz", spot_trade(1, "1.5", "1", False, symbol="FOOBAR"))
    feed = capture(path, instrument="binance.FOO-BAR")
    assert [rules.instrument for rules in feed.instruments()] == ["binance.FOO-BAR"]
    assert [getattr(message, "instrument", "") for message in feed.messages()] == ["binance.FOO-BAR"]


def test_an_instrument_that_the_desk_defines_is_used_and_not_inferred(tmp_path: Path) -> None:
    feed = capture(written(tmp_path / "a.gz", spot_trade(1, "1.5", "1", False)), known=(BTC,), venue="paper")
    assert feed.instruments() == ()
    assert [getattr(message, "instrument", "") for message in feed.messages()] == [BTC.instrument]


def test_a_recording_may_open_with_its_snapshot(tmp_path: Path) -> None:
    path = written(tmp_path / "a.gz", snapshot(4, [("1.5", "1")], []), diff(5, 6, [], []))
    found = list(capture(path).messages())
    assert [type(message) for message in found] == [BookSnapshot, BookDelta]
    assert {getattr(message, "instrument", "") for message in found} == {"binance.BTC-USDT"}


def test_a_snapshot_beside_two_symbols_is_refused(tmp_path: Path) -> None:
    events = (diff(1, 2, [], []), diff(1, 2, [], [], "ETHUSDT"), snapshot(3, [], []))
    with pytest.raises(DataError, match=r"a\.gz:3: a snapshot names no symbol"):
        list(capture(written(tmp_path / "a.gz", *events)).messages())


def test_two_symbols_without_a_snapshot_are_two_instruments(tmp_path: Path) -> None:
    events = (spot_trade(1, "1.5", "1", False), spot_trade(1, "2.25", "1", False, "ETHUSDT"))
    found = [(rules.instrument, rules.tick) for rules in capture(written(tmp_path / "a.gz", *events)).instruments()]
    assert found == [("binance.BTC-USDT", "0.1"), ("binance.ETH-USDT", "0.01")]


def test_an_empty_side_of_a_ticker_is_a_quote_with_size_0(tmp_path: Path) -> None:
    (message,) = capture(written(tmp_path / "a.gz", ticker(5, ("0.00", "0.000"), ("2", "1")))).messages()
    assert isinstance(message, Quote)
    assert (message.bid, message.bid_size, message.ask) == (0.0, 0.0, 2.0)


def test_aggregate_trades_are_trades(tmp_path: Path) -> None:
    event = wrapped("aggTrade", e="aggTrade", E=1, s="BTCUSDT", a=26129, p="0.01", q="2", f=1, l=2, T=1, m=False)
    (message,) = capture(written(tmp_path / "a.gz", event)).messages()
    assert isinstance(message, Trade)
    assert (message.trade_id, message.price, message.side) == ("26129", 0.01, 1)
    assert message.instrument == "binance.BTC-USDT_USDT"


def test_what_is_no_trade_of_the_book_and_unknown_streams_are_passed_over(tmp_path: Path) -> None:
    events = (linear_trade(1, "0", "0", "NA"), wrapped("kline", e="kline", s="BTCUSDT"), linear_trade(2, "7", "1"))
    (message,) = capture(written(tmp_path / "a.gz", *events)).messages()
    assert (getattr(message, "trade_id", ""), message.sequence) == ("2", 1)


def test_several_files_are_one_feed_whose_time_never_falls(tmp_path: Path) -> None:
    first = written(tmp_path / "a.gz", *[spot_trade(k, "1", "1", False) for k in range(3)])
    second = written(tmp_path / "b.gz", spot_trade(4, "1", "1", False), start=START + 1_000_000)
    times = [message.time for message in capture(first, second).messages()]
    assert times == [START, START + MS, START + 2 * MS, START + 2 * MS]


def test_files_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    early = written(tmp_path / "a.gz", spot_trade(1, "1", "1", False))
    late = written(tmp_path / "b.gz", spot_trade(2, "1", "1", False), start=START + 3_600_000_000_000)
    with pytest.raises(DataError, match=r"a\.gz:1: time runs back"):
        list(capture(late, early).messages())


def test_a_limit_ends_the_feed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.gz", *[spot_trade(k, "1", "1", False) for k in range(1, 9)])
    assert [message.sequence for message in capture(path, limit=3).messages()] == [1, 2, 3]


@pytest.mark.parametrize(
    "event",
    [
        spot_trade(1, "NaN", "1", False),
        spot_trade(1, "inf", "1", False),
        spot_trade(1, "-5", "1", False),
        spot_trade(1, "0", "1", False),
        spot_trade(1, "x", "1", False),
        ticker(1, ("nan", "1"), ("2", "1")),
        diff(1, 2, [("5", "-1")], []),
        diff(1, 2, [("5", "1"), ("NaN", "1"), ("4", "1")], []),
        diff(1, 2, [("1e300", "1")], []),
        {"stream": "x", "data": 5},
    ],
)
def test_a_number_that_is_no_price_is_refused_with_file_and_line(tmp_path: Path, event: Any) -> None:
    path = written(tmp_path / "a.gz", spot_trade(1, "1", "1", False), event)
    with pytest.raises(DataError, match=r"a\.gz:2: "):
        list(capture(path).messages())


@pytest.mark.parametrize("text", [b"no recording\n", b"12 {\n", b"12 []\n", b"x {}\n", b'12 {"e":"tra'])
def test_a_line_of_another_form_is_refused_with_file_and_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(b'1 {"e":"x"}\n' + text)
    with pytest.raises(DataError, match=r"a\.txt:2: expected '<receive ns> <json>'"):
        list(capture(str(tmp_path / "a.txt")).messages())


def test_a_cut_off_gzip_file_is_refused_with_file_and_line(tmp_path: Path) -> None:
    path = Path(written(tmp_path / "a.gz", *[spot_trade(k, "1", "1", False) for k in range(1, 400)]))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"a\.gz:\d+: the file is cut off or damaged"):
        list(capture(str(path)).messages())


def test_missing_and_empty_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(DataError, match=r"none\.gz: expected a recorded file, found none: No such file"):
        list(capture(str(tmp_path / "none.gz")).messages())
    with pytest.raises(DataError, match=r"empty\.gz: expected recorded lines, found an empty file"):
        list(capture(str(tmp_path / "empty.gz")).messages())


@pytest.mark.parametrize(
    ("file", "instrument", "tick", "count"),
    [
        ("spot_btcusdt_20240808.gz", "binance.BTC-USDT", "0.01", 41_249),
        ("usdm_btcusdt_20240808.gz", "binance.BTC-USDT_USDT", "0.1", 93_954),
    ],
)
def test_a_real_recording_gives_a_message_a_line(file: str, instrument: str, tick: str, count: int) -> None:
    feed = capture(str(shared_data(f"l2/binance/{file}")))
    (rules,) = feed.instruments()
    assert (rules.instrument, rules.tick) == (instrument, tick)
    times, last = [], 0
    for message in feed.messages():
        times.append(message.time)
        last = message.sequence
    assert (last, len(times)) == (count, count)
    assert times == sorted(times)
