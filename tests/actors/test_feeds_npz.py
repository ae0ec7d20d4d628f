"""Arrays of ticks and lots: the four kinds, their steps, files of any length, and what is refused."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letrade.actors.feeds import npz
from letrade.actors.feeds.naming import described
from letrade.core.data.columns import Kind, LevelRows
from letrade.core.errors import DataError
from letrade.core.messages.market import Bar, BarOpen, BookDelta, BookSnapshot, Quote, Trade
from tests.actors.feed_parts import MINUTE, START, chunks_of, feed_of, quotes, source_of, told, written
from tests.data import shared_data

NAME = "binance.BTC-USDT_USDT"
LEVELS = {
    "ts": [START] * 3 + [START + 5] * 2,
    "ev": [0, 0, 0, 1, 1],
    "act": [1, 1, 1, 3, 2],
    "side": [1, 1, 2, 1, 2],
    "px": [10, 9, 12, 9, 12],
    "sz": [5, 6, 7, 0, 8],
    "last": [0, 0, 1, 0, 1],
}


def test_quotes_are_told_in_the_steps_of_the_file(tmp_path: Path) -> None:
    feed = feed_of(quotes(tmp_path / "quotes.npz"))
    messages = told(feed)
    assert [type(message) for message in messages] == [Quote] * 3
    assert messages[0] == Quote(
        time=START,
        source="feed",
        epoch=1,
        sequence=1,
        instrument=NAME,
        bid=1.0,
        bid_size=0.001,
        ask=1.2,
        ask_size=0.004,
    )
    assert [(each.instrument, each.tick, each.lot) for each in feed.instruments()] == [(NAME, "0.1", "0.001")]
    assert source_of(feed).rows_estimate == 3


def test_the_steps_of_the_desks_instrument_are_those_of_the_file(tmp_path: Path) -> None:
    feed = feed_of(quotes(tmp_path / "quotes.npz"), described("x.ETH-USDT", "0.5", "2"), instrument="x.ETH-USDT")
    assert feed.instruments() == ()
    (first, *_) = told(feed)
    assert isinstance(first, Quote)
    assert (first.instrument, first.bid, first.ask, first.bid_size) == ("x.ETH-USDT", 5.0, 6.0, 2.0)


def test_steps_can_be_said(tmp_path: Path) -> None:
    feed = feed_of(quotes(tmp_path / "quotes.npz"), tick="0.25", lot="1")
    (first, *_) = told(feed)
    assert isinstance(first, Quote)
    assert (first.bid, first.bid_size) == (2.5, 1.0)


def test_trades_have_a_side_and_no_id(tmp_path: Path) -> None:
    path = written(tmp_path / "trades.npz", ts=[START, START], px=[10, 11], sz=[1, 2], side=np.array([1, -1], np.int8))
    messages = [message for message in told(feed_of(path)) if isinstance(message, Trade)]
    assert [(each.price, each.size, each.side, each.trade_id) for each in messages] == [
        (1.0, 0.001, 1, ""), (1.1, 0.002, -1, ""),
    ]  # fmt: skip


def test_the_time_of_a_bar_is_its_end(tmp_path: Path) -> None:
    ends = [START + MINUTE, START + 2 * MINUTE, START + 5 * MINUTE]
    path = written(tmp_path / "bars.npz", ts=ends, o=[10] * 3, h=[12] * 3, l=[9] * 3, c=[11] * 3, v=[5] * 3)
    messages = told(feed_of(path))
    assert [(type(each), each.time, each.sequence) for each in messages[:4]] == [
        (BarOpen, START, 1), (Bar, ends[0], 2), (BarOpen, ends[0], 3), (Bar, ends[1], 4),
    ]  # fmt: skip
    last = messages[-1]
    assert isinstance(last, Bar)
    assert (last.start, last.end, last.close, last.volume) == (ends[2] - MINUTE, ends[2], 1.1, 0.005)


def test_levels_are_told_event_by_event_after_a_snapshot(tmp_path: Path) -> None:
    first, second = told(feed_of(written(tmp_path / "levels.npz", **LEVELS)))
    assert isinstance(first, BookSnapshot)
    assert isinstance(second, BookDelta)
    assert np.frombuffer(first.bids).tolist() == [1.0, 0.005, 0.9, 0.006]
    assert np.frombuffer(first.asks).tolist() == [1.2, 0.007]
    assert (np.frombuffer(second.bids).tolist(), np.frombuffer(second.asks).tolist()) == ([0.9, 0.0], [1.2, 0.008])
    assert (first.last_update, second.first_update, second.previous_update) == (1, 2, 1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 5), min_size=1, max_size=12), window=st.integers(2, 9))
def test_an_event_that_a_window_cuts_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: list[int], window: int
) -> None:
    rows = [(event, place == size - 1) for event, size in enumerate(sizes) for place in range(size)]
    count = len(rows)
    columns = {
        "ts": [START + event for event, _ in rows], "ev": [event for event, _ in rows], "act": [1] * count,
        "side": [1] * count, "px": list(range(1, count + 1)), "sz": [1] * count,
        "last": [int(last) for _, last in rows],
    }  # fmt: skip
    monkeypatch.setattr(npz, "CHUNK_ROWS", window)
    chunks = chunks_of(feed_of(written(tmp_path / "levels.npz", **columns)))
    events = [chunk.rows for chunk in chunks if isinstance(chunk.rows, LevelRows)]
    assert [size for event in events for size in np.diff(event.offset).tolist()] == sizes
    assert [price for event in events for price in event.price.tolist()] == list(range(1, count + 1))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"ts": [START, START - 1, START]}, "row 2"),
        ({"bid": [10, 99, 12]}, "a bid that is not above the ask"),
        ({"bid": [10, 11]}, "arrays of one length"),
        ({"bid": [1.5, 2.5, 3.5]}, "whole numbers in bid, found float64"),
    ],
)
def test_arrays_that_are_no_quotes_are_refused(tmp_path: Path, changed: dict[str, list[int]], expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        chunks_of(feed_of(quotes(tmp_path / "quotes.npz", **changed)))


@pytest.mark.parametrize(
    ("name", "row", "value", "expected"),
    [
        ("act", 4, 9, r"row 5: expected act 1 \(add\), 2 \(change\) or 3 \(delete\), found 9"),
        ("side", 1, 7, r"row 2: expected side 1 \(bid\) or 2 \(ask\), found 7"),
        ("ts", 4, START + 6, rf"row 5: expected the ts of row 4, whose event goes on \({START + 5}\)"),
        ("ev", 2, 1, r"row 3: expected the ev of row 2, whose event goes on \(0\), found 1"),
    ],
)
@pytest.mark.parametrize("window", [5, 65_536])
def test_levels_that_contradict_themselves_are_refused_by_their_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, row: int, value: int, expected: str, window: int
) -> None:
    monkeypatch.setattr(npz, "CHUNK_ROWS", window)
    column = [value if place == row else each for place, each in enumerate(LEVELS[name])]
    with pytest.raises(DataError, match=rf"levels\.npz: {expected}"):
        chunks_of(feed_of(written(tmp_path / "levels.npz", **{**LEVELS, name: column})))


@pytest.mark.parametrize("window", [3, 65_536])
@pytest.mark.parametrize("event", [0, -1])
def test_events_that_go_back_are_refused_by_their_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, event: int, window: int
) -> None:
    monkeypatch.setattr(npz, "CHUNK_ROWS", window)
    with pytest.raises(DataError, match=f"row 4: expected an ev above 0, found {event}"):
        chunks_of(feed_of(written(tmp_path / "levels.npz", **{**LEVELS, "ev": [0, 0, 0, event, event]})))


def test_a_level_without_a_price_is_named_by_its_row(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 5 \(.*\): expected .* a price above 0.*; found side -1, price 0\.0"):
        chunks_of(feed_of(written(tmp_path / "levels.npz", **{**LEVELS, "px": [10, 9, 12, 9, 0]})))


@pytest.mark.parametrize("window", [4, 65_536])
@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (4, r"row 5: the bar that ends at .* is in row 4 too"),
        (4.5, r"row 5 \(end .*\) begins before the bar of 1m of row 4 \(end .*\) ends"),
    ],
)
def test_bars_that_overlap_are_refused_by_both_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: float, expected: str, window: int
) -> None:
    monkeypatch.setattr(npz, "CHUNK_ROWS", window)
    ends = [START + int(place * MINUTE) for place in (1, 2, 3, 4, end, 5, 6, 7)]
    prices = {name: [value] * 8 for name, value in (("o", 10), ("h", 12), ("l", 9), ("c", 11), ("v", 5))}
    with pytest.raises(DataError, match=expected):
        chunks_of(feed_of(written(tmp_path / "bars.npz", ts=ends, **prices)))


def test_a_deleted_level_of_a_size_that_cannot_be_is_refused_by_its_row(tmp_path: Path) -> None:
    feed = feed_of(written(tmp_path / "l2.npz", **{**LEVELS, "sz": [5, 6, 7, -4, 8]}))
    with pytest.raises(DataError, match="row 4: expected sz of 0 or more, found -4"):
        told(feed)


@pytest.mark.parametrize("rows", [3, 300_000])
@pytest.mark.parametrize("column", ["bid", "asz"])
def test_arrays_that_are_damaged_where_they_lie_are_refused(tmp_path: Path, rows: int, column: str) -> None:
    """The damage leaves numbers that a market could have."""
    file, time = tmp_path / "quotes.npz", START + np.arange(rows, dtype=np.int64)
    columns = {name: np.full(rows, value, dtype=np.int64) for name, value in
               (("bid", 0x41424344), ("bsz", 7), ("ask", 0x61626364), ("asz", 0x51525354))}  # fmt: skip
    np.savez(file, ts=time, **columns)
    whole = chunks_of(feed_of(file))
    assert sum(len(chunk.time) for chunk in whole) == rows
    raw = bytearray(file.read_bytes())
    place = raw.rindex(int(columns[column][0]).to_bytes(8, "little"))
    raw[place] ^= 1
    file.write_bytes(raw)
    with pytest.raises(DataError, match="found it damaged"):
        chunks_of(feed_of(file))


@pytest.mark.parametrize("bit", range(8))
def test_a_header_that_is_damaged_is_refused_in_words(tmp_path: Path, bit: int) -> None:
    raw = quotes(tmp_path / "quotes.npz").read_bytes()
    start = raw.index(b"{'descr'")
    for place in range(start - 10, start + 64):
        damaged = bytearray(raw)
        damaged[place] ^= 1 << bit
        (tmp_path / "damaged.npz").write_bytes(damaged)
        with pytest.raises(DataError, match=r"damaged\.npz: expected ") as caught:
            chunks_of(feed_of(tmp_path / "damaged.npz"))
        assert " object at 0x" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("side", [1, 7], r"row 2: expected side 1 \(the buyer took\), -1 \(the seller\) or 0 \(not known\), found 7"),
        ("side", [2, 1], "row 1: expected side 1 .*, found 2"),
        ("sz", [1, 0], "row 2: expected sz above 0, found 0"),
        ("px", [1, 0], "row 2 .*: expected a price above 0"),
        ("ts", [START, 2**63 - 1], "row 2 .*: expected a time from 1970 to 2261"),
        ("ts", [-5, START], "row 1 .*: expected a time from 1970 to 2261"),
    ],
)
def test_trades_that_cannot_be_are_refused_by_their_row(
    tmp_path: Path, column: str, values: list[int], expected: str
) -> None:
    columns = {"ts": [START, START], "px": [10, 11], "sz": [1, 2], "side": [1, 0], column: values}
    with pytest.raises(DataError, match=rf"trades\.npz: {expected}"):
        told(feed_of(written(tmp_path / "trades.npz", **columns)))


def test_levels_that_do_not_begin_with_the_snapshot_are_refused(tmp_path: Path) -> None:
    rest = {name: values[3:] for name, values in LEVELS.items()}
    with pytest.raises(DataError, match=r"row 1: expected the snapshot that a book begins with \(ev 0\), found ev 1"):
        told(feed_of(written(tmp_path / "levels.npz", **rest)))


def test_levels_that_end_amid_an_event_are_refused(tmp_path: Path) -> None:
    cut = {name: values[:-1] for name, values in LEVELS.items()}
    with pytest.raises(DataError, match="found it cut off"):
        chunks_of(feed_of(written(tmp_path / "levels.npz", **cut)))


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = quotes(tmp_path / "quotes.npz")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="expected a whole"):
        chunks_of(feed_of(path))


def test_arrays_without_times_are_refused_with_what_would_do(tmp_path: Path) -> None:
    path = written(tmp_path / "book.npz", snap_tick=[1], snap_qty=[2], tick=[3], qty=[4])
    with pytest.raises(DataError, match=r"say no times \(ts\).*quotes: ts bid"):
        source_of(feed_of(path))


@pytest.mark.parametrize("name", ["l2_1m.npz", "orders_300k.npz"])
def test_the_recorded_commands_of_an_engine_are_no_market_data(name: str) -> None:
    with pytest.raises(DataError, match="say no times"):
        source_of(feed_of(shared_data(f"../bench/{name}")))


def test_a_kind_is_told_by_the_names_of_the_arrays(tmp_path: Path) -> None:
    assert source_of(feed_of(written(tmp_path / "levels.npz", **LEVELS))).kind == Kind.LEVELS
    assert source_of(feed_of(quotes(tmp_path / "quotes.npz"))).kind == Kind.QUOTES


def test_a_feed_tells_the_same_each_time(tmp_path: Path) -> None:
    path = quotes(tmp_path / "quotes.npz")
    assert told(feed_of(path)) == told(feed_of(path))


def generator() -> Any:
    """The script that writes such files, as a module."""
    path = shared_data("../bench/generate_market_data.py")
    spec = importlib.util.spec_from_file_location("generate_market_data", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [45, 7])
def test_the_levels_of_any_seed_end_in_the_book_that_the_file_states(tmp_path: Path, seed: int) -> None:
    arrays = generator().l2(n_target=20_000, seed=seed)
    books: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for chunk in chunks_of(feed_of(written(tmp_path / "levels.npz", **arrays))):
        assert isinstance(chunk.rows, LevelRows)
        for side, price, size in zip(*(column.tolist() for column in chunk.rows[5:]), strict=True):
            book = books[side < 0]
            if size:
                book[price] = size
            else:
                del book[price]
    bids, asks = books
    best = (max(bids), min(asks), bids[max(bids)], asks[min(asks)], len(bids), len(asks))
    assert best == tuple(int(arrays[name]) for name in ("chk_bid", "chk_ask", "chk_bsz", "chk_asz", "n_bid", "n_ask"))


def test_the_other_files_of_the_generator_are_read_to_the_end(tmp_path: Path) -> None:
    module = generator()
    made = module.quotes(n=70_000, seed=3)
    for name, arrays in (("q", made), ("t", module.trades(made, seed=4)), ("b", module.bars(n=70_000, seed=5))):
        feed = feed_of(written(tmp_path / f"{name}.npz", **arrays))
        assert sum(chunk.count for chunk in chunks_of(feed)) == source_of(feed).rows_estimate == 70_000


@pytest.mark.parametrize(("shape", "found"), [((0,), "none"), ((2, 2), "2 dimensions"), ((), "0 dimensions")])
def test_arrays_that_are_no_list_of_numbers_are_refused(tmp_path: Path, shape: tuple[int, ...], found: str) -> None:
    arrays = {name: np.ones(shape, dtype=np.int64) for name in ("ts", "px", "sz", "side")}
    with pytest.raises(DataError, match=f"expected a list of numbers in ts, found {found}"):
        chunks_of(feed_of(written(tmp_path / "trades.npz", **arrays)))


def test_compressed_arrays_and_arrays_of_other_types_tell_the_same(tmp_path: Path) -> None:
    plain: dict[str, Any] = {name: np.array(column) for name, column in LEVELS.items()}
    narrow: dict[str, Any] = {**{name: plain[name].astype(np.int16) for name in LEVELS}, "ts": plain["ts"]}
    big: dict[str, Any] = {name: column.astype(">i8") for name, column in plain.items()}
    np.savez(tmp_path / "plain.npz", **plain)
    np.savez_compressed(tmp_path / "small.npz", **plain)
    np.savez(tmp_path / "narrow.npz", **narrow)
    np.savez(tmp_path / "big.npz", **big)
    first, *others = (told(feed_of(tmp_path / f"{name}.npz")) for name in ("plain", "small", "narrow", "big"))
    assert len(first) == 2
    assert all(other == first for other in others)
