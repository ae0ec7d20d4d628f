"""A feed of arrays that a program holds in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from letrade.core.actor import ActorConfig
from letrade.core.data.columns import CHUNK_ROWS, Chunk, Columns, IntArray, Kind, Rows, split
from letrade.core.data.messages import Teller
from letrade.core.errors import DataError
from letrade.core.feed import Feed
from letrade.core.messages.base import Message

UNITS_MAX = 1e15


class ArraysConfig(ActorConfig, frozen=True, kw_only=True):
    """`rows` are a tuple of letrade.core.data.columns, in whole units at these decimals; times are ns UTC."""

    kind: Kind
    instrument: str
    time: Any
    rows: Any
    venue_time: Any = None
    price_decimals: int = 0
    size_decimals: int = 0


class ArraysFeed(Feed):
    """The same arrays each time it is read."""

    Config: ClassVar[type[ActorConfig]] = ArraysConfig

    def columns(self) -> tuple[Columns, ...]:
        config = self.config
        return (
            Columns(
                where=f"the arrays of {self.name}",
                kind=config.kind,
                instrument=config.instrument,
                read=self._chunks,
                price_decimals=config.price_decimals,
                size_decimals=config.size_decimals,
                rows_estimate=len(config.time),
            ),
        )

    def messages(self) -> Iterator[Message]:
        return Teller(self.columns()[0], self.name).messages()

    def _chunks(self) -> Iterator[Chunk]:
        config = self.config
        time = np.ascontiguousarray(config.time, dtype=np.int64)
        rows: Rows = config.rows
        told_apart = 2 if config.kind == Kind.BARS else 1
        sequence = np.arange(1, len(time) + 1, dtype=np.int64) * told_apart
        whole = Chunk(config.kind, config.instrument, time, sequence, rows, config.venue_time)
        for first in range(0, len(time), CHUNK_ROWS):
            yield split(whole, first, min(first + CHUNK_ROWS, len(time)))


def units(values: Any, decimals: int, what: str) -> IntArray:
    """Values as whole units of 10**-decimals. DataError for what is not a number of at most 15 digits."""
    found = np.asarray(values, dtype=np.float64) * 10.0**decimals
    whole = np.rint(found)
    bad = ~np.isfinite(found) | (np.abs(found) > UNITS_MAX)
    bad |= np.abs(found - whole) > 1e-6 * np.maximum(1.0, np.abs(found) * 1e-6)
    if bad.any():
        row = int(np.argmax(bad))
        shown = np.asarray(values)[row]
        raise DataError(f"{what}: row {row}: expected a number of at most {decimals} decimals, found {shown!r}")
    return np.ascontiguousarray(whole.astype(np.int64))
