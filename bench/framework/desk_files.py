"""The desk files of the desk benchmarks, and the ticks that they are fed with."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from letrade.core.messages.market import Trade

FEED = "trades"
VENUE_WORKER, FEED_WORKER = "exchange", "market"
TICKS_PER_UNIT = 100
BASE_TICKS, SWING_TICKS = 10_000, 11
ACTORS = "letrade.bench.framework.desk_actors"

HEAD = """
[desk]
name = "bench"
on_stop = "keep"
journal_fsync = "never"
[[venue]]
name = "paper"
order_latency = "1ms"
response_latency = "1ms"
{venue_worker}
[[account]]
name = "paper"
venue = "paper"
balances = {{ USDT = "100000000" }}
[[feed]]
name = "trades"
kind = "synthetic_trades"
venue = "paper"
names = {names}
speed = "live"
"""
INSTRUMENT = """
[[instrument]]
name = "{name}"
tick = "0.01"
lot = "0.001"
"""
STRATEGY = """
[[actor]]
name = "{name}"
class = "{actors}.{kind}"
instrument = "{instrument}"
account = "paper"
every = {every}
"""
WORKER = """
[[worker]]
name = "{name}"
{what} = {members}
"""


def instruments(count: int) -> list[str]:
    return [f"paper.L{number:04d}-USDT_USDT" for number in range(count)]


def strategy_name(number: int) -> str:
    return f"strategy-{number:04d}"


def order_desk(processes: int, every: int) -> str:
    """One strategy and the whole way to the venue, in one process or in three."""
    names = instruments(1)
    apart = processes > 1
    parts = [_head(names, f'worker = "{VENUE_WORKER}"' if apart else "")]
    parts.append(STRATEGY.format(name="climb", actors=ACTORS, kind="Climb", instrument=names[0], every=every))
    if apart:
        parts.append(WORKER.format(name=FEED_WORKER, what="feeds", members=json.dumps([FEED])))
        parts.append(WORKER.format(name=VENUE_WORKER, what="actors", members="[]"))
    return "".join(parts)


def strategies_desk(strategies: int, instrument_count: int, workers: Sequence[str], every: int) -> str:
    """Strategies spread evenly over the instruments, and in blocks over the workers."""
    names = instruments(instrument_count)
    parts = [_head(names, "")]
    parts.extend(
        STRATEGY.format(
            name=strategy_name(number), actors=ACTORS, kind="Counting", every=every,
            instrument=names[number % instrument_count],
        )
        for number in range(strategies)
    )  # fmt: skip
    parts.append(WORKER.format(name=FEED_WORKER, what="feeds", members=json.dumps([FEED])))
    for place, worker in enumerate(workers):
        block = range(place * strategies // len(workers), (place + 1) * strategies // len(workers))
        parts.append(WORKER.format(name=worker, what="actors", members=json.dumps([strategy_name(n) for n in block])))
    return "".join(parts)


def _head(names: Sequence[str], venue_worker: str) -> str:
    parts = [HEAD.format(names=json.dumps(list(names)), venue_worker=venue_worker)]
    return "".join(parts + [INSTRUMENT.format(name=name) for name in names])


def tick_maker(instrument_count: int) -> Callable[[int, int], Trade]:
    """Takes (k, time); the instruments come in turn, and prices swing by a few ticks."""
    names = instruments(instrument_count)

    def tick(k: int, time_ns: int) -> Trade:
        return Trade(
            time=time_ns, source=FEED, epoch=1, sequence=k + 1, instrument=names[k % instrument_count],
            price=(BASE_TICKS + k // instrument_count % SWING_TICKS) / TICKS_PER_UNIT, size=1_000.0, side=1,
        )  # fmt: skip

    return tick
