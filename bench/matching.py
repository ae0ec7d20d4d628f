"""How many commands a second does the matching engine take: one Python call each, or a batch?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from letrade.bench.framework.peers import ask
from letrade.bench.framework.plain_matching import (
    CANCEL,
    LIMIT,
    MARKET,
    OrdersInput,
    Outcome,
    PlainMatching,
    orders_input,
)
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_least
from letrade.core.clock import SECOND, process_cpu_ns
from letrade.hotpath.constants import BUY, LIMIT_ORDER, MARKET_ORDER, PLACE, SELL
from letrade.hotpath.constants import CANCEL as CANCEL_ACTION
from letrade.hotpath.matcher import Matcher
from letrade.hotpath.matching_rows import COMMAND

ROWS, QUICK_ROWS = 300_000, 6_000
ROUNDS = 3
CHECKED = "trades, traded lots, best prices and resting orders are the known ones"
SINGLE_GOAL, BATCH_GOAL = (at_least(3_000_000, "commands/s"),), (at_least(25_000_000, "commands/s"),)
SIDES = (BUY, SELL)
ACTIONS = {LIMIT: PLACE, MARKET: PLACE, CANCEL: CANCEL_ACTION}
KINDS = {LIMIT: LIMIT_ORDER, MARKET: MARKET_ORDER, CANCEL: 0}


class Matched(NamedTuple):
    """One round."""

    cpu_ns: int
    outcome: Outcome


def answer(run: Run) -> Iterator[Result]:
    """Each round starts with an empty engine; the fills are taken as an array within the time."""
    data = orders_input(run.count(ROWS, QUICK_ROWS), run.seed)
    run.say("matching: single calls")
    yield _single(run, data)
    run.say("matching: batch")
    yield _batch(run, data)


def _single(run: Run, data: OrdersInput) -> Result:
    commands = [
        (op, SIDES[side], tick, size, ref)
        for op, side, tick, size, ref in zip(data.op, data.side, data.tick, data.size, data.ref, strict=True)
    ]
    own = _best(lambda: _one_by_one(commands))
    plain = _best(lambda: _plainly(data), rounds=1)
    columns = {"op": data.op, "side": data.side, "tick": data.tick, "size": data.size, "ref": data.ref}
    peer = ask("matching", outcome=list(data.outcome), **columns)
    result = _result(run, "matching.single", own, data, SINGLE_GOAL)
    rate = len(data.op) * SECOND / plain.cpu_ns
    result.note = f"{data.source} commands, the loop around the calls included; plain Python: {rate:,.0f} a second"
    if peer.missing is not None:
        result.note += f"; {peer.missing}"
    elif not peer.said["right"]:
        result.note += f"; {peer.said['version']} was wrong"
    else:
        result.peer, result.peer_value = peer.said["version"], round(peer.rate())
    return result.judge(SINGLE_GOAL)


def _one_by_one(commands: list[tuple[int, int, int, int, int]]) -> Matched:
    engine = Matcher()
    limit, market, cancel = engine.limit, engine.market, engine.cancel
    handles: list[int] = []
    keep = handles.append
    began = process_cpu_ns()
    for op, side, tick, size, ref in commands:
        if op == LIMIT:
            keep(limit(side, tick, size))
        elif op == CANCEL:
            keep(cancel(handles[ref]))
        else:
            keep(market(side, size))
    fills = engine.take_fills()
    return Matched(process_cpu_ns() - began, _outcome(engine, fills))


def _batch(run: Run, data: OrdersInput) -> Result:
    commands = np.zeros(len(data.op), dtype=COMMAND)
    commands["action"] = [ACTIONS[op] for op in data.op]
    commands["kind"] = [KINDS[op] for op in data.op]
    commands["side"] = [SIDES[side] for side in data.side]
    commands["price"] = np.where(np.array(data.op) == LIMIT, data.tick, 0)
    commands["size"] = np.where(np.array(data.op) == CANCEL, 0, data.size)
    commands["order"] = np.where(np.array(data.op) == CANCEL, -1 - np.array(data.ref), 0)
    answers = np.zeros(len(commands), dtype=np.int64)
    own = _best(lambda: _at_once(commands, answers), rounds=2 * ROUNDS)
    result = _result(run, "matching.batch", own, data, BATCH_GOAL)
    result.note = f"{data.source} commands, {own.outcome.trades:,} trades"
    return result


def _at_once(
    commands: np.ndarray[tuple[int], np.dtype[np.void]], answers: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Matched:
    engine = Matcher()
    began = process_cpu_ns()
    engine.run(commands, answers)
    fills = engine.take_fills()
    return Matched(process_cpu_ns() - began, _outcome(engine, fills))


def _plainly(data: OrdersInput) -> Matched:
    engine = PlainMatching()
    commands = list(zip(range(len(data.op)), data.op, data.side, data.tick, data.size, data.ref, strict=True))
    began = process_cpu_ns()
    for command in commands:
        engine.take(*command)
    return Matched(process_cpu_ns() - began, engine.outcome())


def _outcome(engine: Matcher, fills: np.ndarray[tuple[int], np.dtype[np.void]]) -> Outcome:
    bid, ask_ = engine.best()
    best = bid[0] if bid else 0, ask_[0] if ask_ else 0
    return Outcome(len(fills), int(fills["size"].sum()), *best, engine.order_count())


def _best(work: Callable[[], Matched], rounds: int = ROUNDS) -> Matched:
    return min((work() for _ in range(rounds)), key=lambda matched: matched.cpu_ns)


def _result(run: Run, name: str, own: Matched, data: OrdersInput, goals: tuple[Goal, ...]) -> Result:
    rate = len(data.op) * SECOND / max(own.cpu_ns, 1)
    return Result(
        name=name, value=round(rate), unit="commands/s", checked=own.outcome == data.outcome, seed=run.seed,
        count=len(data.op), what_was_checked=CHECKED,
    ).judge(goals)  # fmt: skip


QUESTION = Question(
    "matching", "How many commands a second does the matching engine take, one by one or in a batch?", answer
)
