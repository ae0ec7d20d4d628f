"""Seeded market data for backtests, as .npz of whole ticks and lots: quotes, bars, price levels with trades."""

from __future__ import annotations

from heapq import heappop, heappush
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]

START_NS = 1_704_067_200_000_000_000
MS = 1_000_000
MINUTE_MS = 60_000
QUOTES, BARS = 1_000_000, 500_000
QUOTE_SEED, BAR_SEED = 42, 44
TICK, LOT = 0.1, 0.001
BID, ASK = 1, 2
ADD, CHANGE, DELETE = 1, 2, 3
DEPTH = 500
"""Levels of a side in the snapshot."""
MIDDLE = 500_000


def save(path: Path, arrays: Arrays) -> Path:
    np.savez(path, allow_pickle=False, **arrays)
    return path


def quotes(rows: int = QUOTES, seed: int = QUOTE_SEED) -> Arrays:
    """One top of book every 100 ms on a random walk; the first `rows` of a million, so that any number is a prefix."""
    draw = np.random.Generator(np.random.PCG64(seed))
    middle = np.maximum(MIDDLE + np.cumsum(draw.integers(-3, 4, QUOTES)), 10_000)
    half = draw.integers(1, 3, QUOTES)
    time = START_NS + np.arange(QUOTES, dtype=np.int64) * (100 * MS)
    sizes = draw.integers(1, 20_000, QUOTES), draw.integers(1, 20_000, QUOTES)
    columns = {"ts": time, "bid": middle - half, "ask": middle + half, "bsz": sizes[0], "asz": sizes[1]}
    return {name: column[:rows] for name, column in columns.items()}


def bars(rows: int = BARS, seed: int = BAR_SEED) -> Arrays:
    """Bars of a minute, `ts` their ends."""
    draw = np.random.Generator(np.random.PCG64(seed))
    path = MIDDLE + np.cumsum(draw.integers(-20, 21, (BARS, 4)).reshape(-1)).reshape(BARS, 4)
    path = np.maximum(path, 10_000)
    time = START_NS + (np.arange(BARS, dtype=np.int64) + 1) * MINUTE_MS * MS
    volume = draw.integers(1, 100_000, BARS)
    columns = {"ts": time, "o": path[:, 0], "h": path.max(1), "l": path.min(1), "c": path[:, 3], "v": volume}
    return {name: np.ascontiguousarray(column[:rows]) for name, column in columns.items()}


class BookDay(NamedTuple):
    """Price levels and trades of one instrument, and what a right book holds at the end."""

    levels: Arrays
    trades: Arrays
    best_bid: int
    best_ask: int

    @property
    def rows(self) -> int:
        return len(self.levels["ts"]) + len(self.trades["ts"])


def book_day(rows: int, seed: int, levels_per_event: float = 4.0, milliseconds: float = 1.0) -> BookDay:
    """Five level changes to one trade; the middle moves by a tick at every fourth event, and the book never crosses.

    The first event is the snapshot. Levels near the middle go only when it moves over them, deeper ones come and go.
    `milliseconds` is the time for one row.
    """
    draw = np.random.Generator(np.random.PCG64(seed))
    events = max(2, int(rows * 5 / 6 / levels_per_event))
    time = START_NS + (np.arange(events, dtype=np.int64) + 1) * int(levels_per_event * 1.2 * milliseconds * MS)
    move = np.where(draw.random(events) < 0.25, draw.integers(0, 2, events) * 2 - 1, 0)
    middle = MIDDLE + np.cumsum(move)
    moved = _moves(draw, move, middle)
    others = _changes(draw, 1 + draw.poisson(max(levels_per_event - 1.5, 0.0), events), middle)
    event = np.concatenate((moved[0], others[0]))
    order = np.argsort(event, kind="stable")
    side, price, size = (np.concatenate(pair)[order] for pair in zip(moved[1:], others[1:], strict=True))
    levels = _with_snapshot(draw, time, event[order], side, price, size)
    return BookDay(levels, _trades(draw, rows - len(side), time, middle), *best_prices(levels))


def best_prices(levels: Arrays) -> tuple[int, int]:
    """(best bid, best ask) after all: the last size of each price decides whether it is there."""
    last = dict(
        zip(zip(levels["side"].tolist(), levels["px"].tolist(), strict=True), levels["sz"].tolist(), strict=True)
    )
    there = [key for key, size in last.items() if size > 0]
    return max(price for side, price in there if side == BID), min(price for side, price in there if side == ASK)


