"""What does it cost to find everyone that a mark price liquidates: quiet marks, moves, crashes, ratios, accounts?"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import repeat

import numpy as np

from letrade.bench.framework.margin_input import (
    AMOUNTS,
    FLOORS,
    MARK,
    RATES,
    Accounts,
    Column,
    Positions,
    accounts,
    drawn_prices,
    positions,
)
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_most
from letrade.core.clock import process_cpu_ns
from letrade.hotpath.liquidation.liquidation_cross import CrossIndex
from letrade.hotpath.liquidation.liquidation_index import LiquidationIndex
from letrade.hotpath.liquidation.liquidation_ratios import PositionRatios

POSITIONS, QUICK_POSITIONS = 1_000_000, 20_000
ACCOUNTS, QUICK_ACCOUNTS = 100_000, 2_000
CALLS, CRASH = 5_000, 0.85
ROUNDS, CROSS_ROUNDS = 20, 4
MS = 1_000_000
GAPS = (0.97, 1.04, 0.9, 1.2, 0.8)
FEW_INSTRUMENTS, INSTRUMENTS = 3, 20


def answer(run: Run) -> Iterator[Result]:
    """The best of several rounds each; of cross accounts the slowest tick, each the best of several rounds."""
    data = positions(run.count(POSITIONS, QUICK_POSITIONS), run.seed)
    run.say("liquidation: isolated positions")
    index, handles = _loaded(data)
    yield _quiet(run, index)
    yield from _moves(run, index, handles, data)
    yield _crossing(run, data)
    yield _ratios(run, data)
    for instruments in (FEW_INSTRUMENTS, INSTRUMENTS):
        run.say(f"liquidation: cross accounts over {instruments} instruments")
        yield _worst_tick(run, accounts(run.count(ACCOUNTS, QUICK_ACCOUNTS), instruments, run.seed))


def _loaded(data: Positions) -> tuple[LiquidationIndex, Column]:
    index, handles = LiquidationIndex(), np.zeros(len(data.sides), np.int64)
    index.load(data.sides, data.prices, handles)
    return index, handles


def _quiet(run: Run, index: LiquidationIndex) -> Result:
    draw, out, found = np.random.default_rng(run.seed), np.zeros(1, np.int64), []
    marks = (MARK + 20.0 * draw.random(CALLS)).tolist()
    for _ in range(ROUNDS):
        began = process_cpu_ns()
        deque(map(index.mark, marks, repeat(out)), maxlen=0)
        found.append(process_cpu_ns() - began)
    right = sum(map(index.mark, marks, repeat(out))) == 0 and index.waiting == 0
    return _result(run, "liquidation.quiet", min(found) / CALLS, "ns", right, at_most(300, "ns"), len(index))


def _moves(run: Run, index: LiquidationIndex, handles: Column, data: Positions) -> Iterator[Result]:
    """One call each, and in columns; each round moves others."""
    draw, prices, single, many = np.random.default_rng(run.seed), data.prices.copy(), [], []
    chosen = np.zeros(0, np.int64)
    for _ in range(ROUNDS):
        chosen = draw.integers(0, len(handles), CALLS)
        fresh = drawn_prices(draw, data.sides[chosen])
        numbers, levels = handles[chosen].tolist(), fresh.tolist()
        began = process_cpu_ns()
        deque(map(index.move, numbers, levels), maxlen=0)
        single.append(process_cpu_ns() - began)
        chosen = draw.integers(0, len(handles), CALLS)
        again = drawn_prices(draw, data.sides[chosen])
        began = process_cpu_ns()
        index.move_many(handles[chosen], again)
        many.append(process_cpu_ns() - began)
        prices[chosen] = again
    right = all(index.price(int(handles[place])) == prices[place] for place in chosen.tolist())
    for name, found in (("move", single), ("move_many", many)):
        yield _result(run, f"liquidation.{name}", min(found) / CALLS, "ns", right, at_most(120, "ns"), len(index))


def _crossing(run: Run, data: Positions) -> Result:
    """A crash of 15 % in one mark."""
    dead = (data.sides > 0) & (data.prices >= MARK * CRASH)
    out, found, right = np.zeros(len(dead), np.int64), [], True
    for _ in range(3):
        index, handles = _loaded(data)
        began = process_cpu_ns()
        count = index.mark(MARK * CRASH, out)
        found.append(process_cpu_ns() - began)
        right = right and np.array_equal(np.sort(out[:count]), np.sort(handles[dead]))
    ns = min(found) / max(int(dead.sum()), 1)
    return _result(run, "liquidation.crossing", ns, "ns", right, at_most(150, "ns"), int(dead.sum()))


def _ratios(run: Run, data: Positions) -> Result:
    table, answers, found, plainly = PositionRatios(FLOORS, RATES, AMOUNTS), np.zeros(len(data.sides)), [], []
    expected = answers
    for _ in range(ROUNDS):
        began = process_cpu_ns()
        table.ratios(MARK, data.quantities, data.entries, data.margins, answers)
        found.append(process_cpu_ns() - began)
    for _ in range(3):
        began = process_cpu_ns()
        worth = np.abs(data.quantities) * MARK
        tier = np.searchsorted(FLOORS, worth, side="right") - 1
        equity = data.margins + data.quantities * (MARK - data.entries)
        expected = np.where(equity <= 0.0, np.inf, (RATES[tier] * worth - AMOUNTS[tier]) / equity)
        plainly.append(process_cpu_ns() - began)
    right = bool((answers == expected).all())
    result = _result(run, "liquidation.ratios", min(found) / MS, "ms", right, at_most(5, "ms"), len(answers))
    result.peer, result.peer_value = f"numpy {np.__version__}", round(min(plainly) / MS, 3)
    return result.judge((at_most(5, "ms"),))


def _worst_tick(run: Run, data: Accounts) -> Result:
    """From all accounts without a band, through calm and trending markets, to gaps that leave most bands."""
    steps = _steps(len(data.values), run.seed)
    rounds = [_ticks(data, steps, check=number == 0) for number in range(CROSS_ROUNDS)]
    each = np.min([found for found, _ in rounds], axis=0)
    right = all(right for _, right in rounds)
    name = f"liquidation.cross_worst_of_{len(data.values)}"
    result = _result(run, name, float(each.max()) / MS, "ms", right, at_most(2, "ms"), len(data.bases))
    result.note = f"median {np.median(each) / 1_000:,.1f} µs of {len(steps)} ticks"
    return result


def _steps(instruments: int, seed: int) -> list[tuple[int, float]]:
    """(instrument, by what its value is multiplied)."""
    draw, each = np.random.default_rng(seed), list(range(instruments))
    steps = [(int(draw.integers(instruments)), 1.0 + 1e-4 * draw.normal()) for _ in range(400)]
    steps += [(instrument, 1.0 - 5e-4) for _ in range(20) for instrument in each]
    return steps + [(instrument, gap) for gap in GAPS for instrument in each]


def _ticks(data: Accounts, steps: list[tuple[int, float]], check: bool) -> tuple[list[int], bool]:
    """The time of each tick, and whether after each gap those fired that computing all accounts finds."""
    index, handles, values = CrossIndex(data.values), np.zeros(len(data.bases), np.int64), data.values.copy()
    index.load(data.bases, data.legs, data.instruments, data.segments, data.edges, data.constants, data.slopes, handles)
    out, armed, found, right = np.zeros(len(handles), np.int64), np.ones(len(handles), bool), [], True
    for instrument, factor in steps:
        values[instrument] *= factor
        began = process_cpu_ns()
        count = index.tick(instrument, float(values[instrument]), out)
        found.append(process_cpu_ns() - began)
        if check and factor in GAPS:
            right = right and np.array_equal(out[:count], handles[armed & (data.slacks(values) <= 0.0)])
        armed[np.searchsorted(handles, out[:count])] = False
    return found, right


def _result(run: Run, name: str, value: float, unit: str, right: bool, goal: Goal, count: int) -> Result:
    return Result(
        name=name, value=round(value, 3), unit=unit, better="lower", checked=right, seed=run.seed, count=count,
        what_was_checked="what numpy finds by computing all of them",
    ).judge((goal,))  # fmt: skip


QUESTION = Question(
    "liquidation", "What does it cost to find everyone that a mark price liquidates, and to know all ratios?", answer
)
