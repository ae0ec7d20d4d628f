"""Random commands to the index of cross accounts and its twin: calm, trending and jumping markets by turns."""

from __future__ import annotations

import random

import numpy as np

from letrade.hotpath.liquidation.liquidation_cross import CrossIndex
from tests.hotpath.liquidation.accounts import DrawnAccounts, columns
from tests.models.liquidation_cross import SlowCrossIndex

ACCOUNTS_MAX = 60
"""Above so many, accounts are rather removed, so that the twin stays bearable."""


class CrossCommands:
    """A market is a drift and a spread of the steps of its prices."""

    def __init__(self, seed: int, bands_per_tick: int) -> None:
        self.dice = random.Random(seed)
        self.drawn = DrawnAccounts(self.dice)
        values = [100.0, 0.5, 60_000.0, 1e-6]
        self.index = CrossIndex(np.array(values), bands_per_tick=bands_per_tick)
        self.slow = SlowCrossIndex(values)
        self.handles: list[int] = []
        self.drift, self.spread = 0.0, 1e-3
        self.done = 0
        self.fired = 0

    def run(self, commands: int, compare_each: int) -> None:
        for number in range(commands):
            self._command()
            self.done += 1
            if number % compare_each == 0:
                self.compare()
        self.compare()
        assert self.fired > commands // 100, "these accounts live too far from their end to be a test"

    def compare(self) -> None:
        told = f"after {self.done} commands"
        assert self.index.state_hash() == self.slow.state_hash(), told
        assert self.index.waiting == len(self.slow.waiting), told
        assert len(self.index) == len(self.handles), told

    def _command(self) -> None:
        chance = self.dice.random()
        if chance < 0.01:
            self.drift = self.dice.choice([0.0, 0.0, 1e-3, -1e-3])
            self.spread = self.dice.choice([1e-16, 1e-5, 1e-3, 1e-2])
        if chance < 0.75:
            self._tick()
        elif chance < 0.83:
            self._load()
        elif chance < 0.89 and self.handles:
            self._update()
        elif chance < 0.95 and self.handles:
            handle = self.dice.choice(self.handles)
            base = self.slow._slot(handle).account.base + self.dice.uniform(-0.1, 1.0)
            self.index.set_base(handle, base)
            self.slow.set_base(handle, base)
        elif chance < 0.97 + 0.03 * (len(self.handles) > ACCOUNTS_MAX) and self.handles:
            handle = self.handles.pop(self.dice.randrange(len(self.handles)))
            self.index.remove(handle)
            self.slow.remove(handle)

    def _tick(self) -> None:
        instrument = self.dice.randrange(len(self.slow.values))
        step = self.drift + self.spread * self.dice.uniform(-1, 1)
        if self.dice.random() < 0.003:
            step = self.dice.choice([0.5, -0.3, 4.0, -0.9])
        value, room = self.slow.values[instrument] * (1 + step), self.dice.choice([1, 2, 100])
        out = np.full(room + 1, -7, np.int64)
        count = self.index.tick(instrument, value, out[:room])
        told = self.slow.tick(instrument, value, room)
        assert out[:count].tolist() == told, f"after {self.done} commands, {instrument} at {value!r}"
        assert (out[count:] == -7).all()
        self.fired += count

    def _load(self) -> None:
        fresh = [self.drawn.account(self.slow.values) for _ in range(self.dice.choice([0, 1, 1, 4]))]
        handles = np.zeros(len(fresh), np.int64)
        self.index.load(*columns(fresh), handles)
        assert handles.tolist() == [self.slow.add(account) for account in fresh]
        self.handles += handles.tolist()

    def _update(self) -> None:
        handle, fresh = self.dice.choice(self.handles), self.drawn.account(self.slow.values)
        self.index.update(handle, *columns([fresh]))
        self.slow.update(handle, fresh)
