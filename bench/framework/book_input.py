"""Price-level updates of one book with the best prices that a right one shows on the way: known ones, else seeded."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from letrade.bench.framework.market_data import BID, book_day
from letrade.bench.framework.shared import shared_input
from letrade.hotpath.constants import BUY, SELL

CHECKS = 100
LOTS_PER_UNIT = 1_000
IntArray = np.ndarray[Any, np.dtype[np.int64]]
SideArray = np.ndarray[Any, np.dtype[np.int8]]


class BookInput(NamedTuple):
    """`checks` are places in the updates: after each of them the best bid and ask are these."""

    source: str
    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    sides: SideArray
    prices: IntArray
    sizes: IntArray
    checks: IntArray
    best_bids: IntArray
    best_asks: IntArray

    def first(self, rows: int) -> BookInput:
        """The beginning of it."""
        kept = int(np.searchsorted(self.checks, rows))
        parts = (self.sides[:rows], self.prices[:rows], self.sizes[:rows])
        return BookInput(
            self.source, self.bids, self.asks, *parts, self.checks[:kept], self.best_bids[:kept], self.best_asks[:kept]
        )

    def rows(self) -> list[tuple[int, int, int]]:
        """(side, price, size) each."""
        return list(zip(self.sides.tolist(), self.prices.tolist(), self.sizes.tolist(), strict=True))


def book_input(rows: int, seed: int) -> BookInput:
    """The first seed's are the known ones where they lie beside the checkout."""
    known = shared_input("l2_1m.npz") if seed == 1 else None
    if known is None:
        return _seeded(rows, seed)
    with np.load(known) as arrays:
        lots = {name: np.rint(arrays[name] * LOTS_PER_UNIT).astype(np.int64) for name in ("snap_qty", "qty")}
        snapshot = list(zip(arrays["snap_side"].tolist(), arrays["snap_tick"].tolist(), lots["snap_qty"].tolist(),
                            strict=True))  # fmt: skip
        sides = np.where(arrays["side"] == 0, BUY, SELL).astype(np.int8)
        checks, bids, asks = (arrays[name].astype(np.int64) for name in ("ck_i", "ck_bid", "ck_ask"))
        whole = BookInput(
            "known", [row[1:] for row in snapshot if row[0] == 0], [row[1:] for row in snapshot if row[0]], sides,
            arrays["tick"].astype(np.int64), lots["qty"], checks, bids, asks,
        )  # fmt: skip
    return whole.first(rows)


def _seeded(rows: int, seed: int) -> BookInput:
    levels = book_day(rows * 13 // 10 + 100, seed).levels
    sides = np.where(levels["side"] == BID, BUY, SELL).astype(np.int8)
    start = int(np.searchsorted(levels["ev"], 1))
    prices, sizes = levels["px"].astype(np.int64), levels["sz"].astype(np.int64)
    snapshot = list(zip(sides[:start].tolist(), prices[:start].tolist(), sizes[:start].tolist(), strict=True))
    end = start + rows
    checks = np.linspace(0, rows - 1, CHECKS + 1).astype(np.int64)[1:]
    found = BookInput(
        "seeded", [row[1:] for row in snapshot if row[0] == BUY], [row[1:] for row in snapshot if row[0] == SELL],
        sides[start:end], prices[start:end], sizes[start:end], checks, checks, checks,
    )  # fmt: skip
    best_bids, best_asks = _plain_best(found)
    return found._replace(best_bids=best_bids, best_asks=best_asks)


def _plain_best(asked: BookInput) -> tuple[IntArray, IntArray]:
    """By two dictionaries, searched whole at each check."""
    books = {BUY: dict(asked.bids), SELL: dict(asked.asks)}
    wanted, bids, asks = set(asked.checks.tolist()), [], []
    for place, (side, price, size) in enumerate(asked.rows()):
        if size:
            books[side][price] = size
        else:
            books[side].pop(price, None)
        if place in wanted:
            bids.append(max(books[BUY], default=0))
            asks.append(min(books[SELL], default=0))
    return np.array(bids, dtype=np.int64), np.array(asks, dtype=np.int64)
