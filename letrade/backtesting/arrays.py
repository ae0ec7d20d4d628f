"""A feed of arrays that a program holds in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from letrade.core.actor import ActorConfig
from letrade.core.data.columns import CHUNK_ROWS, Chunk, Columns, Kind, Rows, split
from letrade.core.data.messages import Teller
from letrade.core.feed import Feed
from letrade.core.messages.base import Message


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
        whole = whole_chunk(self.config)
        for first in range(0, whole.count, CHUNK_ROWS):
            yield split(whole, first, min(first + CHUNK_ROWS, whole.count))


def whole_chunk(config: ArraysConfig) -> Chunk:
    """All rows at once; a bar has two sequence numbers, the first for its open."""
    time = np.ascontiguousarray(config.time, dtype=np.int64)
    rows: Rows = config.rows
    told_apart = 2 if config.kind == Kind.BARS else 1
    sequence = np.arange(1, len(time) + 1, dtype=np.int64) * told_apart
    return Chunk(config.kind, config.instrument, time, sequence, rows, config.venue_time)
