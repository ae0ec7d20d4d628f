"""The catalogue: what goes in comes out, what comes twice is kept once, and damage is seen."""

from __future__ import annotations

import collections
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from letrade.core.data.catalogue import DataCatalogue
from letrade.core.data.columns import Chunk, Kind, split
from letrade.core.data.coverage import Coverage
from letrade.core.data.messages import Teller
from letrade.core.data.parquet import read_meta
from letrade.core.data.series import Reference, Series, chosen, parse_reference
from letrade.core.errors import DataError, ResourceError, UsageError
from letrade.core.messages.market import BarOpen, Instrument
from tests.core.data_parts import DAY, NAMES, START, chunk, chunks, levels, rows_told, source

ONCE = (Kind.BARS, Kind.MARKS, Kind.INDEX, Kind.FUNDING)
SOME = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def series_of(found: Chunk) -> Series:
    return Series(found.kind, found.instrument, "1d" if found.kind == Kind.BARS else "")


def fresh(folder: Path) -> DataCatalogue:
    shutil.rmtree(folder, ignore_errors=True)
    return DataCatalogue(folder)


def stored(catalogue: DataCatalogue, series: Series, **span: Any) -> list[tuple[Any, ...]]:
    return rows_told(list(catalogue.columns(series, **span).chunks()))


def united(old: Sequence[tuple[Any, ...]], new: Sequence[tuple[Any, ...]], kind: Kind) -> list[tuple[Any, ...]]:
    """The slow twin of the merge: of what can be there once the last word, of all else the more frequent; of trades
    with an id the first."""
    if kind in ONCE:
        keys = {Kind.BARS: (2,), Kind.FUNDING: (0, 3)}.get(kind, (0,))
        return sorted({tuple(row[key] for key in keys): row for row in (*old, *new)}.values())
    named = {(row[0], row[5]): row for row in (*new[::-1], *old[::-1]) if kind == Kind.TRADES and row[5]}
    before, after = (
        collections.Counter(row for row in rows if kind != Kind.TRADES or not row[5]) for rows in (old, new)
    )
    return sorted([*named.values(), *(before | after).elements()])


@SOME
@given(found=chunks(), cut=st.integers(1, 11))
def test_what_goes_in_comes_out(tmp_path: Path, found: Chunk, cut: int) -> None:
    catalogue, cut = fresh(tmp_path / "data"), min(cut, found.count)
    added = catalogue.add(series_of(found), source([split(found, 0, cut), split(found, cut, found.count)]), "test")
    whole = rows_told([found])
    expected = united([], whole, found.kind) if found.kind in (*ONCE, Kind.TRADES) else sorted(whole)
    assert sorted(stored(catalogue, series_of(found))) == expected
    assert (added.rows, added.stored) == (found.count, len(expected))
    assert catalogue.series() == [series_of(found)]
    assert catalogue.summary(series_of(found)).rows == len(expected)


@SOME
@given(data=st.data())
def test_two_imports_are_merged_as_the_slow_twin_merges_them(tmp_path: Path, data: st.DataObject) -> None:
    one = data.draw(chunks())
    other = data.draw(chunks([one.kind]))
    catalogue, series = fresh(tmp_path / "data"), series_of(one)
    catalogue.add(series, source([one]), "one")
    first = stored(catalogue, series)
    added = catalogue.add(series, source([other]), "other")
    expected = united(first, rows_told([other]), one.kind)
    assert sorted(stored(catalogue, series)) == expected
    assert added.rows - added.duplicates - added.replaced == len(expected) - len(first)


@SOME
@given(data=st.data())
def test_what_is_imported_twice_is_there_once(tmp_path: Path, data: st.DataObject) -> None:
    found = data.draw(chunks())
    catalogue, series = fresh(tmp_path / "data"), series_of(found)
    catalogue.add(series, source([found]), "one")
    before = stored(catalogue, series)
    added = catalogue.add(series, source([found]), "again")
    assert (added.duplicates, added.replaced, stored(catalogue, series)) == (found.count, 0, before)


