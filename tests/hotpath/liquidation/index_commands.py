"""Random commands to the index of liquidation prices and its twin: markets that jump, bounce, crowd and spread."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from letrade.hotpath.liquidation.liquidation_index import LiquidationIndex
from tests.models.liquidation_index import SlowLiquidationIndex

POSITIONS_MAX = 300
"""Above so many, positions are rather removed, so that the twin stays bearable."""


class IndexCommands:
    """Prices are drawn around the mark, on a grid that makes many equal, or over all doubles."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.index, self.slow = LiquidationIndex(), SlowLiquidationIndex()
        self.handles: list[int] = []
        self.gone: list[int] = []
        self.middle = 100.0
        self.spread = 0.3
        self.done = 0

    def run(self, commands: int, compare_each: int) -> None:
        for number in range(commands):
            self._command()
            self.done += 1
            if number % compare_each == 0:
                self.compare()
        self.compare()

    def compare(self) -> None:
        told = f"after {self.done} commands"
        assert self.index.state_hash() == self.slow.state_hash(), told
        assert self.index.nearest() == self.slow.nearest(), told
        assert self.index.waiting == len(self.slow.waiting), told
        assert len(self.index) == len(self.handles), told
        for handle in self.handles[:5]:
            assert self.index.price(handle) == self.slow.price(handle), told

    def _command(self) -> None:
        chance = self.dice.random()
        if chance < 0.01:
            self.spread = self.dice.choice([1e-15, 1e-3, 0.3, 0.99])
        if chance < 0.3:
            self._mark()
        elif chance < 0.55:
            self._add()
        elif chance < 0.75 and self.handles:
            self._move()
        elif chance < 0.8 + 0.2 * (len(self.handles) > POSITIONS_MAX) and self.handles:
            self._remove()
        elif chance < 0.82:
            self._load()
        elif chance < 0.84 and self.handles:
            self._move_many()
        elif chance < 0.88 and self.handles:
            self._move_by_turns()

    def _price(self) -> float:
        dice = self.dice
        if dice.random() < 0.02:
            return dice.choice([5e-324, 1e-300, 1e300, 1.7976931348623157e308, 1e-5])
        price = self.middle * (1 + self.spread * dice.uniform(-1, 1))
        return dice.choice([price, float(round(price)) or 1.0, math.nextafter(self.middle, math.inf), self.middle])

    def _side(self) -> int:
        return self.dice.choice([1, -1])

    def _mark(self) -> None:
        dice = self.dice
        self.middle *= 1 + dice.choice([0.0, 1e-16, 1e-6, 1e-3, 0.05]) * dice.uniform(-1, 1)
        mark = dice.choice([self.middle] * 8 + [self._price()])
        room = dice.choice([1, 3, 1000])
        out = np.full(room + 1, -7, np.int64)
        count = self.index.mark(mark, out[:room])
        assert out[:count].tolist() == self.slow.mark(mark, room), f"after {self.done} commands, mark {mark}"
        assert (out[count:] == -7).all()

    def _add(self) -> None:
        side, price = self._side(), self._price()
        self.handles.append(self.index.add(side, price))
        assert self.handles[-1] == self.slow.add(side, price), f"after {self.done} commands"

    def _move(self) -> None:
        handle, price = self.dice.choice(self.handles), self._price()
        self.index.move(handle, price)
        self.slow.move(handle, price)

    def _remove(self) -> None:
        handle = self.handles.pop(self.dice.randrange(len(self.handles)))
        self.index.remove(handle)
        self.slow.remove(handle)
        self.gone.append(handle)

    def _load(self) -> None:
        sides = [self._side() for _ in range(self.dice.randrange(40))]
        prices = [self._price() for _ in sides]
        handles = np.zeros(len(sides), np.int64)
        self.index.load(np.array(sides, np.int8), np.array(prices), handles)
        assert handles.tolist() == [self.slow.add(*row) for row in zip(sides, prices, strict=True)]
        self.handles += handles.tolist()

    def _move_by_turns(self) -> None:
        """Many moves in a row: of one position again, of those that sleep or wait, of handles of the past."""
        for handle in self.dice.choices(self.handles, k=self.dice.choice([15, 16, 17, 40])):
            price = self._price()
            self.index.move(handle, price)
            self.slow.move(handle, price)
            if self.gone and self.dice.random() < 0.05:
                with pytest.raises(KeyError):
                    self.index.move(self.dice.choice(self.gone), price)

    def _move_many(self) -> None:
        handles = self.dice.choices(self.handles, k=self.dice.choice([1, 5, 60]))
        prices = [self._price() for _ in handles]
        self.index.move_many(np.array(handles), np.array(prices))
        for handle, price in zip(handles, prices, strict=True):
            self.slow.move(handle, price)
