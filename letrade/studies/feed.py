"""The market of a study's world: books, marks and indexes of each step."""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Iterator

from letrade.core.actor import ActorConfig
from letrade.core.clock import MILLISECOND, SECOND
from letrade.core.config.values import Count
from letrade.core.feed import Feed
from letrade.core.messages.base import Message
from letrade.core.messages.market import BookSnapshot, IndexPrice, MarkPrice
from letrade.studies.paths import BTC, Course, Path, path_of

ORIGIN = 1_760_000_000 * SECOND
LEVELS = 8
LEVEL_NOTIONAL = 120_000.0
"""Of each level of a quiet book."""
SPREAD, SPACING = 0.0001, 0.0003
"""Of a quiet book, as shares of the price; wider by the root of how thin it is."""
EPOCH = 1


class WorldFeedConfig(ActorConfig, frozen=True, kw_only=True):
    """Which world."""

    scenario: str
    seed: Count
    file: str = ""
    """Recorded bars in place of a seeded course; the seed is the day."""


class WorldFeed(Feed):
    """Every step: the book, then the index, then the mark."""

    Config = WorldFeedConfig

    def path(self) -> Path:
        return self.path_of(self.config)

    @staticmethod
    def path_of(config: WorldFeedConfig) -> Path:
        return _path_of(config)

    def messages(self) -> Iterator[Message]:
        return iter(_messages(self.name, self.config))


@functools.lru_cache(maxsize=2)
def _path_of(config: WorldFeedConfig) -> Path:
    """The same world is run many times."""
    if config.file:
        from letrade.studies.recorded import recorded_path

        return recorded_path(config.file, config.seed)
    return path_of(config.scenario, config.seed)


@functools.lru_cache(maxsize=2)
def _messages(source: str, config: WorldFeedConfig) -> tuple[Message, ...]:
    path = _path_of(config)
    found: list[Message] = []
    for step in range(path.steps):
        time = time_of(path, step)
        for instrument, course in path.courses.items():
            for kind in (book_at, index_at, mark_at):
                message = kind(source, instrument, course, step, time, len(found) + 1)
                if message is not None:
                    found.append(message)
    return tuple(found)


def time_of(path: Path, step: int) -> int:
    return ORIGIN + round(step * path.step_seconds * SECOND) + 250 * MILLISECOND


def book_at(source: str, name: str, course: Course, step: int, time: int, sequence: int) -> Message:
    price, depth = course.traded[step], course.depths[step]
    tick, lot = (0.1, 0.001) if name == BTC else (0.01, 0.01)
    wide = 1 / math.sqrt(depth)
    sides = []
    for side in (-1, 1):
        levels: list[float] = []
        for level in range(LEVELS):
            at = price * (1 + side * wide * (SPREAD / 2 + SPACING * level))
            ticks = math.floor(at / tick) if side < 0 else math.ceil(at / tick)
            size = max(1, round(LEVEL_NOTIONAL * depth / price / lot))
            levels += (float(f"{ticks * tick:.2f}"), float(f"{size * lot:.3f}"))
        sides.append(struct.pack(f"<{len(levels)}d", *levels))
    return BookSnapshot(
        time=time, source=source, epoch=EPOCH, sequence=sequence, instrument=name, last_update=step + 1,
        bids=sides[0], asks=sides[1],
    )  # fmt: skip


def index_at(source: str, name: str, course: Course, step: int, time: int, sequence: int) -> Message:
    price = float(f"{course.indexes[step]:.8g}")
    return IndexPrice(time=time, source=source, epoch=EPOCH, sequence=sequence, instrument=name, price=price)


def mark_at(source: str, name: str, course: Course, step: int, time: int, sequence: int) -> Message | None:
    price = float(f"{course.marks[step]:.8g}")
    if not price:
        return None
    return MarkPrice(time=time, source=source, epoch=EPOCH, sequence=sequence, instrument=name, price=price)
