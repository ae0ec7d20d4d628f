"""Seeded positions and cross accounts of an instrument list, as the benchmarks of liquidation use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Column = np.ndarray[tuple[int], np.dtype[Any]]

MARK = 60_000.0
FLOORS = np.array([0.0, 5e3, 2.5e4, 1e5, 1e6, 1e7])
RATES = np.array([0.004, 0.005, 0.01, 0.02, 0.05, 0.1])
AMOUNTS = np.concatenate(([0.0], np.cumsum(FLOORS[1:] * np.diff(RATES))))
"""Maintenance tiers that join: rate × value − amount."""


@dataclass(frozen=True)
class Positions:
    """Isolated positions around a mark of 60,000: both sides, from 0.1 % to 40 % away, more of them near."""

    sides: Column
    prices: Column
    quantities: Column
    entries: Column
    margins: Column


def drawn_prices(draw: np.random.Generator, sides: Column) -> Column:
    return MARK * (1.0 - sides * (0.001 + 0.4 * draw.random(len(sides)) ** 1.5))


def positions(count: int, seed: int) -> Positions:
    draw = np.random.default_rng(seed)
    sides = np.where(draw.random(count) < 0.5, 1, -1).astype(np.int8)
    worth = np.exp(draw.normal(9.0, 2.0, count))
    entries = MARK * (1.0 + 0.1 * draw.normal(size=count))
    return Positions(sides, drawn_prices(draw, sides), sides * worth / MARK, entries, worth * draw.uniform(0.02, 0.5))


@dataclass(frozen=True)
class Accounts:
    """Cross accounts of three positions each, in the columns that a CrossIndex loads."""

    values: Column
    bases: Column
    legs: Column
    instruments: Column
    segments: Column
    edges: Column
    constants: Column
    slopes: Column

    def slacks(self, values: Column) -> Column:
        """Of all accounts, each computed whole, added up in the order of its legs."""
        value = values[self.instruments]
        edges = self.edges.reshape(len(value), -1)
        tier = (edges <= value[:, None]).sum(axis=1) - 1
        rows = np.arange(len(value))
        parts = self.constants.reshape(edges.shape)[rows, tier] + self.slopes.reshape(edges.shape)[rows, tier] * value
        slacks = self.bases.copy()
        for leg in range(len(parts) // len(slacks)):
            slacks += parts.reshape(len(slacks), -1)[:, leg]
        return slacks


def accounts(count: int, instruments: int, seed: int) -> Accounts:
    """Two of three long; equity is 2 to 32 % of what the three are worth together."""
    draw = np.random.default_rng(seed)
    values = np.exp(draw.normal(3.0, 2.0, instruments))
    held = np.argsort(draw.random((count, instruments)), axis=1)[:, :3].astype(np.int64)
    sides = np.where(draw.random((count, 3)) < 0.7, 1.0, -1.0)
    worth = np.exp(draw.normal(8.0, 1.5, (count, 3)))
    sizes = worth / values[held]
    edges = FLOORS / sizes[..., None]
    constants = AMOUNTS - (sides * worth)[..., None]
    slopes = (sides * sizes)[..., None] - sizes[..., None] * RATES
    bases = worth.sum(axis=1) * draw.uniform(0.02, 0.32, count)
    legs, segments = np.full(count, 3), np.full(3 * count, len(FLOORS))
    return Accounts(values, bases, legs, held.ravel(), segments, edges.ravel(), constants.ravel(), slopes.ravel())
