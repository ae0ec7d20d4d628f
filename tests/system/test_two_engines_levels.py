"""Both engines are one on price levels too, where takers empty whole levels and makers wait in queues."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from letrade.actors.strategies.base import BookStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.config.desk import DeskConfig, FillsConfig
from letrade.core.ids import Random, generator
from tests.system.two_desks import MS, START, by_actors, compiled, desk
from tests.system.wild import Wild

LINEAR = "binance.BTC-USDT_USDT"
Levels = dict[tuple[int, int], int]
COUNT = 150
ASSUMED = (FillsConfig(), FillsConfig(assume="optimistic"), FillsConfig(assume="pessimistic"))


class WildOnBooks(Wild, BookStrategy):
    """Sees the middle of its book."""

    def book_changed(self) -> None:
        bid, ask = self.best_prices()
        if bid and ask:
            self._see((bid + ask) / 2)

    def state(self) -> Any:
        return {"signal": self.signal}


def change(random: Random, middle: int, book: Levels) -> Levels:
    """Levels that the middle has passed are gone; some others are new, larger, smaller or told again as they were."""
    rows = {(side, price): 0 for side, price in book if side * price > side * middle}
    for _ in range(random.randrange(1, 6)):
        side = random.choice((1, -1))
        price = middle - side * random.randrange(1, 7)
        rows[side, price] = random.choice((random.randrange(30), book.get((side, price), 0)))
    return rows


def with_levels(config: DeskConfig, random: Random) -> DeskConfig:
    middle, book, events = 1000, Levels(), list[tuple[int, Levels]]()
    for number in range(COUNT):
        middle += random.randrange(-2, 3)
        whole = number == 0 or random.random() < 0.05
        if whole:
            rows = {(side, middle - side * far): random.randrange(1, 30) for side in (1, -1) for far in range(1, 6)}
        else:
            rows = change(random, middle, book)
        book = {key: size for key, size in ({} if whole else book | rows).items() if size} or dict(rows)
        events.append((int(whole), rows))
    told = [(side, price, size) for _, rows in events for (side, price), size in rows.items()]
    side, price, size = (np.array(column) for column in zip(*told, strict=True))
    offset = np.cumsum([0, *(len(rows) for _, rows in events)])
    time = START + np.arange(COUNT, dtype=np.int64) * random.choice((10, 37, 50)) * MS
    engine = BacktestEngine(config)
    engine.add_levels(LINEAR, time, offset, side, price * 0.1, size * 0.001, np.array([whole for whole, _ in events]))
    return engine.config


@pytest.mark.parametrize("kinds", [(), ("trades",)], ids=["levels", "levels and trades"])
def test_price_levels(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    fills = 0
    for seed in range(8):
        random = generator(seed, "levels", *kinds)
        config = with_levels(desk(tmp_path, seed, kinds, names=(LINEAR,)), random)
        venue = structs.replace(config.venues[0], fills=random.choice(ASSUMED))
        actors = [
            structs.replace(each, actor_class=WildOnBooks) if each.actor_class is Wild else each
            for each in config.actors
        ]
        config = structs.replace(config, venues=[venue], actors=actors)
        ours = compiled(config)
        assert ours == by_actors(config), f"seed {seed}"
        fills += ours[0]["fills"]
    assert fills > 100
