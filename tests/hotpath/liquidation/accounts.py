"""Cross accounts for tests: as columns for the index, and drawn by chance so that they live near their end."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tests.models.liquidation_cross import SlowAccount, SlowLeg

Columns = tuple[
    NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64],
    NDArray[np.float64], NDArray[np.float64], NDArray[np.float64],
]  # fmt: skip


def columns(accounts: Sequence[SlowAccount]) -> Columns:
    """Bases, legs; instruments, segments; edges, constants, slopes."""
    legs = [leg for account in accounts for leg in account.legs]
    segments = [segment for leg in legs for segment in leg.segments]
    edges, constants, slopes = (np.array([segment[place] for segment in segments], float) for place in range(3))
    return (
        np.array([account.base for account in accounts], float),
        np.array([len(account.legs) for account in accounts], np.int64),
        np.array([leg.instrument for leg in legs], np.int64),
        np.array([len(leg.segments) for leg in legs], np.int64),
        edges, constants, slopes,
    )  # fmt: skip


class DrawnAccounts:
    """Long and short legs with tiers that join or jump, also rising, flat and absurd ones."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice

    def account(self, values: list[float]) -> SlowAccount:
        legs = [self._leg(values) for _ in range(self.dice.choice([0, 1, 1, 2, 3, 3, 5]))]
        worth = sum(abs(SlowAccount(0.0, [leg]).slack(values)) for leg in legs) + 1.0
        wanted = worth * self.dice.choice([1e-17, 1e-9, 1e-4, 1e-2, 0.1, 1.0, -1e-3]) * self.dice.random()
        return SlowAccount(wanted - SlowAccount(0.0, legs).slack(values), legs)

    def _leg(self, values: list[float]) -> SlowLeg:
        instrument = self.dice.randrange(len(values))
        value, size = values[instrument], self.dice.choice([1e-6, 1.0, 50.0]) * self.dice.random()
        if self.dice.random() < 0.1:
            return SlowLeg(instrument, ((0.0, self.dice.choice([0.0, -5.0, 1e30]), 0.0),))
        side = self.dice.choice([1, -1])
        edges = sorted({value * self.dice.uniform(0.5, 1.6) for _ in range(self.dice.choice([0, 1, 3, 6]))})
        return SlowLeg(instrument, self._tiers(side * size, value, edges))

    def _tiers(self, quantity: float, entry: float, edges: list[float]) -> tuple[tuple[float, float, float], ...]:
        rate, amount = 0.005, 0.0
        found = [(0.0, -quantity * entry, quantity - abs(quantity) * rate)]
        joins, rise = self.dice.random() < 0.5, self.dice.choice([0.005, 0.1, 0.8, -0.01, -0.5])
        for edge in edges:
            amount += abs(quantity) * edge * rise if joins else 0.0
            rate += rise
            found.append((edge, amount - quantity * entry, quantity - abs(quantity) * rate))
        return tuple(found)
