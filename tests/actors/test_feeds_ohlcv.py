"""Recorded bars: files of many shapes, their instrument, their order in time, and the rows that are refused."""

from __future__ import annotations

import datetime
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from letrade.actors.feeds import table
from letrade.actors.feeds.ohlcv import OhlcvConfig, OhlcvFeed
from letrade.actors.feeds.stamps import stamp_ns
from letrade.core.actor import Context
from letrade.core.errors import ConfigurationError, DataError, ResourceError
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.market import Bar, BarOpen, Instrument
from tests.data import shared_data
from tests.stage import of_kind

HOUR = 3_600_000_000_000
START = 1_672_531_200_000_000_000  # 2023-01-01
HEADER = "date,open,high,low,close,volume\n"
ROWS = "2023-01-01 00:00:00,10.5,12,10,11,3\n2023-01-01 01:00:00,11.5,13,11,12.25,4\n"
NAME = "BTC_USDT-1h.csv"


def feed(path: Path, known: tuple[Instrument, ...] = (), **config: Any) -> OhlcvFeed:
    return OhlcvFeed("bars", OhlcvConfig(file=str(path), **config), Context("t", "uid", 1, Catalogue(known), None))


def written(folder: Path, text: str, name: str = NAME) -> Path:
    (folder / name).write_text(text)
    return folder / name


def messages(path: Path, **config: Any) -> list[Message]:
    return list(feed(path, **config).messages())


def test_each_row_is_told_at_its_open_and_whole_at_its_end(tmp_path: Path) -> None:
    first_open, first, second_open, second = messages(written(tmp_path, HEADER + ROWS))
    assert isinstance(first_open, BarOpen)
    assert (first_open.time, first_open.start, first_open.open) == (START, START, 10.5)
    assert isinstance(first, Bar)
    assert (first.time, first.start, first.end) == (START + HOUR, START, START + HOUR)
    assert (first.open, first.high, first.low, first.close, first.volume) == (10.5, 12.0, 10.0, 11.0, 3.0)
    assert isinstance(second_open, BarOpen)
    assert (second_open.time, second_open.open) == (first.time, 11.5), "the bar that ends comes before the next open"
    assert [message.sequence for message in (first_open, first, second_open, second)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "stamp",
    [
        "2023-01-01",
        "2023-01-01 00:00:00",
        "2023-01-01T00:00:00.000Z",
        "2023-01-01 02:00:00+02:00",
        "1672531200",
        "1672531200.0",
        "1672531200000",
        "1672531200000000",
        "1672531200000000000",
        1_672_531_200,
        1_672_531_200_000_000_000,
    ],
)
def test_stamps_of_any_usual_form_are_ns_utc(stamp: object) -> None:
    assert stamp_ns(stamp) == START


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,open,high,low,close,volume\n",
        ",Open,High,Low,Close,Volume\n",
        "Open Time,OPEN,high,low,close,volume\n",
        "open_time,open,high,low,close,volume,close_time,trades\n",
        "time,open,high,low,close,volume\n",
    ],
)
def test_columns_are_found_by_their_names_in_any_common_shape(tmp_path: Path, header: str) -> None:
    closes = [f",{(START + (place + 1) * HOUR) // 10**6 - 1},9" * header.count("trades") for place in range(2)]
    text = header + "".join(f"{row}{extra}\n" for row, extra in zip(ROWS.splitlines(), closes, strict=True))
    assert [bar.close for bar in of_kind(messages(written(tmp_path, text)), Bar)] == [11.0, 12.25]


def test_an_exchange_dump_without_a_header_is_read(tmp_path: Path) -> None:
    text = "1672531200000,10.5,12,10,11,3,1672534799999\n1672534800000,11.5,13,11,12.25,4,1672538399999\n"
    assert [bar.start for bar in of_kind(messages(written(tmp_path, text)), Bar)] == [START, START + HOUR]


KLINE = "1672531200000,10.5,12,10,11,3,{},33,5,1,11,0\n1672534800000,11.5,13,11,12.25,4,{},49,5,1,12,0\n"


