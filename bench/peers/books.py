"""Price-level books of other projects on the same updates: the question is read as JSON, the answer is one line."""

from __future__ import annotations

import json
import sys
import time
from collections import deque
from collections.abc import Callable
from importlib.metadata import version
from itertools import starmap
from typing import Any

Known = list[tuple[int, int]]
BUY = 1


class Kept:
    """A book of another project: `rows` are made before the clock starts."""

    def __init__(self) -> None:
        self.update: Callable[..., object]
        self.best: Callable[[], tuple[int, int]]
        self.rows: list[tuple[Any, ...]] = []


def order_book() -> Kept:
    from order_book import OrderBook

    book, kept = OrderBook(), Kept()
    sides = {1: book.bids, -1: book.asks}

    def update(side: int, price: int, size: int) -> None:
        if size:
            sides[side][price] = size
        elif price in sides[side]:
            del sides[side][price]

    kept.update, kept.best = update, lambda: (book.bids.index(0)[0], book.asks.index(0)[0])
    return kept


def sortedcontainers() -> Kept:
    from sortedcontainers import SortedDict

    sides, kept = {1: SortedDict(), -1: SortedDict()}, Kept()

    def update(side: int, price: int, size: int) -> None:
        if size:
            sides[side][price] = size
        else:
            sides[side].pop(price, None)

    kept.update, kept.best = update, lambda: (sides[1].peekitem(-1)[0], sides[-1].peekitem(0)[0])
    return kept


def nautilus() -> Kept:
    """Deltas are made before the clock starts, as prices and sizes are elsewhere."""
    from nautilus_trader.model.book import OrderBook
    from nautilus_trader.model.data import BookOrder, OrderBookDelta
    from nautilus_trader.model.enums import BookAction, BookType, OrderSide
    from nautilus_trader.model.identifiers import InstrumentId
    from nautilus_trader.model.objects import Price, Quantity

    name = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
    book, kept = OrderBook(name, BookType.L2_MBP), Kept()
    sides = {1: OrderSide.BUY, -1: OrderSide.SELL}

    def made(side: int, price: int, size: int) -> tuple[OrderBookDelta]:
        order = BookOrder(sides[side], Price(price, 0), Quantity(size, 0), price)
        return (OrderBookDelta(name, BookAction.UPDATE if size else BookAction.DELETE, order, 0, 0, 0, 0),)

    for row in [*((1, *level) for level in ASKED["bids"]), *((-1, *level) for level in ASKED["asks"])]:
        book.apply_delta(*made(*row))
    kept.rows = list(starmap(made, zip(ASKED["sides"], ASKED["prices"], ASKED["sizes"], strict=True)))
    kept.update, kept.best = book.apply_delta, lambda: (int(book.best_bid_price()), int(book.best_ask_price()))
    return kept


def keep(kept: Kept) -> tuple[float, bool]:
    """Seconds of CPU, and whether the best prices are the known ones."""
    if not kept.rows:
        deque((kept.update(1, *level) for level in ASKED["bids"]), maxlen=0)
        deque((kept.update(-1, *level) for level in ASKED["asks"]), maxlen=0)
        kept.rows = list(zip(ASKED["sides"], ASKED["prices"], ASKED["sizes"], strict=True))
    used, begun, right = 0.0, 0, True
    ends = [check + 1 for check in ASKED["checks"]]
    for end, *best in zip(ends, ASKED["best_bids"], ASKED["best_asks"], strict=True):
        part = kept.rows[begun:end]
        cpu = time.process_time()
        deque(starmap(kept.update, part), maxlen=0)
        used += time.process_time() - cpu
        begun, right = end, right and list(kept.best()) == best
    return used, right


def polars() -> tuple[float, bool]:
    """The best prices of all rows at once."""
    import polars as pl
    import polars_order_book as pob

    levels = [*((True, *level) for level in ASKED["bids"]), *((False, *level) for level in ASKED["asks"])]
    snapshot = len(levels)
    is_bid = [level[0] for level in levels] + [side == BUY for side in ASKED["sides"]]
    price = [level[1] for level in levels] + ASKED["prices"]
    size = [level[2] for level in levels] + ASKED["sizes"]
    frame = pl.DataFrame({"is_bid": is_bid, "price": price, "qty": size})
    expression = pob.top_n_levels_from_price_updates(pl.col("price"), pl.col("qty"), pl.col("is_bid"), n=1)
    cpu = time.process_time()
    found = frame.select(expression.alias("top")).unnest("top")
    used = time.process_time() - cpu
    columns = [found[name].to_list() for name in ("bid_price_1", "ask_price_1")]
    wanted = zip(ASKED["checks"], ASKED["best_bids"], ASKED["best_asks"], strict=True)
    return used, all([column[place + snapshot] for column in columns] == best for place, *best in wanted)


def main() -> dict[str, Any]:
    makers = {"order_book": order_book, "sortedcontainers": sortedcontainers, "nautilus": nautilus}
    packages = {"order_book": "order-book", "nautilus": "nautilus_trader", "polars_order_book": "polars-order-book"}
    task = ASKED["task"]
    used, right = keep(makers[task]()) if task in makers else polars()
    package = packages.get(task, task)
    rows = ASKED["checks"][-1] + 1 if task in makers else len(ASKED["prices"])
    return {"version": f"{package} {version(package)}", "cpu_seconds": used, "rows": rows, "right": right}


if __name__ == "__main__":
    ASKED: dict[str, Any] = json.load(sys.stdin)
    print(json.dumps(main()))
