"""Spot against perpetual on seeded flow: bought with money that is there, sold short as far as coins are lent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from letrade import assemble
from letrade.backtesting.running import run_actors
from letrade.core.analysis.analyzer import analyse
from letrade.core.analysis.split import KINDS, ProfitSplit
from letrade.core.config.durations import parse_duration

DESK = """
[desk]
name = "carry"
on_stop = "keep"
[[venue]]
name = "binance"
order_latency = "20ms"
response_latency = "5ms"
funding = true
[venue.borrow."BTC"]
limit = "0.4"
rate = "0.00002"
[venue.margin]
rules = "binance"
[[instrument]]
name = "binance.BTC-USDT_USDT"
tick = "0.1"
lot = "0.001"
bracket = [ {{ rate = "0.004", max_leverage = "125" }} ]
[[instrument]]
name = "binance.BTC-USDT"
tick = "0.01"
lot = "0.00001"
[[account]]
name = "perp"
venue = "binance"
balances = {{ USDT = "50000" }}
[[account]]
name = "spot"
venue = "binance"
balances = {{ USDT = "50000" }}
borrow = true
[[feed]]
name = "flow"
kind = "synthetic_flow"
volatility = 0.02
drift = 0.0
rate = 40.0
instruments = [
    {{ name = "binance.BTC-USDT_USDT", price = "100000" }},
    {{ name = "binance.BTC-USDT", price = "100000" }},
]
[[feed]]
name = "funding"
kind = "synthetic_funding"
interval = "10s"
rates = [ {{ name = "binance.BTC-USDT_USDT", rate = {rate} }} ]
[[actor]]
name = "arbitrage"
class = "letrade.actors.strategies.funding_arbitrage.FundingArbitrage"
legs = [
    {{ instrument = "binance.BTC-USDT", account = "spot" }},
    {{ instrument = "binance.BTC-USDT_USDT", account = "perp" }},
]
size_max = 1.0
[[actor]]
name = "capital"
leverage = 10.0
[capital.sizing]
fraction = "1"
"""


def run(tmp_path: Path, rate: str) -> tuple[dict[str, Any], ProfitSplit]:
    file = tmp_path / "desk.toml"
    file.write_text(DESK.format(rate=rate))
    finished = run_actors(assemble(str(file), {}), None, parse_duration("90s"), records=True)
    split = analyse(finished.record()).split
    assert split is not None
    return finished.summary, split


@pytest.mark.parametrize(
    ("rate", "spot", "perp", "borrows"), [("0.0008", "0.49", "-0.49", False), ("-0.0012", "-0.40000033", "0.4", True)]
)
def test_spot_is_bought_with_what_is_there_and_sold_short_as_far_as_it_is_lent(
    tmp_path: Path, rate: str, spot: str, perp: str, borrows: bool
) -> None:
    summary, split = run(tmp_path, rate)
    held = {each["account"]: each["quantity"] for each in summary["positions"] if each["strategy"] == "arbitrage"}
    assert held == {"spot": spot, "perp": perp}
    assert summary["refused"] == {}
    assert Decimal(split.total.funding) > 0
    assert (Decimal(split.total.borrow) < 0) is borrows
    assert sum(Decimal(getattr(split.total, kind)) for kind in KINDS) == Decimal(split.total.profit)
    assert abs(Decimal(split.total.profit) - Decimal(summary["pnl"])) <= Decimal("0.00000001")
