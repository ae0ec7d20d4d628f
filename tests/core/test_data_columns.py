"""Columns: rows that are refused with their place, parts of chunks, units and the decimals that numbers need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.core.data.columns import Chunk, Columns, Kind, split
from letrade.core.data.rows import joined, months, take
from letrade.core.data.units import decimals_needed, rescaled, to_units
from letrade.core.errors import DataError
from tests.core.data_parts import NAMES, array, chunk, chunks, equal, levels, source


def refused(found: Chunk) -> str:
    with pytest.raises(DataError) as told:
        list(source([found]).chunks())
    return str(told.value)


def test_times_that_fall_are_refused_with_their_row() -> None:
    text = refused(chunk(Kind.QUOTES, [5, 4], bid=[1, 1], bid_size=[1, 1], ask=[2, 2], ask_size=[1, 1]))
    assert "a file: row 2 (" in text
    assert "sort the rows by time" in text


def test_times_that_fall_between_chunks_are_refused() -> None:
    first = chunk(Kind.MARKS, [5], value=[1.0])
    later = chunk(Kind.MARKS, [4], first=2, value=[1.0])
    with pytest.raises(DataError, match="row 2"):
        list(source([first, later]).chunks())


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ((3, 1, 2, 1), "a bid that is not above the ask"),
        ((-1, 1, 2, 1), "prices and sizes of 0 or more"),
        ((0, 1, 2, 1), "a price where there is a size"),
        ((1, 1, 10**16, 1), "at most 15 digits"),
    ],
)
def test_a_quote_that_cannot_be_is_refused(quote: tuple[int, ...], expected: str) -> None:
    bid, bid_size, ask, ask_size = quote
    found = chunk(Kind.QUOTES, [7], bid=[bid], bid_size=[bid_size], ask=[ask], ask_size=[ask_size])
    assert expected in refused(found)


def test_an_empty_side_and_a_locked_market_are_no_faults() -> None:
    found = chunk(Kind.QUOTES, [7, 8], bid=[0, 5], bid_size=[0, 1], ask=[2, 5], ask_size=[1, 1])
    assert equal(next(source([found]).chunks()), found)


@pytest.mark.parametrize(
    ("kind", "columns", "expected"),
    [
        (Kind.TRADES, {"price": [0], "size": [1], "side": [1], "trade_id": [0]}, "a price above 0"),
        (Kind.MARKS, {"value": [float("nan")]}, "a finite price above 0"),
        (Kind.MARKS, {"value": [float("inf")]}, "a finite price above 0"),
        (Kind.FUNDING, {"value": [2.0], "due": [7]}, "a funding rate from -1 to 1"),
        (
            Kind.BARS,
            {"start": [1], "open": [5], "high": [4], "low": [3], "close": [4], "volume": [1]},
            "low <= open, close <= high",
        ),
        (
            Kind.BARS,
            {"start": [7], "open": [5], "high": [5], "low": [5], "close": [5], "volume": [1]},
            "a start before the end",
        ),
    ],
)
def test_a_row_that_cannot_be_is_refused(kind: Kind, columns: dict[str, Any], expected: str) -> None:
    assert expected in refused(chunk(kind, [7], **columns))


def test_a_bad_level_makes_its_event_bad_and_is_named() -> None:
    found = levels([1, 2, 3], [[(1, 5, 1)], [(1, 5, 1), (2, 5, 1)], []])
    assert "row 3" in refused(found)
    assert "found side 2, price 0.05, size 0.001" in refused(found)


@given(st.data())
def test_parts_of_a_chunk_make_the_chunk_again(data: st.DataObject) -> None:
    whole = data.draw(chunks())
    cut = data.draw(st.integers(0, whole.count))
    assert equal(joined([split(whole, 0, cut), split(whole, cut, whole.count)]), whole)


@given(st.data())
def test_rows_are_picked_by_place(data: st.DataObject) -> None:
    whole = data.draw(chunks())
    places = data.draw(st.lists(st.integers(0, whole.count - 1), max_size=6))
    picked = take(whole, array(places))
    one_by_one = [split(whole, place, place + 1) for place in places]
    assert picked.count == len(places)
    if places:
        assert equal(picked, joined(one_by_one))


def test_a_bar_belongs_to_the_month_in_which_it_starts() -> None:
    last, first = (int(np.datetime64(text, "ns").astype(np.int64)) for text in ("2024-01-31T23", "2024-02-01T00"))
    hour = 3_600 * 10**9
    columns: dict[str, Any] = {name: [1, 1] for name in ("open", "high", "low", "close", "volume")}
    bars = chunk(Kind.BARS, [last + hour, first + hour], start=[last, first], **columns)
    assert [name for name, _ in months(bars)] == ["2024-01", "2024-02"]


@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20), st.integers(0, 6))
def test_decimals_come_back_from_their_doubles(units: list[int], decimals: int) -> None:
    values = array(units) / 10.0**decimals
    needed = decimals_needed(values, "here")
    assert needed <= decimals
    assert to_units(values, decimals, "here").tolist() == units
    assert rescaled(to_units(values, needed, "here"), needed, decimals).tolist() == units


def test_noise_in_the_last_bits_is_no_decimal() -> None:
    values = np.array([0.00031099999999999997, 0.1 + 0.2])
    assert decimals_needed(values, "here") == 6
    assert to_units(values, 6, "here").tolist() == [311, 300_000]


def test_numbers_of_too_many_digits_are_refused() -> None:
    with pytest.raises(DataError, match="15 significant digits"):
        decimals_needed(np.array([1234567.123456789012]), "here")
    with pytest.raises(DataError, match="finite"):
        to_units(np.array([1.0, float("nan")]), 2, "here")


def test_a_source_is_read_again_from_the_start() -> None:
    def read() -> Iterator[Chunk]:
        yield chunk(Kind.MARKS, [1, 2], value=[1.0, 2.0])

    twice = Columns(where="here", kind=Kind.MARKS, instrument=NAMES[0], read=read)
    assert [each.count for each in twice.chunks()] == [each.count for each in twice.chunks()] == [2]