def test_finer_data_makes_the_months_finer(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.TRADES, NAMES[0])
    trades = [chunk(Kind.TRADES, [START + t], price=[15], size=[2], side=[1], trade_id=[t]) for t in (1, 2)]
    catalogue.add(series, source(trades[:1], price_decimals=1), "coarse")
    catalogue.add(series, source(trades[1:], price_decimals=3), "fine")
    columns = catalogue.columns(series)
    assert columns.price_decimals == 3
    assert [each.rows.price.tolist() for each in columns.chunks()] == [[1500, 15]]  # type: ignore[union-attr]


def test_a_span_is_read_alone_and_bars_by_their_start(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.BARS, NAMES[0], "1d")
    starts = [START + day * DAY for day in range(90)]
    price: dict[str, Any] = {name: [5] * 90 for name in ("open", "high", "low", "close", "volume")}
    catalogue.add(series, source([chunk(Kind.BARS, [each + DAY for each in starts], start=starts, **price)]), "test")
    assert [row[2] for row in stored(catalogue, series, start=starts[30], end=starts[60])] == starts[30:60]
    assert catalogue.summary(series).months == ("2024-01", "2024-02", "2024-03")


def test_bars_are_told_at_their_start_and_their_end_over_all_months(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.BARS, NAMES[0], "1d")
    starts = [START + day * DAY for day in range(60)]
    price: dict[str, Any] = {name: [5] * 60 for name in ("open", "high", "low", "close", "volume")}
    catalogue.add(series, source([chunk(Kind.BARS, [each + DAY for each in starts], start=starts, **price)]), "test")
    told = list(Teller(catalogue.columns(series), "feed").messages())
    assert [message.sequence for message in told] == list(range(1, 121))
    assert [message.time for message in told if isinstance(message, BarOpen)] == starts


def test_a_venue_time_is_kept_and_one_that_says_nothing_new_is_not(tmp_path: Path) -> None:
    catalogue = DataCatalogue(tmp_path)
    marks = chunk(Kind.MARKS, [START, START + 5], value=[1.0, 2.0])
    for kind, stamps in ((Kind.MARKS, None), (Kind.INDEX, marks.time - 3)):
        found = msgspec.structs.replace(marks, kind=kind, venue_time=stamps)
        catalogue.add(Series(kind, NAMES[0]), source([found]), "test")
        (back,) = catalogue.columns(Series(kind, NAMES[0])).chunks()
        assert (back.venue_time is None) == (stamps is None)
        assert stamps is None or rows_told([back]) == rows_told([found])


def test_row_groups_stay_small_and_events_whole(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.LEVELS, NAMES[0])
    many = 70_000
    found = levels([START + event for event in range(many)], [[(1, 5, 1), (-1, 6, 1)]] * many)
    catalogue.add(series, source([found]), "test")
    counts = [each.count for each in catalogue.columns(series).chunks()]
    assert max(counts) <= 65_536
    assert sum(counts) == many


def test_damage_is_told_with_the_file(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.MARKS, NAMES[0])
    catalogue.add(series, source([chunk(Kind.MARKS, [START], value=[1.0])]), "test")
    (path,) = catalogue.files(series)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"2024-01\.parquet: expected a file of the catalogue"):
        read_meta(path)


def test_an_import_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.MARKS, NAMES[0])
    catalogue.add(series, source([chunk(Kind.MARKS, [START], value=[1.0])]), "test")
    bad = [chunk(Kind.MARKS, [START + 1], value=[2.0]), chunk(Kind.MARKS, [START + 2], first=2, value=[-1.0])]
    with pytest.raises(DataError, match="row 2"):
        catalogue.add(series, source(bad), "bad")
    assert len(stored(catalogue, series)) == 1
    assert [path.name for path in series.folder(tmp_path).glob("*.parquet*")] == ["2024-01.parquet"]


def test_one_process_writes_a_series_at_a_time(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.MARKS, NAMES[0])
    marks = source([chunk(Kind.MARKS, [START], value=[1.0])])
    with catalogue.writing(series), pytest.raises(ResourceError, match="another process"):
        catalogue.add(series, marks, "test")
    assert catalogue.add(series, marks, "test").rows == 1


