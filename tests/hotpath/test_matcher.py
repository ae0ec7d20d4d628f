"""Matching by handles: handles, fills, batches, far levels and nonsense, and random commands against the twin."""

from typing import Any

import numpy as np
import pytest

from letrade.hotpath.constants import (
    BAD_TERMS,
    BUY,
    BY_MARK,
    CANCEL,
    ENGINE_FULL,
    EXPIRED,
    FILLED,
    FILLS_FULL,
    FOK,
    GTD,
    IOC,
    LIMIT_ORDER,
    MARKET_ORDER,
    SELL,
    STOP_MARKET,
    TRAILING_STOP,
    UNKNOWN_ORDER,
)
from letrade.hotpath.matcher import Matcher
from letrade.hotpath.matching_rows import COMMAND
from tests.data import shared_data
from tests.hotpath.matcher_parts import matcher_with
from tests.hotpath.matching_flow import Flow, Row

INT64_MAX = 2**63 - 1
PRICE_MAX = 2**62 - 1


@pytest.mark.parametrize(("seed", "width_ticks", "batch_rows"), [(1, 4, 1), (2, 12, 32), (3, 60, 200)])
def test_any_commands_give_what_the_slow_engine_gives(seed: int, width_ticks: int, batch_rows: int) -> None:
    flow = Flow(seed, width_ticks, batch_rows)
    for number in range(1, 2_001):
        flow.step()
        if number % 20 == 0:
            flow.compare()
        if number % 500 == 0:
            flow.reload()
    assert flow.traded_lots > 300


class Killing(Flow):
    """Many orders of all or nothing, some larger than a side, against icebergs, groups, expiries and reductions."""

    killed = filled = 0

    def new_order(self) -> Row:
        row = super().new_order()
        if self.chance.random() < 0.4:
            row |= dict.fromkeys(("expires", "post_only", "shown", "group", "source", "trigger", "trail"), 0)
            row |= {"kind": LIMIT_ORDER, "time_in_force": FOK, "size": self.chance.randrange(1, 60)}
            row["price"] = self.price(-row["side"])
        return row

    def check_answer(self, order_id: int, answer: int, expected: tuple[int, int, list[Any]]) -> None:
        self.killed, self.filled = self.killed + (answer == -EXPIRED), self.filled + (answer == -FILLED)
        super().check_answer(order_id, answer, expected)


@pytest.mark.parametrize("seed", [0, 1])
def test_all_or_nothing_is_what_the_slow_engine_says_whatever_rests(seed: int) -> None:
    flow = Killing(seed, width_ticks=6)
    for _ in range(1_500):
        flow.step()
    flow.compare()
    assert (flow.killed > 50, flow.filled > 50) == (True, True)


def test_a_handle_means_one_order_for_ever() -> None:
    matcher = Matcher()
    first = matcher.limit(BUY, 10, 5)
    assert matcher.cancel(first) == 5
    second = matcher.limit(BUY, 11, 6)
    assert second != first
    assert second & 0xFFFFFFFF == first & 0xFFFFFFFF
    assert (matcher.cancel(first), matcher.amend(first, 10, 1), matcher.order(first)) == (0, -UNKNOWN_ORDER, None)
    assert matcher.order(second) == (second, 0, BUY, LIMIT_ORDER, 11, 6, 0)
    assert [matcher.cancel(guess) for guess in (0, -1, 2**32, first + 2**32 * 5, INT64_MAX, 7)] == [0] * 6
    assert matcher.cancel(second) == 6
    assert matcher.cancel(second + 2**32) == 0


def test_fills_name_orders_by_id_and_by_handle_without_one() -> None:
    matcher = Matcher()
    maker = matcher.limit(SELL, 10, 5)
    assert matcher.market(BUY, 2, id=77) == -FILLED
    taker = matcher.limit(BUY, 10, 4)
    assert matcher.fills_waiting == 2
    fills = matcher.take_fills()
    assert fills["maker"].tolist() == [maker, maker]
    assert fills["taker"].tolist() == [77, taker]
    assert fills[["price", "size"]].tolist() == [(10, 2), (10, 3)]
    assert matcher.left == 1
    assert len(matcher.take_fills()) == 0


def test_fills_that_might_not_fit_refuse_the_command_and_change_nothing() -> None:
    matcher = Matcher(fills_max=4)
    for price in (10, 11, 12):
        assert matcher.limit(SELL, price, 1) > 0
    before = matcher.dump()
    assert matcher.market(BUY, 1) == -FILLED
    assert matcher.limit(BUY, 9, 1) > 0
    assert matcher.market(BUY, 2) == -FILLS_FULL
    assert matcher.trigger_price(BY_MARK, 5) == 0
    assert matcher.order_count() == 3
    assert matcher.take_trades()[0][2:] == (10, 1)
    assert matcher.market(BUY, 2) == -FILLED
    assert len(matcher.take_trades()) == 2
    assert matcher.dump() != before


