"""Funding over recorded months, on positions that a desk has at the start and on ones that it enters."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from letrade import assemble, run_backtest
from letrade.core.errors import ConfigurationError
from tests.data import shared_data

FOLDER = "ohlcv/binance-usdm-2023-2024"
FILES = ("BTC_USDT_USDT-1h-futures", "BTC_USDT_USDT-8h-funding_rate", "BTC_USDT_USDT-8h-mark")
INSTRUMENT = "binance.BTC-USDT_USDT"

DESK = """
[desk]
on_stop = "keep"
[[venue]]
name = "binance"
funding = true
maker_fee = "0"
taker_fee = "0"
[[account]]
name = "paper"
venue = "binance"
balances = { USDT = "200000" }
"""
SHORT = f'positions = {{ "{INSTRUMENT}" = {{ quantity = "-1", price = "16537.5", strategy = "hold-1" }} }}\n'
HOLD = f"""
[[actor]]
name = "hold-1"
class = "letrade.actors.strategies.hold.Hold"
instrument = "{INSTRUMENT}"
account = "paper"
position = -1.0
"""


def run(tmp_path: Path, desk: str) -> dict[str, Any]:
    file = tmp_path / "desk.toml"
    file.write_text(desk)
    data = [str(shared_data(f"{FOLDER}/{name}.feather")) for name in FILES]
    return run_backtest(assemble(str(file), {}, data_files=data))


def test_a_short_held_from_the_start_earns_every_funding_of_sixteen_months(tmp_path: Path) -> None:
    summary = run(tmp_path, DESK + SHORT + HOLD)
    assert abs(Decimal(summary["funding"]["USDT"]) - Decimal("6464.4358")) <= Decimal("0.0001")
    held = next(each for each in summary["positions"] if each["strategy"] == "hold-1")
    assert (held["quantity"], held["average_price"]) == ("-1", "16537.5")
    assert summary["orders"] == 0
    assert summary["alerts"].get("foreign_fill", 0) == 0


def test_a_short_entered_at_the_first_close_misses_the_first_funding(tmp_path: Path) -> None:
    summary = run(tmp_path, DESK + HOLD)
    assert abs(Decimal(summary["funding"]["USDT"]) - Decimal("6462.7820")) <= Decimal("0.0001")
    assert (summary["orders"], summary["fills"]) == (1, 1)


@pytest.mark.parametrize(
    ("position", "told"),
    [
        ('{ quantity = "0", price = "1" }', "not 0"),
        ('{ quantity = "-1" }', "price"),
        ('{ quantity = "nan", price = "1" }', "quantity"),
        ('{ quantity = "1", price = "-1" }', "price"),
        ('{ quantity = "1", price = "1", strategy = "nobody" }', "nobody"),
        ('{ quantity = "0.0000001", price = "1" }', "multiple"),
    ],
)
def test_a_position_that_cannot_be_is_refused_by_name(tmp_path: Path, position: str, told: str) -> None:
    instrument = f'[[instrument]]\nname = "{INSTRUMENT}"\ntick = "0.1"\nlot = "0.001"\n'
    file = tmp_path / "desk.toml"
    file.write_text(f'{DESK}positions = {{ "{INSTRUMENT}" = {position} }}\n{instrument}{HOLD}')
    with pytest.raises(ConfigurationError, match=told):
        run_backtest(assemble(str(file), {}))