Rows = tuple[np.ndarray[Any, Any], ...]
"""(event, side, price, size) of level changes."""


def _moves(draw: np.random.Generator, move: np.ndarray[Any, Any], middle: np.ndarray[Any, Any]) -> Rows:
    """Where the middle rises the ask there goes and a bid comes behind it; falling, the other way round."""
    event = np.flatnonzero(move)
    gone_side = np.where(move[event] > 0, ASK, BID)
    gone = middle[event]
    come_side = np.where(move[event] > 0, BID, ASK)
    come = middle[event] - move[event]
    pairs = np.stack((gone_side, come_side), 1), np.stack((gone, come), 1)
    sizes = np.stack((np.zeros(len(event), np.int64), draw.integers(1, 5_000, len(event))), 1)
    return np.repeat(event, 2), pairs[0].reshape(-1), pairs[1].reshape(-1), sizes.reshape(-1)


def _changes(draw: np.random.Generator, counts: np.ndarray[Any, Any], middle: np.ndarray[Any, Any]) -> Rows:
    """Sizes anew, mostly near the middle; one in five of those that are not the best goes."""
    event = np.repeat(np.arange(len(counts)), counts)
    rows = len(event)
    side = np.where(draw.random(rows) < 0.5, BID, ASK)
    depth = np.minimum(draw.geometric(0.04, rows), DEPTH)
    price = middle[event] + np.where(side == BID, -depth, depth)
    goes = (draw.random(rows) < 0.2) & (depth > 3)
    return event, side, price, np.where(goes, 0, draw.integers(1, 5_000, rows))


def _with_snapshot(
    draw: np.random.Generator, time: np.ndarray[Any, Any], event: np.ndarray[Any, Any], *changes: np.ndarray[Any, Any]
) -> Arrays:
    reach = np.arange(1, DEPTH + 1)
    columns = {
        "ts": np.concatenate((np.full(2 * DEPTH, START_NS), time[event])),
        "ev": np.concatenate((np.zeros(2 * DEPTH, np.int64), event + 1)),
        "side": np.concatenate((np.repeat((BID, ASK), DEPTH), changes[0])).astype(np.int8),
        "px": np.concatenate((MIDDLE - reach, MIDDLE + reach, changes[1])),
        "sz": np.concatenate((draw.integers(1, 5_000, 2 * DEPTH), changes[2])),
    }
    columns["act"] = np.where(columns["sz"] == 0, DELETE, CHANGE).astype(np.int8)
    columns["act"][: 2 * DEPTH] = ADD
    columns["last"] = np.append(np.diff(columns["ev"]) > 0, True).astype(np.int8)
    return columns


def _trades(draw: np.random.Generator, count: int, time: np.ndarray[Any, Any], middle: np.ndarray[Any, Any]) -> Arrays:
    """Each a little after an event, at the best price that it left."""
    event = np.sort(draw.integers(0, len(time), max(count, 1)))
    side = np.where(draw.random(len(event)) < 0.5, 1, -1)
    return {
        "ts": time[event] + 100_000, "px": middle[event] + side, "sz": draw.integers(1, 2_000, len(event)),
        "side": side.astype(np.int8),
    }  # fmt: skip


def tops(levels: Arrays) -> tuple[int, float]:
    """(events, sum of best bid + best ask after each), by two dictionaries and two heaps."""
    sides: dict[int, dict[int, int]] = {BID: {}, ASK: {}}
    heaps: dict[int, list[int]] = {BID: [], ASK: []}
    events, total = 0, 0
    names = ("side", "px", "sz", "last")
    for side, price, size, last in zip(*(levels[name].tolist() for name in names), strict=True):
        if size and price not in sides[side]:
            heappush(heaps[side], -price if side == BID else price)
        if size:
            sides[side][price] = size
        else:
            sides[side].pop(price, None)
        if last:
            for each in (BID, ASK):
                while abs(heaps[each][0]) not in sides[each]:
                    heappop(heaps[each])
            events, total = events + 1, total - heaps[BID][0] + heaps[ASK][0]
    return events, float(total)
