"""How fast is a price-level book kept: one Python call an update, a packed message of 20, a numpy batch?"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import starmap
from typing import Any

import numpy as np

from letrade.bench.framework.book_input import BookInput, book_input
from letrade.bench.framework.peers import PeerAnswer, ask
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_least, at_most
from letrade.core.clock import SECOND, process_cpu_ns
from letrade.hotpath.book import Book

ROWS, QUICK_ROWS = 1_000_000, 20_000
PEER_ROWS = 200_000
MESSAGE_LEVELS = 20
ROUNDS = 3
CHECKED = "best bid and ask at each known place"
SINGLE_GOAL, PACKED_GOAL = (at_most(40, "ns"),), (at_most(400, "ns"),)
BATCH_GOAL = (at_least(80_000_000, "updates/s"),)


def answer(run: Run) -> Iterator[Result]:
    """Each round starts from a fresh copy of the snapshot, which is not timed."""
    data = book_input(run.count(ROWS, QUICK_ROWS), run.seed)
    few = data.first(min(PEER_ROWS, len(data.prices)))
    run.say("book_updates: single calls")
    yield _single(run, data, few)
    run.say("book_updates: packed messages")
    yield _packed(run, data)
    run.say("book_updates: batch")
    yield _batch(run, data, few)


def fresh(data: BookInput) -> Book:
    book = Book()
    book.load(data.bids, data.asks)
    return book


def _single(run: Run, data: BookInput, few: BookInput) -> Result:
    rows = data.rows()
    ns = _best(data, lambda book: deque(starmap(book.update, rows), maxlen=0)) / len(rows)
    loop = _best(data, lambda book: deque(starmap(_nothing, rows), maxlen=0)) / len(rows)
    right = True
    book, begun = fresh(data), 0
    for place, bid, ask_ in zip(data.checks.tolist(), data.best_bids.tolist(), data.best_asks.tolist(), strict=True):
        deque(starmap(book.update, rows[begun : place + 1]), maxlen=0)
        begun = place + 1
        best = book.best()
        right = right and best[0] is not None and best[1] is not None and (best[0][0], best[1][0]) == (bid, ask_)
    peers = [ask("books", task=task, **_asked(few)) for task in ("nautilus", "order_book", "sortedcontainers")]
    note = (
        f"{data.source} updates, the loop around the calls included; with an empty Python function it is {loop:.0f} ns"
    )
    return _result(run, "book_updates.single", ns, "ns", right, SINGLE_GOAL, peers, note)


def _nothing(side: int, price: int, size: int) -> bool:
    return False


def _packed(run: Run, data: BookInput) -> Result:
    table = np.column_stack((data.sides.astype(np.int64), data.prices, data.sizes))
    whole = len(table) // MESSAGE_LEVELS * MESSAGE_LEVELS
    messages = [table[start : start + MESSAGE_LEVELS].tobytes() for start in range(0, whole, MESSAGE_LEVELS)]
    ns = _best(data, lambda book: deque(map(book.apply_packed, messages), maxlen=0)) / len(messages)
    packed, plain = fresh(data), fresh(data)
    deque(map(packed.apply_packed, messages), maxlen=0)
    deque(starmap(plain.update, data.rows()[:whole]), maxlen=0)
    right = packed.state_hash() == plain.state_hash()
    note = f"a message of {MESSAGE_LEVELS} levels; {data.source} updates"
    result = _result(run, "book_updates.packed", ns, "ns", right, PACKED_GOAL, [], note)
    result.what_was_checked = "the levels are those that single calls leave"
    return result


def _batch(run: Run, data: BookInput, few: BookInput) -> Result:
    count = len(data.prices)
    bids, asks = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    used = _best(data, lambda book: book.apply_batch(data.sides, data.prices, data.sizes, bids, asks))
    right = bool((bids[data.checks] == data.best_bids).all() and (asks[data.checks] == data.best_asks).all())
    right = right and bool((bids < asks).all())
    copied = _best(data, lambda book: np.add(data.prices, data.sides, out=bids) + np.add(data.sizes, 0, out=asks))
    peer = ask("books", task="polars_order_book", **_asked(few))
    note = f"best bid and ask after each row; {data.source} updates; the floor reads and writes as many bytes"
    result = _result(run, "book_updates.batch", used / count, "ns", right, (), [peer], note)
    result.unit, result.better = "updates/s", "higher"
    result.value = round(SECOND / result.value)
    result.floor = round(count * SECOND / copied)
    if result.peer_value:
        result.peer_value = round(SECOND / result.peer_value)
    return result.judge(BATCH_GOAL)


def _best(data: BookInput, work: Callable[[Book], object]) -> int:
    """Nanoseconds of CPU in the best round."""
    found = []
    for _ in range(ROUNDS):
        book = fresh(data)
        began = process_cpu_ns()
        work(book)
        found.append(process_cpu_ns() - began)
    return max(1, min(found))


def _asked(data: BookInput) -> dict[str, object]:
    """What the peers get, by value: they read no file of ours."""
    columns: dict[str, np.ndarray[Any, Any]] = {
        "sides": data.sides,
        "prices": data.prices,
        "sizes": data.sizes,
        "checks": data.checks,
    }
    columns |= {"best_bids": data.best_bids, "best_asks": data.best_asks}
    return {"bids": data.bids, "asks": data.asks, **{name: column.tolist() for name, column in columns.items()}}


def _result(
    run: Run, name: str, ns: float, unit: str, right: bool, goals: tuple[Goal, ...], peers: list[PeerAnswer], note: str
) -> Result:  # fmt: skip
    """The best of the peers is the one to compare with; the others stand in the note."""
    result = Result(
        name=name, value=round(ns, 2), unit=unit, better="lower", checked=right, seed=run.seed,
        what_was_checked=CHECKED, note=note,
    )  # fmt: skip
    remarks = [note, *(peer.missing for peer in peers if peer.missing)]
    known = sorted(
        (1e9 / peer.rate(), peer.said["version"]) for peer in peers if not peer.missing and peer.said["right"]
    )
    if known:
        result.peer_value, result.peer = round(known[0][0], 1), known[0][1]
        remarks += [f"{version} {each:,.0f} ns" for each, version in known[1:]]
    remarks += [f"{peer.said['version']} was wrong" for peer in peers if not peer.missing and not peer.said["right"]]
    result.note = "; ".join(remarks)
    return result.judge(goals)


QUESTION = Question(
    "book_updates", "How fast is a price-level book kept, by single calls, messages and batches?", answer
)
