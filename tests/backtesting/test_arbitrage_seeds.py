"""Funding arbitrage on seeded markets that jump, over routes that are slow and fail: margin that has not arrived
carries nothing, no leg stands alone, nothing is liquidated, and every unit of the profit is explained."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path

import pytest

from letrade import assemble
from letrade.backtesting.running import run_actors
from letrade.core.analysis.analyzer import analyse
from tests.backtesting.test_arbitrage import Watch, check_margin

HOURS = 24 * 12
SEEDS = range(10)

DESK = """
[desk]
name = "seeded"
on_stop = "keep"
[[actor]]
name = "arbitrage"
class = "letrade.actors.strategies.funding_arbitrage.FundingArbitrage"
legs = [
    { instrument = "binance.BTC-USDT_USDT", account = "binance" },
    { instrument = "bybit.BTC-USDT_USDT", account = "bybit" },
]
size_max = 5.0
horizon = "3d"
leverage = 4.0
leverage_top_up = 4.3
leverage_max = 5.0
[[actor]]
name = "capital"
leverage = 10.0
[capital.sizing]
fraction = "1"
[risk]
stale_after = "2h"
"""
VENUE = """
[[venue]]
name = "{name}"
order_latency = "20ms"
response_latency = "5ms"
funding = true
[venue.margin]
rules = "{name}"
leverage = "10"
[[instrument]]
name = "{name}.BTC-USDT_USDT"
tick = "0.1"
lot = "0.001"
bracket = [ {{ rate = "0.005", max_leverage = "50" }} ]
[[account]]
name = "{name}"
venue = "{name}"
balances = {{ USDT = "50000" }}
[[route]]
name = "from-{name}"
from = "{name}"
to = "{other}"
currency = "USDT"
fee = "1"
latency = "{latency}"
fail_rate = {fails}
seed = {seed}
"""


def stamp(hour: int) -> str:
    return f"2025-01-{1 + hour // 24:02d} {hour % 24:02d}:00:00+00:00"


def write_market(folder: Path, draw: random.Random) -> list[str]:
    """Two venues show one price that jumps now and then, some units apart; one pays more funding, for a while."""
    price, files = 100_000.0, []
    rows: dict[str, list[str]] = {"binance": [], "bybit": []}
    rates: dict[str, list[str]] = {"binance": [], "bybit": []}
    for hour in range(HOURS):
        jump = draw.choice((-0.06, 0.06)) if draw.random() < 0.02 else 0.0
        before, price = price, price * (1 + draw.gauss(0.0, 0.006) + jump)
        for venue in rows:
            apart = draw.uniform(-20, 20)
            opened, closed = round(before + apart, 1), round(price + apart, 1)
            high, low = max(opened, closed), min(opened, closed)
            rows[venue].append(f"{stamp(hour)},{opened},{high},{low},{closed},5000")
            if hour % 8 == 0:
                mean = 0.0015 if (venue == "bybit") == (hour < HOURS * 2 // 3) else -0.0005
                rates[venue].append(f"{stamp(hour)},{mean + draw.gauss(0.0, 0.0002):.8f},0,0,0,0")
    for venue in rows:
        for name, lines in (("1h-futures", rows[venue]), ("8h-funding_rate", rates[venue])):
            (folder / venue).mkdir(exist_ok=True)
            file = folder / venue / f"BTC_USDT_USDT-{name}.csv"
            file.write_text("\n".join(["date,open,high,low,close,volume", *lines]) + "\n")
            files.append(f"{venue}={file}")
    return files


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_market_and_the_routes_do_only_money_that_is_there_carries_positions(
    tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    terms = {"latency": draw.choice(("10m", "5h", "2d", "30d")), "fails": draw.choice((0.0, 0.4)), "seed": seed}
    desk = tmp_path / "desk.toml"
    venues = [
        VENUE.format(name=name, other=other, **terms) for name, other in (("binance", "bybit"), ("bybit", "binance"))
    ]
    desk.write_text(DESK + "".join(venues))
    watch = Watch()
    finished = run_actors(
        assemble(str(desk), {}, data_files=write_market(tmp_path, draw)), None, records=True, observer=watch
    )
    check_margin(watch)
    assert {fill.origin for fill in watch.fills} == {"desk"}
    assert finished.summary["halts" if "halts" in finished.summary else "failures"] == 0
    split = analyse(finished.record()).split
    assert split is not None
    assert Decimal(split.total.profit) + Decimal(split.other or "nan") == Decimal(finished.summary["pnl"])
    assert abs(Decimal(split.other or "nan")) <= Decimal("0.00000002")
