"""bourse on the same commands, one Python call each: the question is read as JSON, the answer is one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version
from typing import Any

from bourse.core import OrderBook

LIMIT, MARKET = 0, 1
NOBODY = 0


def main() -> dict[str, Any]:
    """Its time must advance before each order: orders of one time would not keep their order."""
    book = OrderBook(0, 1, True) if TICK_SIZED else OrderBook(0, True)
    made: list[int] = []
    keep = made.append
    commands = list(zip(*(ASKED[name] for name in ("op", "side", "tick", "size", "ref")), strict=True))
    cpu = time.process_time()
    for number, (op, side, tick, size, ref) in enumerate(commands):
        book.set_time(number)
        if op == LIMIT:
            keep(book.place_order(side == 0, size, NOBODY, price=tick))
        elif op == MARKET:
            keep(book.place_order(side == 0, size, NOBODY))
        else:
            keep(-1)
            book.cancel_order(made[ref])
    trades = book.get_trades()
    used = time.process_time() - cpu
    found = [len(trades), sum(trade[3] for trade in trades), *book.bid_ask()]
    return {
        "version": f"bourse {version('bourse')}", "cpu_seconds": used, "rows": len(commands),
        "right": found == ASKED["outcome"][:4],
    }  # fmt: skip


def takes_a_tick_size() -> bool:
    """Newer versions want one."""
    try:
        OrderBook(0, 1, True)
    except TypeError:
        return False
    return True


if __name__ == "__main__":
    ASKED: dict[str, Any] = json.load(sys.stdin)
    TICK_SIZED = takes_a_tick_size()
    print(json.dumps(main()))
