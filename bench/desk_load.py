"""How fast is a whole desk: a feed's process and the venue's, NATS, and 100 strategies on 20 instruments.

`python -m letrade.bench.desk_load --for 60s` prints the desk's summary; tick_to_order_us is measured at the venue, from
the planned time of the trade to the receipt of the order that it caused.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

WINDOWS = ((2, 3), (2, 4), (3, 5), (3, 6), (4, 7))

HEAD = """
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
bars = ["1s"]

[[actor]]
name = "averages"
class = "letrade.actors.features.moving_averages.MovingAverages"
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


def desk_text(instruments: int, rate: int) -> str:
    """A desk with five MA crosses on each instrument, fed by a process of its own."""
    names = [f"paper.L{number:02d}-USDT_USDT" for number in range(instruments)]
    parts = [HEAD.format(instruments=instruments, names=json.dumps(names), rate=rate)]
    parts.extend(INSTRUMENT.format(instrument=name) for name in names)
    pairs = [(name, fast, slow) for name in names for fast, slow in WINDOWS]
    parts.extend(
        STRATEGY.format(number=number, instrument=name, fast=fast, slow=slow)
        for number, (name, fast, slow) in enumerate(pairs)
    )
    return "".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--for", dest="duration", default="60s", help="how long the desk runs")
    parser.add_argument("--instruments", type=int, default=20)
    parser.add_argument("--rate", type=int, default=500, help="trades per second and instrument")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        desk = Path(folder) / "load.toml"
        desk.write_text(desk_text(arguments.instruments, arguments.rate))
        words = ["run", str(desk), "--for", arguments.duration, "--data-dir", f"{folder}/data", "--json"]
        done = subprocess.run([sys.executable, "-m", "letrade", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr)
        return done.returncode
    sys.stdout.write(done.stdout.splitlines()[-1] + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
