"""Leverage tiers reach the instruments of a venue with margin rules: from the desk file, or from dated tier files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from letrade.core.config.desk import DeskConfig
from letrade.core.config.load import load_desk
from letrade.core.config.values import parse_instant
from letrade.core.engine.blueprint import Blueprint
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction
from letrade.core.margin.numbers import MarginError
from tests.data import shared_data

BTC = "binance.BTC-USDT_USDT"
DESK = """
[[venue]]
name = "binance"
{margin}

[[instrument]]
name = "binance.BTC-USDT_USDT"
tick = "0.1"
lot = "0.001"
{brackets}
"""
MARGIN = '[venue.margin]\nrules = "{}"\ntiers = [{}]'
BRACKETS = """
[[instrument.bracket]]
cap = 50000
rate = "0.004"
max_leverage = 125
[[instrument.bracket]]
rate = "0.005"
"""


def desk(folder: Path, margin: str, brackets: str = "") -> DeskConfig:
    (folder / "desk.toml").write_text(DESK.format(margin=margin, brackets=brackets))
    return load_desk([folder / "desk.toml"], {})


def tiers(folder: Path, name: str, *rows: dict[str, float]) -> None:
    (folder / name).write_text(json.dumps({"BTC/USDT:USDT": rows}))


def row(floor: float, cap: float, rate: float) -> dict[str, float]:
    return {"minNotional": floor, "maxNotional": cap, "maintenanceMarginRate": rate, "maxLeverage": 50}


def test_tiers_of_the_desk_file_begin_where_the_one_before_ends(tmp_path: Path) -> None:
    catalogue = Blueprint(desk(tmp_path, MARGIN.format("binance", ""), BRACKETS), "uid").catalogue
    table = catalogue.at(BTC, 0).tiers
    assert table is not None
    assert [(tier.floor, tier.cap, tier.rate, tier.leverage_max) for tier in table.tiers] == [
        (0, 50_000, Fraction(1, 250), 125),
        (50_000, None, Fraction(1, 200), None),
    ]


def test_each_dated_file_makes_a_version_and_is_meant_from_the_desk_files_folder(tmp_path: Path) -> None:
    tiers(tmp_path, "tiers-2025-01.json", row(0, 1_000, 0.01))
    tiers(tmp_path, "tiers-2024-06.json", row(0, 2_000, 0.02))
    config = desk(tmp_path, MARGIN.format("binance", '"tiers-2025-01.json", "tiers-2024-06.json"'))
    catalogue = Blueprint(config, "uid").catalogue
    rates = []
    for day in ("2023-01-01", "2024-12-31", "2025-01-01"):
        table = catalogue.at(BTC, parse_instant(day)).tiers
        assert table is not None
        rates.append(float(table.tiers[0].rate))
    assert rates == [0.02, 0.02, 0.01], "the first holds before its date too"


def test_a_table_with_a_gap_is_refused(tmp_path: Path) -> None:
    tiers(tmp_path, "tiers.json", row(0, 1_000, 0.01), row(2_000, 3_000, 0.02))
    with pytest.raises(MarginError, match="a gap"):
        Blueprint(desk(tmp_path, MARGIN.format("binance", '"tiers.json"')), "uid")


def test_okx_looks_up_no_tiers_in_notional(tmp_path: Path) -> None:
    info = {**row(0, 1_000, 0.01), "info": {"notionalCap": "1000"}}
    (tmp_path / "tiers.json").write_text(json.dumps({"BTC/USDT:USDT": [info]}))
    with pytest.raises(ConfigurationError, match="are in notional, and okx looks them up by contracts"):
        Blueprint(desk(tmp_path, MARGIN.format("okx", '"tiers.json"')), "uid")


def test_without_margin_rules_no_file_is_read_and_nothing_changes(tmp_path: Path) -> None:
    assert Blueprint(desk(tmp_path, ""), "uid").catalogue.at(BTC, 0).tiers is None


def test_the_recorded_tables_are_read(tmp_path: Path) -> None:
    files = [shared_data(f"tiers/binance_leverage_tiers_{date}.json") for date in ("2024-10", "2026-09")]
    listed = ", ".join(f'"{file}"' for file in files)
    catalogue = Blueprint(desk(tmp_path, MARGIN.format("binance", listed)), "uid").catalogue
    old, new = (catalogue.at(BTC, parse_instant(day)).tiers for day in ("2025-01-01", "2026-10-01"))
    assert old is not None
    assert new is not None
    assert (old.tiers[0].cap, new.tiers[0].cap) == (50_000, 300_000)


def test_tiers_stand_in_each_version_of_an_instrument_or_in_none(tmp_path: Path) -> None:
    later = '[[instrument]]\nname = "binance.BTC-USDT_USDT"\nvalid_from = "2025-01-01"\ntick = "0.1"\nlot = "0.01"\n'
    with pytest.raises(ConfigurationError, match="expected brackets in each of its versions, or in none"):
        Blueprint(desk(tmp_path, MARGIN.format("binance", ""), BRACKETS + later), "uid")