@pytest.mark.parametrize(("unit", "last"), [(1, 1), (1, 0), (1000, 1)])
@pytest.mark.parametrize("quick", [False, True])
def test_the_close_times_of_a_dump_say_how_long_its_bars_are(
    tmp_path: Path, unit: int, last: int, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bars of a quarter of an hour, each hour: in ms, or in us as Binance has it since 2025."""
    monkeypatch.setattr(table, "LONG_BYTES", 0 if quick else 10**9)
    ends = [(place * 3600 + 900) * 1000 * unit + 1_672_531_200_000 * unit - last for place in range(2)]
    text = KLINE.format(*ends).replace("1672531200000,", f"{1_672_531_200_000 * unit},", 1)
    path = written(tmp_path, text.replace("1672534800000,", f"{1_672_534_800_000 * unit},"), "BTCUSDT.csv")
    bars = of_kind(messages(path, instrument="binance.BTC-USDT"), Bar)
    assert [(bar.start, bar.end) for bar in bars] == [
        (START + place * HOUR, START + place * HOUR + HOUR // 4) for place in range(2)
    ]


def test_a_close_time_that_is_not_that_of_the_bar_is_refused_by_its_row(tmp_path: Path) -> None:
    text = KLINE.format(1672534799999, 1672538000000)
    with pytest.raises(DataError, match=r"row 2 \(.*expected a close_time just before 2023-01-01T02:00.*bar of 1h"):
        messages(written(tmp_path, text, "BTCUSDT-1h.csv"))
    with pytest.raises(DataError, match=r"row 1 \(.*bar of 5m"):
        messages(written(tmp_path, KLINE.format(1672534799999, 1672538399999), "BTCUSDT-5m.csv"))


@pytest.mark.parametrize(
    ("name", "instrument", "kind"),
    [
        ("BTC_USDT_USDT-1h-futures.csv", "binance.BTC-USDT_USDT", "linear"),
        ("BTC_USDT-1h.csv", "binance.BTC-USDT", "spot"),
        ("ETHBTC-1h-2024-01.csv", "binance.ETH-BTC", "spot"),
        ("1000PEPE_USDC_USDC-1h-futures.csv", "binance.1000PEPE-USDC_USDC", "linear"),
    ],
)
def test_the_file_name_says_the_instrument(tmp_path: Path, name: str, instrument: str, kind: str) -> None:
    (rules,) = feed(written(tmp_path, HEADER + ROWS, name)).instruments()
    assert (rules.instrument, rules.kind, rules.tick) == (instrument, kind, "0.01")
    assert rules.lot == {"spot": "0.00001", "linear": "0.001"}[kind]


def test_a_name_that_says_nothing_asks_for_the_instrument(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + ROWS, "my_bars.csv")
    with pytest.raises(DataError, match=r"my_bars\.csv: .*`instrument`.*\[\[instrument\]\]"):
        feed(path).instruments()
    (rules,) = feed(path, instrument="paper.ETH-EUR", lot="0.5").instruments()
    assert (rules.instrument, rules.quote, rules.lot) == ("paper.ETH-EUR", "EUR", "0.5")
    assert {message.instrument for message in of_kind(messages(path, instrument="paper.ETH-EUR"), Bar)} == {
        "paper.ETH-EUR"
    }


def test_the_file_is_one_whether_it_is_given_alone_or_as_a_list(tmp_path: Path) -> None:
    path = str(written(tmp_path, HEADER + ROWS))
    assert OhlcvConfig(files=(path,)).path == OhlcvConfig(file=path).path == path
    for wrong in ({}, {"files": (path, path)}, {"file": path, "files": (path,)}):
        with pytest.raises(ConfigurationError, match="expected one file of bars"):
            OhlcvConfig(**wrong)


def test_inverse_contracts_and_files_of_rates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="settles in BTC"):
        feed(written(tmp_path, HEADER + ROWS, "BTC_USD_BTC-1h-futures.csv")).instruments()
    with pytest.raises(DataError, match="found a funding_rate file"):
        feed(written(tmp_path, HEADER + ROWS, "BTC_USDT_USDT-8h-funding_rate.csv")).instruments()


def test_the_duration_is_configured_or_named_or_the_shortest_step(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + ROWS, "BTCUSDT.csv")
    assert feed(path).bar_ns() == HOUR
    assert feed(path, bar=HOUR // 2).bar_ns() == HOUR // 2
    assert feed(written(tmp_path, HEADER + ROWS, "BTCUSDT-15m.csv")).bar_ns() == HOUR // 4


def test_only_bars_that_open_in_the_wanted_time_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + ROWS)
    assert [bar.start for bar in of_kind(messages(path, start=START + HOUR), Bar)] == [START + HOUR]
    assert [bar.start for bar in of_kind(messages(path, end=START + HOUR), Bar)] == [START]
    with pytest.raises(DataError, match="no bar opens in the wanted time; the file has 2023-01-01 to"):
        messages(path, start=START + 9 * HOUR)


def test_gaps_and_missing_volumes_are_counted_and_told_first(tmp_path: Path) -> None:
    text = HEADER + ROWS + "2023-01-01 05:00:00,10,10,10,10,\n"
    feed_of_three = feed(written(tmp_path, text))
    alert, *others = feed_of_three.messages()
    assert isinstance(alert, Alert)
    assert "1 gaps between rows, 1 rows without a volume" in alert.text
    assert (feed_of_three.gaps, feed_of_three.missing_volumes) == (1, 1)
    assert of_kind(others, Bar)[-1].volume == 0.0
    assert [message.sequence for message in others] == list(range(2, 8))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2023-01-01 01:00:00,10,10,10,10,1", "the row is there twice"),
        ("2023-01-01 00:00:00,10,10,10,10,1", "earlier than the one before"),
        ("2023-01-01 02:00:00,nan,10,10,10,1", "expected finite prices above 0"),
        ("2023-01-01 02:00:00,inf,inf,10,10,1", "expected finite prices above 0"),
        ("2023-01-01 02:00:00,-1,10,-1,10,1", "expected finite prices above 0"),
        ("2023-01-01 02:00:00,10,9,10,10,1", "expected low <= open, close <= high"),
        ("2023-01-01 02:00:00,10,12,11,12,1", "expected low <= open, close <= high"),
        ("2023-01-01 02:00:00,10,10,10,10,-1", "expected a finite volume of 0 to 1e15"),
        ("2023-01-01 01:30:00,10,10,10,10,1", r"opens before the bar of 1h of row 3 .* ends"),
        ("2023-01-01 02:00:00,ten,10,10,10,1", "expected a number, found 'ten'"),
        ("yesterday,10,10,10,10,1", "expected a time, found 'yesterday'"),
        ("2023-01-01 02:00:00,10,10", "expected 6 columns, found 3"),
        ("2023-01-01 02:00:00,10,10,10,10,1,7", "expected 6 columns, found 7: '2023-01-01 02:00:00,10,10,10,10,1,7'"),
        ("2023-01-01 02:00:00,10,10,10,10,1_000", "expected a number, found '1_000'"),
        ("2023-01-01 02:00:00,10,10,10,10,\u0661", "expected a number, found '\u0661'"),
        ("nan,10,10,10,10,1", "expected a time, found 'nan'"),
        ("inf,10,10,10,10,1", "expected a time, found 'inf'"),
        ("1_672_538_400,10,10,10,10,1", "expected a time, found '1_672_538_400'"),
    ],
)
def test_a_row_that_is_no_bar_is_refused_by_its_number(tmp_path: Path, row: str, why: str) -> None:
    with pytest.raises(DataError, match=rf"{NAME}: row 4\b.*{why}"):
        messages(written(tmp_path, HEADER + ROWS + row + "\n"))


def minutes(*places: float, name: str = "BTCUSDT.csv", folder: Path) -> Path:
    """Bars that open so many minutes after the start."""
    stamps = [START // 10**6 + int(place * 60_000) for place in places]
    return written(folder, HEADER + "".join(f"{stamp},10,10,10,10,1\n" for stamp in stamps), name)


def test_bars_that_overlap_are_refused_by_both_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"row 6 .*opens before the bar of 1m of row 5 \(2023-01-01T00:03:00Z?\) ends"):
        messages(minutes(0, 1, 2, 3, 3.5, 4, 5, 6, folder=tmp_path))
    half = messages(minutes(0, 1, 2, 3, 3.5, 4, 5, 6, folder=tmp_path), bar=HOUR // 120)
    assert len(of_kind(half, Bar)) == 8, "who says that they are shorter is believed"


def test_gaps_and_months_do_not_overlap(tmp_path: Path) -> None:
    assert feed(minutes(0, 3, 4, 9, 10, folder=tmp_path)).bar_ns() == HOUR // 60
    days = [sum((31, 28, 31, 30, 31, 30, 31, 31)[:month]) for month in range(9)]
    assert feed(minutes(*(day * 1440 for day in days), folder=tmp_path)).bar_ns() == 28 * 24 * HOUR


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found none: No such file"):
        messages(tmp_path / NAME)
    for text, why in (("", "an empty file"), (HEADER, "a header alone"), ("a,b\n1,2\n", "expected the column")):
        with pytest.raises(DataError, match=why):
            messages(written(tmp_path, text))
    doubled = HEADER.replace("volume", "volume,close") + "2023-01-01,1,1,1,1,1,2\n"
    with pytest.raises(DataError, match="expected each column once, found 'close' twice"):
        messages(written(tmp_path, doubled))
    (tmp_path / "BTC_USDT-1h.feather").write_bytes(b"ARROW1 and then nothing of the kind")
    with pytest.raises(DataError, match="expected a feather file"):
        messages(tmp_path / "BTC_USDT-1h.feather")


def test_feather_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "BTC_USDT-1h.feather").write_bytes(b"ARROW1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ResourceError, match=r"pip install letrade\[data\]"):
        messages(tmp_path / "BTC_USDT-1h.feather")


@pytest.mark.parametrize("digits", ["1.234567890123456", "0.12345678901234"])
def test_prices_with_more_digits_than_a_venue_has_are_refused(tmp_path: Path, digits: str) -> None:
    row = f"2023-01-01,{digits},{digits},{digits},{digits},1\n"
    with pytest.raises(DataError, match="more than 15 significant digits"):
        feed(written(tmp_path, HEADER + row)).instruments()


@pytest.mark.parametrize(
    ("file", "instrument", "tick", "bars", "gaps"),
    [
        ("binance-usdm-2023-2024/BTC_USDT_USDT-1h-futures.feather", "binance.BTC-USDT_USDT", "0.1", 11_991, 0),
        ("binance-spot/BTC_USDT-1h.feather", "binance.BTC-USDT", "0.01", 44_283, 3),
        ("binance-usdm-2024-2025-WIF/WIF_USDT_USDT-1h-futures.feather", "binance.WIF-USDT_USDT", "0.0001", 3_418, 0),
    ],
)
def test_real_files_are_read_whole(file: str, instrument: str, tick: str, bars: int, gaps: int) -> None:
    real = feed(shared_data(f"ohlcv/{file}"))
    (rules,) = real.instruments()
    assert (rules.instrument, rules.tick) == (instrument, tick)
    found = list(real.messages())
    assert (len(of_kind(found, Bar)), real.gaps) == (bars, gaps)
    assert [message.time for message in found] == sorted(message.time for message in found)


def test_days_are_told_as_dates_too(tmp_path: Path) -> None:
    prices = dict(zip(("open", "high", "low", "close", "volume"), [[1.0, 1.0]] * 5, strict=True))
    days = {"date": [datetime.date(2023, 1, 1), datetime.date(2023, 1, 2)]}
    parquet.write_table(pyarrow.table(days | prices), tmp_path / "BTC_USDT-1d.parquet")
    opens = of_kind(messages(tmp_path / "BTC_USDT-1d.parquet"), BarOpen)
    assert [each.start for each in opens] == [START, START + 24 * HOUR]


def test_a_bar_without_a_time_is_refused(tmp_path: Path) -> None:
    prices = dict(zip(("open", "high", "low", "close", "volume"), [[1.0, 1.0]] * 5, strict=True))
    stamps = {
        "date": pyarrow.array([None, datetime.datetime(2023, 1, 2, tzinfo=datetime.UTC)], pyarrow.timestamp("ms"))
    }
    parquet.write_table(pyarrow.table(stamps | prices), tmp_path / "BTC_USDT-1d.parquet")
    with pytest.raises(DataError, match="expected a time in each row, found 1 without one"):
        messages(tmp_path / "BTC_USDT-1d.parquet")


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROWS,
        "\ufeff" + HEADER.replace(",", ",extra,", 1) + ROWS.replace(",", ",x,", 1).replace("01:00:00,", "01:00:00,y,"),
        "1672531200000,10.5,12,10,11,3,1672534799999\n1672534800000,11.5,13,11,12.25,4,1672538399999\n",
        HEADER.upper() + ROWS.replace(" 00:00:00", "T00:00:00Z").replace(" 01:00:00", "T01:00:00Z"),
        HEADER + ROWS.replace("3\n", "\n"),
        HEADER + "1672531200.0,10.5,12,10,11,3\r\n1672534800.0,11.5,13,11,12.25,4\r\n",
    ],
)
def test_long_files_are_read_as_short_ones_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = str(written(tmp_path, text))
    short = table.read_table(path)
    monkeypatch.setattr(table, "LONG_BYTES", 0)
    monkeypatch.setattr(table, "_read_any_csv", None)
    long = table.read_table(path)
    assert (long.path, long.first_row) == (short.path, short.first_row)
    for one, other in zip(short[1:7], long[1:7], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_long_file_that_cannot_be_is_refused_by_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "LONG_BYTES", 0)
    with pytest.raises(DataError, match="row 3: expected a number, found 'x'"):
        messages(written(tmp_path, HEADER + ROWS.replace("12.25", "x")))
