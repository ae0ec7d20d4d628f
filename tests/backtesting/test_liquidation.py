"""A desk whose venue has margin rules: run by its actors, liquidated, and its ledger equal to the venue's."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from letrade import assemble, run_backtest
from tests.data import shared_data

INSTRUMENT = "binance.BTC-USDT_USDT"
FILES = ("BTC_USDT_USDT-1h-futures", "BTC_USDT_USDT-8h-funding_rate", "BTC_USDT_USDT-8h-mark")
DESK = """
[desk]
on_stop = "keep"
[[venue]]
name = "binance"
funding = true
[venue.margin]
rules = "{rules}"
leverage = 3
{tiers}
[[instrument]]
name = "binance.BTC-USDT_USDT"
tick = "0.1"
lot = "0.001"
{brackets}
[[account]]
name = "paper"
venue = "binance"
margin_mode = "{mode}"
balances = {{ USDT = "8000" }}
positions = {{ "binance.BTC-USDT_USDT" = {{ quantity = "-1", price = "16537.5" }} }}
"""
DAY = 86_400 * 10**9
BRACKETS = '[[instrument.bracket]]\nrate = "0.004"'


def run(tmp_path: Path, rules: str, mode: str) -> dict[str, Any]:
    """A short from 2023 on, when the price rose by two thirds in a hundred days."""
    tiers = f'tiers = ["{shared_data("tiers/binance_leverage_tiers_2024-10.json")}"]' if rules != "okx" else ""
    brackets = BRACKETS if rules == "okx" else ""
    file = tmp_path / "desk.toml"
    file.write_text(DESK.format(rules=rules, mode=mode, tiers=tiers, brackets=brackets))
    data = [str(shared_data(f"ohlcv/binance-usdm-2023-2024/{name}.feather")) for name in FILES]
    return run_backtest(assemble(str(file), {}, data_files=data), run_for_ns=100 * DAY)


@pytest.mark.parametrize("rules", ["binance", "bybit", "okx", "hyperliquid"])
def test_a_short_of_too_little_margin_does_not_see_the_end(tmp_path: Path, rules: str) -> None:
    cross = run(tmp_path, rules, "cross")
    assert cross["engine_because"] == "the venue binance has margin rules, and liquidates by them"
    assert cross["failures"] == 0
    assert cross["alerts"]["liquidation"] == 1
    assert "ledger_difference" not in cross["alerts"]
    assert 0 <= Decimal(cross["balances"]["paper"]["USDT"]) < 200
    isolated = run(tmp_path, rules, "isolated")
    assert Decimal(isolated["balances"]["paper"]["USDT"]) >= Decimal("8000") - Decimal("16537.5") / 3 - 20
    assert Decimal(isolated["funding"]["USDT"]) < Decimal(cross["funding"]["USDT"]), "it ends earlier"
