"""Leverage tiers from files of every form: what is read, which one holds on a day, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from letrade.core.config.values import parse_instant
from letrade.core.errors import DataError
from letrade.core.margin.tier_files import newest_before, read_tier_file, read_tier_files
from letrade.core.margin.tiers import ReadyTiers
from letrade.margin.builtin_tiers import PUBLISHED
from tests.data import shared_data
from tests.margin.programs import BTC, margin, refused

SYMBOL = "BTC/USDT:USDT"
ROWS = [
    {"minNotional": 0, "maxNotional": 50000.0, "maintenanceMarginRate": 0.004, "maxLeverage": 125.0},
    {"minNotional": 50000.0, "maxNotional": 600000.0, "maintenanceMarginRate": 0.005, "maxLeverage": 100.0},
]


def ready(path: Path) -> ReadyTiers:
    return read_tier_file(path).table(SYMBOL).ready("cumulative", "lower")


def written(path: Path, tree: Any) -> Path:
    path.write_text(json.dumps(tree))
    return path


def test_every_form_gives_the_same_table(tmp_path: Path) -> None:
    plain = written(tmp_path / "a.json", {SYMBOL: ROWS})
    told = written(
        tmp_path / "b.json",
        [
            {**row, "symbol": SYMBOL, "tier": 1, "currency": "USDT", "info": {"cum": cum}}
            for row, cum in zip(ROWS, ("0.0", "50.0"), strict=True)
        ],
    )
    ours = written(tmp_path / "c.json", {"date": "2024-05-01", "venue": "binance", "tiers": {SYMBOL: ROWS}})
    table = tmp_path / "d.csv"
    table.write_text(
        f"symbol,floor,cap,rate,max_leverage\n{SYMBOL},0,50000,0.004,125\n{SYMBOL},50000,600000,0.005,100\n"
    )
    words = tmp_path / "e.toml"
    row = '[[tier]]\nsymbol = "{}"\nfloor = {}\ncap = {}\nrate = {}\nmax_leverage = {}\n'
    words.write_text(row.format(SYMBOL, 0, 50000, 0.004, 125) + row.format(SYMBOL, 50000, 600000, 0.005, 100))
    tables = [ready(path).tiers for path in (plain, told, ours, table, words)]
    assert all(each == tables[0] for each in tables)
    assert [float(row.amount or 0) for row in tables[0]] == [0, 50]


def test_a_date_is_told_by_the_file_or_its_name(tmp_path: Path) -> None:
    named = written(tmp_path / "tiers_2024-10.json", {SYMBOL: ROWS})
    told = written(tmp_path / "x.json", {"date": "2025-02-03", "tiers": {SYMBOL: ROWS}})
    silent = written(tmp_path / "y.json", {SYMBOL: ROWS})
    assert [read_tier_file(path).shown_date() for path in (named, told, silent)] == [
        "2024-10-01", "2025-02-03", "unknown date",
    ]  # fmt: skip


def test_the_newest_table_that_held_on_a_day_is_taken(tmp_path: Path) -> None:
    for name in ("2024-10", "2026-09"):
        written(tmp_path / f"tiers_{name}.json", {SYMBOL: ROWS})
    files = read_tier_files([tmp_path])
    days = {day: newest_before(files, SYMBOL, parse_instant(day)) for day in ("2024-10-01", "2026-08-31", "2026-09-01")}
    assert [file.shown_date() for file in days.values() if file] == ["2024-10-01", "2024-10-01", "2026-09-01"]
    newest = newest_before(files, SYMBOL, None)
    assert newest is not None
    assert newest.shown_date() == "2026-09-01"
    with pytest.raises(DataError, match="2024-10-01, 2026-09-01"):
        newest_before(files, SYMBOL, parse_instant("2023-01-01"))


def test_the_first_size_of_a_tier_is_no_gap_where_a_venue_states_it(tmp_path: Path) -> None:
    rows = [
        {"minNotional": low, "maxNotional": high, "maintenanceMarginRate": rate, "info": {"minSz": low, "maxSz": high}}
        for low, high, rate in (("0", "3000", 0.004), ("3000.01", "5000", 0.005))
    ]
    assert [float(row.floor) for row in ready(written(tmp_path / "okx.json", {SYMBOL: rows})).tiers] == [0, 3000]


def test_rates_that_a_venue_tells_in_percent_are_rates(tmp_path: Path) -> None:
    info = {"initialMargin": "1", "maintenanceMargin": "0.5", "maxLeverage": "100.00"}
    row = {"minNotional": 0, "maxNotional": 2000000, "maintenanceMarginRate": 0.5, "maxLeverage": 100, "info": info}
    (tier,) = ready(written(tmp_path / "bybit.json", {SYMBOL: [row]})).tiers
    assert float(tier.rate) == 0.005


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"minNotional": 60000.0}, "gap"),
        ({"minNotional": 40000.0}, "overlap"),
        ({"maintenanceMarginRate": 0.003}, "rate"),
        ({"maintenanceMarginRate": "NaN"}, "finite"),
        ({"maintenanceMarginRate": None}, "rate is missing"),
        ({"info": {"cum": "75"}}, "amount"),
        ({"maintenanceRate": 0.1}, "unknown name 'maintenanceRate'"),
    ],
)
def test_a_faulty_table_is_refused_and_the_tier_named(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    path = written(tmp_path / "tiers.json", {SYMBOL: [ROWS[0], {**ROWS[1], **change}]})
    ran = refused(*BTC, "--tiers", path)
    assert ran.code == 6
    assert reason in ran.errors
    assert "tier 2" in ran.errors


@pytest.mark.parametrize("text", ["", "[]", "{}", "7", "{", '{"BTC/USDT:USDT": 5}', '[{"floor": 0}]', '{"a": []}'])
def test_what_is_no_tier_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tiers.json"
    path.write_text(text)
    assert refused(*BTC, "--tiers", path).code == 6


def test_a_symbol_that_a_file_lacks_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = written(tmp_path / "tiers.json", {"BTC/USDC:USDC": ROWS})
    assert 'did you mean "BTC/USDC:USDC"?' in refused(*BTC, "--tiers", path).errors


def test_the_tiers_of_another_venue_are_not_taken(tmp_path: Path) -> None:
    bybit = written(tmp_path / "a.json", {"venue": "bybit", "date": "2026-10-01", "tiers": {SYMBOL: ROWS}})
    ran = refused(*BTC, "--tiers", bybit)
    assert (ran.code, "is of bybit, and not of binance" in ran.errors) == (6, True), ran.errors
    own = written(tmp_path / "b.json", {"venue": "binanceusdm", "date": "2026-09-01", "tiers": {SYMBOL: ROWS}})
    assert margin(*BTC, "--tiers", bybit, "--tiers", own, "--json").answer["tier"]["date"] == "2026-09-01"


def test_a_fault_in_another_symbol_does_not_matter(tmp_path: Path) -> None:
    path = written(tmp_path / "tiers.json", {SYMBOL: ROWS, "ETH/USDT:USDT": [{"floor": 5}]})
    assert margin(*BTC, "--tiers", path).code == 0


def test_the_tables_that_are_built_in_are_whole_and_told_with_their_date() -> None:
    for (_, symbol), published in PUBLISHED.items():
        table = published.table(symbol).ready("cumulative", "lower")
        assert table.tiers[0].floor == 0
        assert published.source.startswith("https://")
    tier = margin(*BTC, "--json").answer["tier"]
    assert (tier["from"], tier["date"]) == ("built-in of 2025-08-19", "2025-08-19")


@pytest.mark.parametrize("name", ["2024-10", "2026-09"])
def test_every_recorded_table_is_read_and_continuous(name: str) -> None:
    file = read_tier_file(shared_data(f"tiers/binance_leverage_tiers_{name}.json"))
    assert len(file.rows) > 300
    for symbol in file.rows:
        file.table(symbol).ready("cumulative", "lower")


def test_the_recorded_tables_differ_by_date() -> None:
    folder = shared_data("tiers")
    words = (*BTC, "--size", "5", "--tiers", folder, "--json")
    early, late = (margin(*words, "--date", day).answer["tier"] for day in ("2025-01-01", "2026-10-01"))
    assert [(each["number"], each["rate"]) for each in (early, late)] == [(2, 0.005), (1, 0.004)]


@pytest.mark.parametrize(
    ("symbol", "entry", "size", "leverage", "price"),
    [("BTC/USDT:USDT", "60000", "20", "50", 59_109.21), ("WIF/USDT:USDT", "1", "200000", "10", 0.92591)],
)
def test_the_tier_is_that_of_the_notional_and_not_of_the_collateral(
    symbol: str, entry: str, size: str, leverage: str, price: float
) -> None:
    answer = margin(
        "--venue", "binance", "--symbol", symbol, "--side", "long", "--entry", entry, "--size", size,
        "--leverage", leverage, "--tiers", shared_data("tiers/binance_leverage_tiers_2026-09.json"), "--json",
    ).answer  # fmt: skip
    assert answer["liquidation_price"] == pytest.approx(price, rel=1e-5)


def test_a_file_that_names_no_venue_is_taken_with_a_warning(tmp_path: Path) -> None:
    silent = written(tmp_path / "tiers.json", {SYMBOL: ROWS})
    named = written(tmp_path / "named.json", {"venue": "binance", "tiers": {SYMBOL: ROWS}})
    warned, told = (margin(*BTC, "--tiers", path, "--mark", "60000", "--json").answer for path in (silent, named))
    assert warned["warnings"] == warned["notes"]
    assert ["names no venue" in each for each in warned["warnings"]] == [True]
    assert told["warnings"] == []
    assert "names no venue" in margin(*BTC, "--tiers", silent).output


def test_what_a_row_has_of_the_venue_may_be_anything(tmp_path: Path) -> None:
    path = written(tmp_path / "tiers.json", {SYMBOL: [{**row, "info": 1} for row in ROWS]})
    assert margin(*BTC, "--tiers", path).code == 0
