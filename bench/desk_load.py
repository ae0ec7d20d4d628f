"""How fast is a whole desk: a feed's process and the venue's, NATS, and 100 strategies on 20 instruments?

Tick to order is measured at the venue, from the planned time of the trade to the receipt of the order that it caused.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result
from letrade.core.errors import LetradeError
from letrade.core.network.link import ClientName

SECONDS, QUICK_SECONDS, PATIENCE_SECONDS = 10.0, 4.0, 120.0
INSTRUMENTS, RATE = 20, 500
NAMES = {"p50": "p50", "p99": "p99", "p99.9": "p999"}
CHECKED = "orders came, and the desk's own count of what was lost or doubled is zero"
WINDOWS = ((2, 3), (2, 4), (3, 5), (3, 6), (4, 7))
BAR, QUICK_BAR = "1s", "200ms"
"""A quick run shall see averages cross also where the desk took half of its time to start."""

HEAD = """
[nats]
client = "{client}"

[desk]
name = "load"
on_stop = "keep"

[[venue]]
name = "paper"
order_latency = "1us"
response_latency = "1us"
worker = "market"

[[account]]
name = "paper"
venue = "paper"
balances = {{ USDT = "100000000" }}

[[feed]]
name = "trades"
kind = "synthetic_trades"
venue = "paper"
count = {instruments}
names = {names}
trades_per_second = {rate}
duration = "1h"
speed = "live"

[[worker]]
name = "market"
feeds = ["trades"]

[[actor]]
name = "bars"
class = "letrade.actors.market.bars.BarBuilder"
bars = ["{bar}"]

[[actor]]
name = "averages"
class = "letrade.actors.features.moving_averages.MovingAverages"
bar = "{bar}"
sma = [2, 3, 4, 5, 6, 7]
"""

INSTRUMENT = """
[[instrument]]
name = "{instrument}"
tick = "0.01"
lot = "0.001"
"""

STRATEGY = """
[[actor]]
name = "ma_cross-{number}"
class = "letrade.actors.strategies.ma_cross.MACross"
instrument = "{instrument}"
account = "paper"
feature_set = "averages"
fast = {fast}
slow = {slow}
size = 0.1
long_only = false
"""


def desk_text(instruments: int, rate: int, client: ClientName, bar: str = BAR) -> str:
    """A desk with five MA crosses on each instrument, fed by a process of its own."""
    names = [f"paper.L{number:02d}-USDT_USDT" for number in range(instruments)]
    parts = [HEAD.format(client=client, instruments=instruments, names=json.dumps(names), rate=rate, bar=bar)]
    parts.extend(INSTRUMENT.format(instrument=name) for name in names)
    pairs = [(name, fast, slow) for name in names for fast, slow in WINDOWS]
    parts.extend(
        STRATEGY.format(number=number, instrument=name, fast=fast, slow=slow)
        for number, (name, fast, slow) in enumerate(pairs)
    )
    return "".join(parts)


def answer(run: Run) -> Iterator[Result]:
    """The desk's own figures; a quick run makes shorter bars, so that it sees orders."""
    seconds = max(run.seconds(SECONDS), QUICK_SECONDS)
    run.say(f"desk_load: a desk for {seconds:g} s")
    bar = BAR if seconds >= SECONDS else QUICK_BAR
    summary = _run_desk(desk_text(INSTRUMENTS, RATE, run.client, bar), seconds)
    latency = summary.get("tick_to_order_us") or {}
    right = bool(summary.get("orders")) and not summary.get("lost") and not summary.get("doubled")
    yield Result(
        name="desk_load.tick_to_order", value=float(latency.get("p99", 0)), unit="us p99", better="lower",
        checked=right and bool(latency), what_was_checked=CHECKED, count=int(latency.get("orders", 0)), seed=run.seed,
        percentiles_us={name: float(latency[key]) for name, key in NAMES.items() if key in latency},
        note=f"{len(WINDOWS) * INSTRUMENTS} strategies on {INSTRUMENTS} instruments with {RATE} trades a second each",
    ).judge(())  # fmt: skip
    yield Result(
        name="desk_load.messages", value=round(float(summary.get("messages_per_second") or 0)), unit="msg/s",
        checked=right, what_was_checked=CHECKED, seed=run.seed, note="handled and published by the desk's own process",
    ).judge(())  # fmt: skip


def _run_desk(text: str, seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="letrade-bench-") as folder:
        desk = Path(folder) / "load.toml"
        desk.write_text(text)
        words = ["run", str(desk), "--for", f"{seconds:g}s", "--data-dir", f"{folder}/data", "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "letrade", *words],
            capture_output=True, text=True, check=False, timeout=seconds + PATIENCE_SECONDS,
        )  # fmt: skip
    if done.returncode:
        raise LetradeError(f"the desk ended with {done.returncode}: {done.stderr[-2_000:]}")
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return summary


QUESTION = Question(
    "desk_load", "How fast is a whole desk: feed, venue and 100 strategies on 20 instruments, in two processes?", answer
)
