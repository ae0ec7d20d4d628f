"""Random commands to the L2 book and its twin: calm and wild markets by turns, compared as they go."""

from __future__ import annotations

import random

import numpy as np

from letrade.hotpath.book import Book
from tests.models.book import BUY, SELL, SlowBook

PRICE_MAX = 2**62
SIZE_MAX = 2**62
TURN_COMMANDS = 200
"""A market stays as it is for about so many commands."""
LEVELS_MAX = 600
"""More levels than that on a side are cleared, so that the twin stays bearable."""


class BookCommands:
    """Each market is a way to draw prices: near the touch, wide, sparse, anywhere, at both ends of what is legal."""

    def __init__(self, seed: int, *, heal_crossed: bool) -> None:
        self.dice = random.Random(seed)
        self.book = Book(heal_crossed=heal_crossed)
        self.slow = SlowBook(heal_crossed=heal_crossed)
        self.middle = 100_000
        self.reach, self.step = 30, 1
        self.sides: tuple[int, ...] = (BUY, SELL)
        self.done = 0

    def run(self, commands: int, compare_each: int) -> None:
        for number in range(commands):
            self._command()
            self.done += 1
            if number % compare_each == 0:
                self.compare()
        self.compare()

    def compare(self) -> None:
        book, slow = self.book, self.slow
        assert book.state_hash() == slow.state_hash(), f"after {self.done} commands"
        assert book.best() == slow.best()
        assert book.is_crossed() == slow.is_crossed()
        assert book.imbalance(7) == slow.imbalance(7)
        for side in (BUY, SELL):
            count = self.dice.choice([1, 5, 50, 10_000])
            assert book.depth(side, count) == slow.depth(side, count)
            assert book.levels(side) == len(slow.sizes[side])
            assert book.sweep(side, 10**6) == slow.sweep(side, 10**6, None)

    def _command(self) -> None:
        chance = self.dice.random()
        if chance < 1 / TURN_COMMANDS:
            self._turn()
        if chance < 0.75:
            row = self._row()
            assert self.book.update(*row) == self.slow.update(*row), f"after {self.done} commands, {row}"
        elif chance < 0.9:
            self._delete_best()
        elif chance < 0.93:
            rows = self._rows()
            assert self.book.apply_packed(np.array(rows, np.int64).tobytes()) == self.slow.apply_rows(rows)
        elif chance < 0.97:
            self._batch()
        elif chance > 0.9985:
            self._reload()
        assert self.book.best() == self.slow.best(), f"after {self.done} commands"

    def _turn(self) -> None:
        """Another market, now and then somewhere else, now and then with one side alone."""
        dice = self.dice
        self.sides = dice.choice([(BUY, SELL), (BUY, SELL), (BUY,), (SELL,)])
        self.reach, self.step = dice.choice([(30, 1), (30, 1), (2_000, 1), (200_000, 1), (400, 5_000), (10, 2**40)])
        where = dice.random()
        if where < 0.2:
            self.middle = dice.choice([1, 10, PRICE_MAX, PRICE_MAX // 2, 2**63 - 1, dice.randrange(1, PRICE_MAX)])
        elif where < 0.6:
            self.middle = min(max(self.middle + dice.randrange(-300_000, 300_000), 1), 2**63 - 1)
        for side in (BUY, SELL):
            if len(self.slow.sizes[side]) > LEVELS_MAX:
                self.book.load([], [])
                self.slow.load([], [])

    def _row(self) -> tuple[int, int, int]:
        dice = self.dice
        self.middle = min(max(self.middle + dice.randrange(-3, 4) * min(self.step, 3), 1), 2**63 - 1)
        side = dice.choice(self.sides)
        away = int(dice.random() ** 2 * self.reach) - 2
        price = min(max(self.middle - side * away * self.step, 1), 2**63 - 1)
        size = 0 if dice.random() < 0.4 else dice.choice([1, dice.randrange(1, 1000), SIZE_MAX])
        return side, price, size

    def _rows(self) -> list[tuple[int, int, int]]:
        return [self._row() for _ in range(self.dice.randrange(25))]

    def _delete_best(self) -> None:
        side = self.dice.choice((BUY, SELL))
        best = self.slow.best_of(side)
        if best is not None:
            assert self.book.update(side, best[0], 0)
            self.slow.update(side, best[0], 0)

    def _batch(self) -> None:
        rows = self._rows()
        sides, prices, sizes = np.array(rows, np.int64).reshape(-1, 3).T
        bids, asks = np.full(len(rows), -7), np.full(len(rows), -7)
        changed = self.book.apply_batch(sides.astype(np.int8), prices.copy(), sizes.copy(), bids, asks)
        told = []
        for row in rows:
            told.append(self.slow.update(*row))
            best = self.slow.best()
            assert [bids[len(told) - 1], asks[len(told) - 1]] == [level[0] if level else 0 for level in best]
        assert changed == any(told)

    def _reload(self) -> None:
        if self.dice.random() < 0.5:
            kept = self.book.dump()
            self.book.clear()
            self.book.load_bytes(kept)
            assert self.book.dump() == kept
            return
        sides = [[row[1:] for row in self._rows()] for _ in range(2)]
        self.book.load(*sides)
        self.slow.load(*sides)