def test_a_book_with_as_many_orders_as_fills_may_be_kept_is_full() -> None:
    matcher = Matcher(fills_max=3)
    assert matcher.place(LIMIT_ORDER, BUY, 6, 10, shown=3) > 0
    assert matcher.limit(BUY, 9, 1) > 0
    assert matcher.limit(BUY, 8, 1) == -ENGINE_FULL
    assert matcher.place(LIMIT_ORDER, BUY, 10**12, 10, shown=1) == -ENGINE_FULL
    assert matcher.order_count() == 2


def test_a_batch_stops_where_its_fills_are_full_and_goes_on_from_there() -> None:
    matcher = Matcher(fills_max=8)
    commands, answers = np.zeros(40, COMMAND), np.zeros(40, np.int64)
    commands["size"], commands["price"] = 1, 10
    commands["side"] = np.where(np.arange(40) % 2 == 0, SELL, BUY)
    done, fills = 0, 0
    while done < 40:
        done = matcher.run(commands, answers, done)
        fills += len(matcher.take_fills())
    assert fills == 20
    assert set(answers[1::2].tolist()) == {-FILLED}


def test_a_batch_answers_nonsense_and_what_it_cannot_find_row_by_row() -> None:
    matcher = Matcher()
    commands, answers = np.zeros(7, COMMAND), np.zeros(7, np.int64)
    commands["size"], commands["price"], commands["side"] = 5, 10, BUY
    commands["action"][[2, 3, 4]] = CANCEL
    commands["order"][[2, 3, 4]] = [-1, -1, -6]
    commands["side"][1], commands["action"][5], commands["kind"][6] = 3, 9, 99
    assert matcher.run(commands, answers) == 7
    assert answers[0] > 0
    assert answers[1:].tolist() == [-BAD_TERMS, 5, 0, 0, -BAD_TERMS, -BAD_TERMS]
    with pytest.raises(ValueError, match="as many answers"):
        matcher.run(commands, answers[:3])
    with pytest.raises(ValueError, match="mismatch"):
        matcher.run(np.zeros(3, np.int64), answers)


def test_levels_far_from_the_best_are_never_lost() -> None:
    prices = [1, 5, 300_000, 300_001, 900_000, 2**40, PRICE_MAX]
    matcher = matcher_with(*((SELL, price, 1) for price in prices))
    assert matcher.depth(SELL, 10) == [(price, 1) for price in prices]
    for price in prices:
        assert matcher.best_ask() == (price, 1)
        assert matcher.market(BUY, 1) == -FILLED
    handles = [matcher.limit(BUY, price, 1) for price in prices]
    assert matcher.depth(BUY, 10) == [(price, 1) for price in reversed(prices)]
    assert [matcher.cancel(handle) for handle in handles[::2]] == [1] * 4
    assert matcher.depth(BUY, 10) == [(2**40, 1), (300_001, 1), (5, 1)]
    assert matcher.levels(BUY) == 3


def test_positions_are_the_sum_of_trades_and_always_cancel_out() -> None:
    matcher = Matcher()
    matcher.limit(SELL, 10, 5, owner=1)
    matcher.market(BUY, 3, owner=2)
    assert (matcher.position(1), matcher.position(2), matcher.position(3)) == (-3, 3, 0)
    matcher.set_position(3, -7)
    assert matcher.position(3) == -7


BAD: list[tuple[str, dict[str, int]]] = [
    ("kind must be", {"kind": 7, "size": 1}),
    ("must have the price 0", {"kind": MARKET_ORDER, "size": 1, "price": 5}),
    ("expires must be", {"kind": LIMIT_ORDER, "size": 1, "price": 5, "expires": 3}),
    ("expires must be", {"kind": LIMIT_ORDER, "size": 1, "price": 5, "time_in_force": GTD}),
    ("post-only order must", {"kind": MARKET_ORDER, "size": 1, "post_only": 1}),
    ("must have an owner", {"kind": MARKET_ORDER, "size": 1, "reduce_only": 1}),
    ("must have a trigger", {"kind": STOP_MARKET, "size": 1}),
    ("must have a trigger", {"kind": LIMIT_ORDER, "size": 1, "price": 5, "trigger": 5}),
    ("must trail by", {"kind": TRAILING_STOP, "size": 1, "trigger": 5}),
    ("as long as its source's price is not known", {"kind": TRAILING_STOP, "size": 1, "trail": 5}),
    ("must show 1 lot", {"kind": LIMIT_ORDER, "size": 1, "price": 5, "shown": 2}),
    ("must show 1 lot", {"kind": LIMIT_ORDER, "size": 2, "price": 5, "shown": 1, "time_in_force": IOC}),
    ("self_trade must be", {"kind": MARKET_ORDER, "size": 1, "self_trade": 4}),
    ("source must be", {"kind": STOP_MARKET, "size": 1, "trigger": 5, "source": 3}),
    ("a small number, found 300", {"kind": 300, "size": 1}),
    ("at most 4611686018427387903", {"kind": LIMIT_ORDER, "size": 1, "price": PRICE_MAX + 1}),
    ("a side holds at most", {"kind": LIMIT_ORDER, "size": INT64_MAX, "price": 5}),
    ("an owner's position", {"kind": MARKET_ORDER, "size": INT64_MAX - 4, "owner": 1}),
]


