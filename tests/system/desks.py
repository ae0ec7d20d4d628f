"""Desks of several processes for the system tests, written as TOML into a test's folder."""

from __future__ import annotations

from pathlib import Path

STRATEGIES = {"alpha": (3, 8), "beta": (5, 13), "gamma": (2, 5)}

CAPTURE_FEED = """
[[feed]]
name = "recorded"
kind = "binance_capture"
files = ["{file}"]
speed = "max"
{limit}
"""

TRADES_FEED = """
[[feed]]
name = "recorded"
kind = "synthetic_trades"
venue = "binance"
count = 1
names = ["binance.BTC-USDT_USDT"]
trades_per_second = 100
duration = "{seconds}s"
speed = "{speed}"
"""

BODY = """
[desk]
name = "{name}"
step = "50ms"
on_stop = "keep"
snapshot_every = "1s"

[[venue]]
name = "binance"
order_latency = "50ms"
response_latency = "5ms"
taker_fee = "0.0005"
{venue_worker}
{faults}

[[instrument]]
name = "binance.BTC-USDT_USDT"
tick = "0.1"
lot = "0.001"

[[account]]
name = "paper"
venue = "binance"
balances = {{ USDT = "{cash}" }}

[[actor]]
name = "bars"
class = "letrade.actors.market.bars.BarBuilder"
bars = ["1s"]

[[actor]]
name = "averages"
class = "letrade.actors.features.moving_averages.MovingAverages"
sma = [2, 3, 5, 8, 13]
"""

STRATEGY = """
[[actor]]
name = "{name}"
class = "letrade.actors.strategies.ma_cross.MACross"
instrument = "binance.BTC-USDT_USDT"
account = "paper"
feature_set = "averages"
fast = {fast}
slow = {slow}
size = {size}
long_only = false
"""

WORKER = """
[[worker]]
name = "{name}"
actors = {actors}
restarts = 1000
"""


def desk_text(
    feed: str,
    *,
    name: str = "stepped",
    workers: dict[str, list[str]] | None = None,
    venue_worker: str = "",
    cash: str = "130",
    size: float = 0.4,
    faults: str = "",
    extra: str = "",
) -> str:
    """A desk with three MA crosses that compete for one account's cash."""
    venue = f'worker = "{venue_worker}"' if venue_worker else ""
    parts = [BODY.format(name=name, venue_worker=venue, cash=cash, faults=faults), feed]
    for strategy, (fast, slow) in STRATEGIES.items():
        parts.append(STRATEGY.format(name=strategy, fast=fast, slow=slow, size=size))
    split = dict(workers or {})
    if venue_worker:
        split.setdefault(venue_worker, [])
    for worker, actors in split.items():
        parts.append(WORKER.format(name=worker, actors=str(actors).replace("'", '"')))
    return "".join(parts) + extra


def write(folder: Path, text: str, file: str = "desk.toml") -> Path:
    path = folder / file
    path.write_text(text)
    return path