def test_the_rules_that_a_venue_told_are_kept(tmp_path: Path) -> None:
    catalogue = DataCatalogue(tmp_path)
    rules = Instrument(
        instrument=NAMES[0], kind="spot", base="BTC", quote="USDT", settle="USDT", tick="0.01", lot="0.00001"
    )
    assert catalogue.instrument(NAMES[0]) is None
    catalogue.keep_instrument(rules)
    assert catalogue.instrument(NAMES[0]) == rules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("binance.BTC-USDT", Reference("binance.BTC-USDT")),
        ("catalogue:binance.BTC-USDT/1h", Reference("binance.BTC-USDT", Kind.BARS, "1h")),
        ("binance.BTC-USDT/bars/60m", Reference("binance.BTC-USDT", Kind.BARS, "1h")),
        ("binance.BTC-USDT/1w", Reference("binance.BTC-USDT", Kind.BARS, "7d")),
        ("binance.BTC-USDT/trades@2024-01-01..", Reference("binance.BTC-USDT", Kind.TRADES, None, START)),
        ("a.B-C/quotes@..2024-01-02", Reference("a.B-C", Kind.QUOTES, None, None, START + DAY)),
    ],
)
def test_a_series_is_named_in_one_word(text: str, expected: Reference) -> None:
    assert parse_reference(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "binance", "binance.BTC-USDT/often", "a.B-C/1h/2h", "a.B-C@soon", "a.B-C@2024-02-01..2024-01-01", "../x/1h"],
)
def test_what_names_no_series_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        parse_reference(text)


def test_the_series_that_is_meant_must_be_one(tmp_path: Path) -> None:
    known = [Series(Kind.BARS, NAMES[0], "1h"), Series(Kind.BARS, NAMES[0], "1d"), Series(Kind.TRADES, NAMES[0])]
    assert chosen(known, parse_reference(f"{NAMES[0]}/1d")) == known[1]
    assert chosen(known, parse_reference(f"{NAMES[0]}/trades")) == known[2]
    with pytest.raises(DataError, match="several"):
        chosen(known, parse_reference(NAMES[0]))
    with pytest.raises(DataError, match=r"it has binance\.BTC-USDT/bars/1h"):
        chosen(known, parse_reference(f"{NAMES[0]}/5m"))


def test_spans_that_were_downloaded_are_not_missing(tmp_path: Path) -> None:
    series = Series(Kind.MARKS, NAMES[0])
    coverage = Coverage(DataCatalogue(tmp_path), series)
    assert coverage.missing(0, 100) == [(0, 100)]
    coverage.keep(None, (20, 40), "test")
    coverage.keep(source([chunk(Kind.MARKS, [START], value=[1.0])]), (40, 50), "test")
    coverage.keep(None, (70, 80), "test")
    again = Coverage(DataCatalogue(tmp_path), series)
    assert again.spans == [(20, 50), (70, 80)]
    assert again.missing(0, 100) == [(0, 20), (50, 70), (80, 100)]
    assert again.missing(25, 45) == []
    assert [added.rows for added in again.settle("test")] == [1]
    assert again.waiting() == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    catalogue, series = DataCatalogue(tmp_path / "data"), Series(Kind.MARKS, NAMES[0])
    with pytest.raises(ResourceError, match="cannot be written"):
        catalogue.add(series, source([chunk(Kind.MARKS, [START], value=[1.0])]), "test")
    with pytest.raises(ResourceError, match="cannot be read"):
        Coverage(DataCatalogue(tmp_path / "data"), series)


def test_what_a_killed_import_left_is_taken_away_by_the_next(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.MARKS, NAMES[0])
    left = series.folder(tmp_path) / ".2024-01.parquet.4711"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    catalogue.add(series, source([chunk(Kind.MARKS, [START], value=[1.0])]), "test")
    assert not left.exists()


def test_an_origin_of_strange_bytes_is_kept_in_letters(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path), Series(Kind.MARKS, NAMES[0])
    catalogue.add(series, source([chunk(Kind.MARKS, [START], value=[1.0])]), "a-\udcff.csv")
    assert catalogue.summary(series).sources == ("a-\\udcff.csv",)


def test_folders_may_be_links_and_other_files_are_left_alone(tmp_path: Path) -> None:
    catalogue, series = DataCatalogue(tmp_path / "data"), Series(Kind.MARKS, NAMES[0])
    catalogue.add(series, source([chunk(Kind.MARKS, [START], value=[1.0])]), "test")
    (tmp_path / "data" / "marks" / "binance").rename(tmp_path / "elsewhere")
    (tmp_path / "data" / "marks" / "binance").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / "marks" / "2024.parquet").write_text("of somebody else")
    assert catalogue.series() == [series]
