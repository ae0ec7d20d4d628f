"""Desks at the edges, drawn from a seed: odd grids, tight money and limits, books, jitter, crowds of strategies."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import numpy as np

from letrade.actors.strategies.base import BookStrategy
from letrade.assembly import assemble
from letrade.core.config.desk import DeskConfig
from letrade.core.ids import Random, generator
from letrade.core.messages.base import Timer
from tests.system.two_desks import MS, START, data
from tests.system.wild import Wild

GRIDS = [("0.1", "0.001"), ("0.0000000001", "1000000000"), ("0.00000001", "125000000000"), ("0.5", "0.00000001"),
         ("2.5", "0.25")]  # fmt: skip
"""Ticks and lots: ordinary; prices of 1e-7; orders of 5e12; lots of a satoshi; steps that are no powers of ten."""
BOOK_GRIDS = [("0.1", "0.001"), ("0.0000000001", "1"), ("0.00001", "0.00000001")]
"""Of books: steps that are powers of ten."""
MIDDLE = 1000
"""Ticks: about where the data begin."""
HEAD = """
[desk]
name = "odd"
step = "{step}"
on_stop = "{on_stop}"
[[venue]]
name = "binance"
order_latency = "{latency}"
response_latency = "{response}"
maker_fee = "{maker_fee}"
taker_fee = "{taker_fee}"
max_leverage = "{leverage}"
[venue.latency]
jitter = "{jitter}"
reject = {reject}
[venue.fills]
assume = "{assume}"
[[account]]
name = "paper"
venue = "binance"
balances = {{ USDT = "{cash}" }}
[[account]]
name = "second"
venue = "binance"
balances = {{ USDT = "{second}" }}
[risk]
stale_after = "{stale}"
"""
INSTRUMENT = """
[[instrument]]
name = "{name}"
tick = "{tick}"
lot = "{lot}"
"""
FEED = """
[[feed]]
name = "{kind}-{place}"
kind = "npz"
file = "{file}"
instrument = "{name}"
"""
STRATEGY = """
[[actor]]
name = "wild-{place}"
class = "{path}"
instrument = "{name}"
account = "{account}"
seed = {seed}
every = {every}
lots_max = {lots}
limits = {limits}
"""


class WildBook(Wild, BookStrategy):
    """Looks at its book by timer."""

    EVERY_NS: ClassVar[int] = 70 * MS

    def start(self) -> None:
        self.set_timer((self.now() // self.EVERY_NS + 1) * self.EVERY_NS, "look")

    def on_timer(self, timer: Timer) -> None:
        self.start()
        bid, ask = self.best_prices()
        if bid and ask:
            self._see((bid + ask) / 2)


def levels(seed: int, count: int, file: Path) -> None:
    """A book of ten levels a side whose middle wanders; whatever is crossed is taken away first."""
    drawn = np.random.Generator(np.random.PCG64(seed))
    book = {1: {MIDDLE - 1 - place: 20 for place in range(10)}, 2: {MIDDLE + 1 + place: 20 for place in range(10)}}
    rows = [(START, 0, 1, side, price, size) for side in (1, 2) for price, size in book[side].items()]
    middle, time, event = MIDDLE, START, 0
    for _ in range(1, count):
        middle, time = middle + int(drawn.integers(-2, 3)), time + int(drawn.integers(1, 60 * MS))
        wanted = {1: {}, 2: {}}  # type: dict[int, dict[int, int]]
        for place in range(10):
            for side, away in ((1, -1), (2, 1)):
                wanted[side][middle + away * (1 + place)] = int(drawn.integers(1, 60))
        changed = [(3, side, price, 0) for side in (1, 2) for price in book[side] if price not in wanted[side]]
        for side in (1, 2):
            for price, size in wanted[side].items():
                if book[side].get(price) is None or drawn.random() < 0.2:
                    changed.append((1 if price not in book[side] else 2, side, price, size))
        event += bool(changed)  # a number left out would be a gap
        rows += [(time, event, *change) for change in changed]
        book = wanted
    columns = np.array(rows, dtype=np.int64).T
    last = np.append(columns[1][1:] != columns[1][:-1], True).astype(np.int8)
    np.savez(file, ts=columns[0], ev=columns[1], act=columns[2].astype(np.int8), side=columns[3].astype(np.int8),
             px=columns[4], sz=columns[5], last=last)  # fmt: skip


def limits(worth: Decimal, lot: Decimal, random: Random) -> str:
    """Each of them one time in five, where it binds."""
    values = {
        "max_order_size": f'"{lot * random.choice([5, 17, 30]):f}"',
        "max_order_notional": f'"{worth * random.choice([5, 25]):f}"',
        "max_position_notional": f'"{worth * random.choice([10, 40]):f}"',
        "max_gross_exposure": f'"{worth * random.choice([20, 50]):f}"',
        "price_band": random.choice(['"0.001"', '"0.004"']),
        "max_orders_per_second": random.choice(["1", "6"]),
    }
    return "".join(f"{key} = {value}\n" for key, value in values.items() if random.random() < 0.2)


def odd_desk(folder: Path, seed: int, kind: str, names: tuple[str, ...], count: int = 100) -> DeskConfig:
    """Three strategies to an instrument, most of them on one account, some wanting the contrary of others."""
    random = generator(seed, kind, *names)
    tick, lot = random.choice(BOOK_GRIDS if kind == "levels" else GRIDS)
    worth = Decimal(tick) * Decimal(lot) * MIDDLE
    latency = random.choice(["10ms", "37ms", "130ms"])
    text = HEAD.format(
        step=random.choice(["10ms", latency]),
        on_stop=random.choice(["keep", "cancel"]),
        latency=latency,
        response=random.choice(["0ns", "3ms", "70ms"]),
        maker_fee=random.choice(["0", "0.0002", "-0.0001"]),
        taker_fee=random.choice(["0.0005", "0.00045"]),
        leverage=random.choice(["20", "1", "3"]),
        jitter=random.choice(["0ns", "0ns", "25ms"]),
        reject=random.choice(["0", "0", "0.05"]),
        assume=random.choice(["default", "optimistic", "pessimistic"]),
        cash=f"{worth * random.choice([60, 120, 500, 10**8]):f}",
        second=f"{worth * 90:f}",
        stale=random.choice(["1d", "2m", "60ms"]),
    )
    text += limits(worth, Decimal(lot), random)
    for place, name in enumerate(names):
        text += INSTRUMENT.format(name=name, tick=tick, lot=lot)
        if random.random() < 0.3:
            text += f'min_size = "{Decimal(lot) * 3:f}"\n'
        if random.random() < 0.3:
            text += f'min_notional = "{worth * 4:f}"\n'
        file = folder / f"{kind}-{place}.npz"
        if kind == "levels":
            levels(random.randrange(10**9), count, file)
        else:
            data(kind, random.randrange(10**9), count, file, random)
        text += FEED.format(kind=kind, place=place, file=file, name=name)
    path = "tests.system.odd_desks.WildBook" if kind == "levels" else "tests.system.wild.Wild"
    for place in range(3 * len(names)):
        text += STRATEGY.format(
            place=place, path=path, name=names[place % len(names)], account=random.choice(["paper", "paper", "second"]),
            every=random.choice([1, 2, 5]), seed=random.randrange(10**6), lots=random.choice([4, 40]),
            limits=str(random.random() < 0.6).lower(),
        )  # fmt: skip
    (folder / "desk.toml").write_text(text)
    return assemble(folder / "desk.toml", {})
