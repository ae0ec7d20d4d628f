"""Desk files and data of all sorts, drawn from a seed, and both engines' runs of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from letrade.assembly import assemble
from letrade.backtest import Backtest
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.outcome import Outcome
from letrade.core.config.desk import DeskConfig
from letrade.core.ids import Random, generator
from tests.system.wild import Wild

MS = 1_000_000
START = 1_704_067_200_000 * MS
OTHERWISE = ("seconds", "events", "events_per_second", "desk")
"""What a summary says of the run, not of the desk."""
HEAD = """
[desk]
name = "two"
on_stop = "{on_stop}"
[[venue]]
name = "binance"
order_latency = "{latency}"
response_latency = "{response}"
maker_fee = "{maker_fee}"
taker_fee = "0.0005"
max_leverage = "{leverage}"
funding = {funding}
[venue.fills]
{beyond}
[[account]]
name = "paper"
venue = "binance"
balances = {{ USDT = "{cash}" }}
[[account]]
name = "second"
venue = "binance"
balances = {{ USDT = "50" }}
[risk]
stale_after = "{stale}"
"""
LIMITS = {
    "max_order_size": '"0.03"', "max_order_notional": '"2.5"', "max_position_notional": '"4"',
    "max_gross_exposure": '"5.03"', "price_band": '"0.004"', "max_orders_per_second": "6",
}  # fmt: skip
INSTRUMENT = """
[[instrument]]
name = "{name}"
tick = "0.1"
lot = "0.001"
{more}
"""
FEED = """
[[feed]]
name = "{kind}-{place}"
kind = "npz"
file = "{file}"
instrument = "{name}"
"""
COLUMNS = {"marks": "mark_price", "index": "index_price", "funding": "funding_rate"}
VALUES = """
[[feed]]
name = "{kind}-{short}"
class = "letrade.actors.feeds.ticks.TicksFeed"
kind = "{kind}"
file = "{file}"
instrument = "{name}"
"""
STRATEGY = """
[[actor]]
name = "wild-{place}"
class = "tests.system.wild.Wild"
instrument = "{name}"
account = "{account}"
seed = {seed}
every = {every}
"""


def data(kind: str, seed: int, count: int, file: Path, random: Random) -> None:
    """Quotes, trades or minute bars that wander, some of them on the grid of windows."""
    drawn = np.random.Generator(np.random.PCG64(seed))
    times = START + np.cumsum(drawn.integers(1, 60 * MS, count))
    if random.random() < 0.5:
        times = START + np.arange(count, dtype=np.int64) * random.choice([10, 50, 100]) * MS
    middle = np.maximum(1000 + np.cumsum(drawn.integers(-3, 4, count)), 200)
    half = drawn.integers(1, 3, count)
    if kind == "quotes":
        sizes = drawn.integers(1, 60, (2, count))
        np.savez(file, ts=times, bid=middle - half, ask=middle + half, bsz=sizes[0], asz=sizes[1])
    elif kind == "trades":
        side = np.where(drawn.random(count) < 0.5, 1, -1).astype(np.int8)
        prices = middle + side * half + drawn.integers(-2, 3, count)
        np.savez(file, ts=times, px=prices, sz=drawn.integers(1, 40, count), side=side)
    else:
        path = 1000 + np.cumsum(drawn.integers(-4, 5, (count, 4)).reshape(-1)).reshape(count, 4)
        path = np.maximum(path, 200)
        ends = START + (np.arange(count, dtype=np.int64) + 1) * 60_000 * MS
        low, high, size = path.min(1), path.max(1), drawn.integers(1, 1000, count)
        np.savez(file, ts=ends, o=path[:, 0], h=high, l=low, c=path[:, 3], v=size)


def values(
    folder: Path, kind: str, name: str, every: int, random: Random, *, middle: float = 100.0, walks: bool = False
) -> str:
    """Mark prices, index prices or funding rates at regular times, as a table and its feed."""
    short, rows, told = name.partition(".")[2], [], middle
    for place in range(1, 60):
        drawn = random.randrange(-400, 400)
        if kind == "funding":
            told = drawn / 10**6
        else:
            told = told + middle * drawn / 160_000 if walks else middle + middle * drawn / 10**4
        rows.append(f"{START // MS + every * place},{told:.15f}")
    file = folder / f"{kind}-{short}.csv"
    file.write_text("\n".join([f"timestamp,{COLUMNS[kind]}", *rows]) + "\n")
    return VALUES.format(kind=kind, file=file, name=name, short=short)


def desk(
    folder: Path, seed: int, kinds: tuple[str, ...], *, count: int = 120, names: tuple[str, ...], funded: bool = False
) -> DeskConfig:
    """A desk of two strategies to an instrument; the first instrument's funding may be paid, at mark prices."""
    random = generator(seed, *kinds, *names)
    text = HEAD.format(
        on_stop=random.choice(["keep", "cancel"]),
        latency=random.choice(["1ns", "10ms", "37ms", "50ms"]),
        response=random.choice(["0ns", "3ms", "5ms"]),
        maker_fee=random.choice(["0", "0.0002", "-0.0001"]),
        leverage=random.choice(["20", "1"]),
        beyond=random.choice(["", 'beyond_quote = "one_tick"']),
        funding=str(funded).lower(),
        cash=random.choice(["10000000", "50", "12"]),
        stale=random.choice(["1d", "2m", "60ms"]),
    )
    chosen = [key for key in LIMITS if random.random() < 0.2]
    text += "".join(f"{key} = {LIMITS[key]}\n" for key in chosen)
    for place, name in enumerate(names):
        text += INSTRUMENT.format(name=name, more=random.choice(["", 'min_notional = "0.5"']))
        for kind in kinds:
            file = folder / f"{kind}-{place}.npz"
            data(kind, random.randrange(10**9), count, file, random)
            text += FEED.format(kind=kind, place=place, file=file, name=name)
    if funded:
        text += values(folder, "marks", names[0], 500, random) + values(folder, "funding", names[0], 500, random)
    for place in range(2 * len(names)):
        account, every = random.choice(["paper", "paper", "second"]), random.choice([2, 4, 10])
        text += STRATEGY.format(
            place=place, name=names[place % len(names)], account=account, every=every, seed=random.randrange(10**6)
        )
    (folder / "desk.toml").write_text(text)
    return assemble(folder / "desk.toml", {})


Told = tuple[dict[str, Any], dict[str, list[tuple[Any, ...]]]]
"""A summary, and what each strategy was told."""


def by_actors(config: DeskConfig) -> Told:
    summary = Backtest(config).run()
    return _desks_own(summary), {name: list(heard) for name, heard in Wild.HEARD.items()}


def compiled(config: DeskConfig) -> Told:
    """Doubtful where the compiled desk does not know; where it saves sums they are summed all the same."""
    run = CompiledBacktest(config, "backtest")
    run.desk.compares = run.clearing.compares = True
    run.run()
    return _desks_own(Outcome(run).summary()), {name: list(heard) for name, heard in Wild.HEARD.items()}


def _desks_own(summary: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in summary.items() if key not in OTHERWISE}
