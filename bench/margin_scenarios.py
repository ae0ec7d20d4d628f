"""What do many joint scenarios, and one liquidation price, cost under the full rules of margin?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result, at_most
from letrade.core.clock import process_cpu_ns
from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.margin.margin_book import MarginBook

POSITIONS, ACCOUNTS, COINS = 50, 3, 3
SCENARIOS, QUICK_SCENARIOS, PRICES, QUICK_PRICES = 100_000, 2_000, 2_000, 20
ROUNDS = 5
FLOORS = (0.0, 5e4, 25e4, 1e6, 1e7, 2e7, 5e7, 1e8)
RATES = (0.004, 0.005, 0.01, 0.025, 0.05, 0.1, 0.125, 0.15)
HAIRCUT = ((0.0, 1e5, 1e6), (0.95, 0.8, 0.0))
INDEXES = (1.0, 60_000.0, 3_000.0)
BALANCES = (1e6, 5.0, 200.0)
CHECKED = "every slack is the one that plain numpy computes, and every sign is sure"
GOALS = (at_most(10, "ns"),)
Array = NDArray[np.float64]


class Desk(NamedTuple):
    """Positions by column; a position is the only one in its instrument, and in account place % ACCOUNTS."""

    inverse: NDArray[np.bool_]
    side: Array
    size: Array
    entry: Array
    mark: Array


class Scenes(NamedTuple):
    marks: Array
    indexes: Array
    haircuts: Array
    rates: Array


def answer(run: Run) -> Iterator[Result]:
    """CPU time of this process, the best of several rounds."""
    chance = np.random.default_rng(run.seed)
    desk = _desk(chance)
    book = _book(desk)
    run.say("margin: joint scenarios")
    yield _scenarios(run, desk, book, _scenes(chance, desk, run.count(SCENARIOS, QUICK_SCENARIOS)))
    run.say("margin: liquidation prices")
    yield _liquidation(run, desk, book, run.count(PRICES, QUICK_PRICES))


def _desk(chance: np.random.Generator) -> Desk:
    mark = np.exp(chance.normal(4, 2, POSITIONS))
    size = chance.uniform(1e3, 1e5, POSITIONS) / mark
    inverse = chance.random(POSITIONS) < 0.3
    side = np.where(chance.random(POSITIONS) < 0.5, BUY, SELL).astype(np.float64)
    size = np.where(inverse, size * mark * mark / 60_000.0, size)  # a coin is worth 60,000
    return Desk(inverse, side, size, mark * chance.uniform(0.97, 1.03, POSITIONS), mark)


def _book(desk: Desk) -> MarginBook:
    """Linear positions settle in coin 0, inverse ones in coin 1; unrealised joins the balances of both."""
    book = MarginBook(instruments=POSITIONS, coins=COINS)
    tiers, haircut = book.add_tiers(FLOORS, RATES), book.add_haircut(*HAIRCUT)
    for coin, index in enumerate(INDEXES):
        book.set_coin(coin, index, fixed=coin == 0)
    for _ in range(ACCOUNTS):
        account = book.add_account()
        for coin, balance in enumerate(BALANCES):
            book.set_collateral(account, coin, balance, haircut=haircut if coin else None, joins=coin < 2)
    for place in range(POSITIONS):
        inverse = bool(desk.inverse[place])
        book.set_instrument(place, tiers=tiers, settle=int(inverse), inverse=inverse)
        book.set_mark(place, desk.mark[place])
        book.add_position(place % ACCOUNTS, place, int(desk.side[place]), desk.size[place], desk.entry[place])
    return book


def _scenes(chance: np.random.Generator, desk: Desk, count: int) -> Scenes:
    marks = desk.mark * np.exp(chance.normal(0, 0.1, (count, POSITIONS)))
    indexes = np.array(INDEXES) * np.exp(chance.normal(0, 0.1, (count, COINS)) * [0, 1, 1])
    return Scenes(marks, indexes, chance.uniform(0.5, 2, count), chance.uniform(1, 2, count))


def _scenarios(run: Run, desk: Desk, book: MarginBook, scenes: Scenes) -> Result:
    count = len(scenes.marks)
    slacks, bounds, uncertain = _assess(book, scenes)
    plain = _plainly(desk, scenes)
    right = uncertain == 0 and bool(np.all(np.abs(slacks - plain) <= 2 * bounds))
    own = _best(lambda: _assess(book, scenes))
    slow = _best(lambda: _plainly(desk, scenes), rounds=1)
    return Result(
        name="margin.scenarios", value=round(own / count / POSITIONS, 3), unit="ns", better="lower", checked=right,
        seed=run.seed, count=count, what_was_checked=CHECKED,
        note=f"{POSITIONS} positions in {ACCOUNTS} accounts under {count:,} scenarios of marks, "
        f"indexes, haircuts and rates: {own / 1e6:.1f} ms; plain numpy: {slow / 1e6:.0f} ms",
    ).judge(GOALS)  # fmt: skip


def _assess(book: MarginBook, scenes: Scenes) -> tuple[Array, Array, int]:
    return book.assess_scenarios(scenes.marks, scenes.indexes, haircut_scales=scenes.haircuts, rate_scales=scenes.rates)


def _best(work: Callable[[], object], rounds: int = ROUNDS) -> int:
    times = []
    for _ in range(rounds):
        began = process_cpu_ns()
        work()
        times.append(process_cpu_ns() - began)
    return min(times)


def _plainly(desk: Desk, scenes: Scenes) -> Array:
    """The same, a column of all scenarios at a time."""
    amounts = np.concatenate([[0.0], np.cumsum(np.array(FLOORS[1:]) * np.diff(RATES))])
    slack = np.zeros((len(scenes.marks), ACCOUNTS))
    held = np.broadcast_to(np.array(BALANCES), (len(scenes.marks), ACCOUNTS, COINS)).copy()
    for place in range(POSITIONS):
        account, inverse, size = place % ACCOUNTS, bool(desk.inverse[place]), desk.size[place]
        value = size / scenes.marks[:, place] if inverse else size * scenes.marks[:, place]
        start = size / desk.entry[place] if inverse else size * desk.entry[place]
        held[:, account, int(inverse)] += desk.side[place] * (start - value if inverse else value - start)
        tier = np.searchsorted(FLOORS[1:], value)
        kept = scenes.rates * (np.array(RATES)[tier] * value - amounts[tier])
        slack[:, account] -= kept * scenes.indexes[:, int(inverse)]
    worth = held * scenes.indexes[:, None, :]
    slack += worth[:, :, 0] + np.minimum(worth[:, :, 1:], 0).sum(axis=2)
    for floor, top, share in zip(HAIRCUT[0], (*HAIRCUT[0][1:], np.inf), HAIRCUT[1], strict=True):
        counted = np.maximum(1 - scenes.haircuts * (1 - share), 0)[:, None]
        slack += counted * np.clip(worth[:, :, 1:] - floor, 0, top - floor).sum(axis=2)
    found: Array = slack
    return found


def _liquidation(run: Run, desk: Desk, book: MarginBook, count: int) -> Result:
    """Of an account of some 17 positions; checked by the slack at each price, a bit to either side of it."""
    places = [place % POSITIONS for place in range(count)]
    own = _best(lambda: [book.liquidation(place) for place in places])
    common = _best(lambda: [book.common_move(place % ACCOUNTS) for place in range(ACCOUNTS * 4)])
    return Result(
        name="margin.liquidation", value=round(own / count / 1_000, 3), unit="µs", better="lower",
        checked=all(_is_right(desk, book, place) for place in range(POSITIONS)),
        seed=run.seed, count=count, what_was_checked="slack is above 0 before each price and not beyond it",
        note=f"one of {POSITIONS // ACCOUNTS} positions of an account, eight tiers; "
        f"a common move of all: {common / ACCOUNTS / 4_000:.0f} µs",
    ).judge(())  # fmt: skip


def _is_right(desk: Desk, book: MarginBook, place: int) -> bool:
    word, price, spread = book.liquidation(place)
    if word != "price" or price is None:
        return word == "none"
    apart = 1 if price > desk.mark[place] else -1
    rows = np.repeat(desk.mark[None, :], 2, axis=0)
    rows[:, place] = price - apart * 2 * spread, price + apart * 2 * spread
    slacks, _, _ = book.assess_scenarios(rows)
    return bool(slacks[0, place % ACCOUNTS] > 0 >= slacks[1, place % ACCOUNTS])


QUESTION = Question(
    "margin_scenarios", "What does margin under many joint scenarios, and a liquidation price, cost?", answer
)