@pytest.mark.parametrize(("text", "terms"), BAD)
def test_nonsense_is_refused_and_changes_nothing(text: str, terms: dict[str, int]) -> None:
    matcher = matcher_with((BUY, 4, 1), (SELL, 9, 1))
    matcher.set_position(1, -5)
    before = matcher.dump()
    with pytest.raises(ValueError, match=text):
        matcher.place(side=BUY, **terms)  # type: ignore[arg-type]
    assert matcher.dump() == before


def test_numbers_beyond_64_bits_and_halves_are_refused() -> None:
    matcher = Matcher()
    with pytest.raises(OverflowError):
        matcher.limit(BUY, 2**63, 1)
    with pytest.raises(TypeError):
        matcher.limit(BUY, 1.5, 1)  # type: ignore[arg-type]
    for fills_max in (0, 2**24 + 1):
        with pytest.raises(ValueError, match="fills_max must be"):
            Matcher(fills_max)
    with pytest.raises(ValueError, match="owner 0 is nobody"):
        matcher.set_position(0, 1)
    with pytest.raises(ValueError, match="a price must be"):
        matcher.trigger_price(BY_MARK, 0)


def test_every_lot_is_open_traded_or_accounted_for() -> None:
    chance = np.random.default_rng(5)
    matcher = Matcher()
    placed, gone, handles = 0, 0, [0]
    for _ in range(5_000):
        if chance.random() < 0.3:
            gone += matcher.cancel(handles[int(chance.integers(len(handles)))])
            continue
        size, side = int(chance.integers(1, 50)), BUY if chance.random() < 0.5 else SELL
        answer = matcher.limit(side, int(chance.integers(90, 110)), size, owner=int(chance.integers(1, 4)))
        placed += size
        handles.append(answer)
        gone += matcher.left if answer < 0 else 0
    traded = int(matcher.take_fills()["size"].sum())
    open_lots = sum(order[5] for handle in matcher.handles() if (order := matcher.order(handle)))
    assert placed == 2 * traded + gone + open_lots
    assert sum(matcher.position(owner) for owner in (1, 2, 3)) == 0
    assert sum(size for side in (BUY, SELL) for _, size in matcher.depth(side, 99)) == open_lots


def test_three_hundred_thousand_commands_in_one_batch_give_the_known_totals() -> None:
    with np.load(shared_data("../bench/orders_300k.npz")) as file:
        operation, seller, price, size, old = (file[name] for name in ("op", "side", "tick", "qty", "ref"))
    commands, answers = np.zeros(len(operation), COMMAND), np.zeros(len(operation), np.int64)
    commands["action"] = np.where(operation == 2, CANCEL, 0)
    commands["kind"] = np.where(operation == 1, MARKET_ORDER, LIMIT_ORDER)
    commands["side"] = np.where(seller, SELL, BUY)
    commands["price"], commands["size"] = np.where(operation == 0, price, 0), size
    commands["order"] = np.where(operation == 2, -1 - old, 0)
    matcher = Matcher()
    assert matcher.run(commands, answers) == len(commands)
    fills = matcher.take_fills()
    assert (len(fills), int(fills["size"].sum())) == (124921, 3184531)
    assert [level and level[0] for level in matcher.best()] == [100984, 100993]
    assert matcher.order_count() == 5032
    assert (answers[operation == 2] > 0).all()


@pytest.mark.parametrize("count", [4_095, 4_096, 9_000])
def test_fills_that_are_taken_stay_as_they_are_whatever_follows(count: int) -> None:
    matcher = Matcher()
    taken = []
    for turn in range(3):
        for lots in range(1, count + 1):
            matcher.limit(SELL, 100 + turn, lots)
            matcher.limit(BUY, 100 + turn, lots)
        taken.append(matcher.take_fills())
        assert matcher.fills_waiting == 0
        assert len(matcher.take_fills()) == 0
    del matcher
    for turn, fills in enumerate(taken):
        assert fills["size"].tolist() == list(range(1, count + 1))
        assert set(fills["price"].tolist()) == {100 + turn}
    taken[0]["size"] = 7
    assert int(taken[0]["size"].sum()) == 7 * count
