"""The compiled markets of the simulated exchange do what slow, obvious ones do, whatever happens."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.hotpath.simulation.door import KINDS, QUEUES, MarketDoor, new_market
from letrade.hotpath.simulation.latency import Latency
from letrade.hotpath.simulation.working import WorkingOrders
from tests.models.door import new_model
from tests.models.latency import LatencyModel
from tests.models.working import BOOK, TRIGGER, WAITING, OrderModel

COUNT = 120
SIDES = (1, -1)
seeds = st.integers(0, 2**32)


class Script:
    """Random requests and data, dense around a price of 100, from a seed alone."""

    def __init__(self, kind: str, seed: int) -> None:
        self.random = Random(seed)
        self.kind = kind
        self.number = 0
        self.time = 0
        self.mid = 100
        self.others = 0
        self.placed: list[tuple[int, int, int]] = []
        self.levels: dict[int, set[int]] = {1: set(), -1: set()}

    def terms(self) -> dict[str, Any]:
        pick = self.random.choice
        return {
            "price_step": pick([1, 2]), "size_step": 1, "price_decimals": 1, "queue": pick(sorted(QUEUES)),
            "queue_power": pick([1.0, 3.0]), "one_tick_beyond": pick([False, True]), "spread": pick([0.0, 0.02]),
            "impact": pick([0.0, 0.5]), "volume_share": pick([-1.0, 0.3]), "contract": pick([False, True]),
        }  # fmt: skip

    def step(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        self.time += self.random.randint(1, 3)
        self.mid += self.random.choice([0, 0, 1, -1])
        choice = self.random.random()
        if choice < 0.5:
            return self.data()
        if choice < 0.82:
            return "submit", (self.time,), self.order()
        name = self.random.randint(max(1, self.number - 12), max(1, self.number + 1))
        if choice < 0.88:
            return "cancel", (self.time, name), {}
        if choice < 0.97:
            return "amend", (self.time, name, self.price(), self.random.randint(1, 9)), {}
        return "expire", (self.time,), {}

    def price(self) -> int:
        return self.mid + self.random.randint(-6, 6)

    def size(self) -> int:
        return self.random.randint(1, 9)

    def order(self) -> dict[str, Any]:
        pick = self.random.choice
        kind = pick([0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
        self.number += 1
        return {
            "number": self.number, "owner": pick([1, 2]), "side": pick(SIDES), "kind": kind,
            "price": self.price() if kind in (0, 3, 5) else 0, "size": self.size(),
            "time_in_force": pick([0, 0, 0, 1, 2, 3]), "expires": self.time + self.random.randint(0, 40),
            "trigger": self.price() if kind >= 2 and (kind != 6 or pick([0, 1])) else 0,
            "trigger_source": pick([0, 0, 1]), "trail": self.random.randint(1, 4) if kind == 6 else 0,
            "shown": pick([0, 0, 2]), "group": pick([0, 0, 0, self.number // 3 + 1]),
            "post_only": kind == 0 and pick([False, False, True]), "reduce_only": pick([False, False, True]),
        }  # fmt: skip

    def data(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        if self.random.random() < 0.1:
            return "hear_mark", (self.time, (self.mid + self.random.choice([-3, 0.5, 3])) / 10), {}
        if self.kind == "bars":
            return self.bar()
        if self.kind == "trades" or (self.random.random() < 0.5 and self.mid % 7):
            return "hear_trade", (self.time, self.price(), self.size(), self.random.choice([0, 1, -1])), {}
        return {"quotes": self.quote, "levels": self.book, "orders": self.single}[self.kind]()

    def single(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """One change of one order of somebody else."""
        action, side = self.random.choice([1, 1, 1, 2, 3, 4]), self.random.choice(SIDES)
        order_id = self.others = self.others + 1
        price = self.mid - side * self.random.randint(0, 4)
        if action > 1 and self.placed:
            order_id, side, price = self.random.choice(self.placed[-9:])
        if action == 2:
            price += self.random.choice([0, 0, 1])
        if action == 1 or not self.placed:
            action = 1
            self.placed.append((order_id, side, price))
        return "hear_order", (self.time, action, order_id, side, price, self.size()), {}

    def quote(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        bid = self.mid - self.random.randint(0, 2)
        sides = [(bid, self.size()), (bid + self.random.randint(1, 2), self.size())]
        if self.random.random() < 0.1:
            sides[self.random.randint(0, 1)] = (0, 0)
        return "hear_quote", (self.time, *sides[0], *sides[1]), {}

    def book(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Bids end below the middle and asks above it: what crossed is deleted in the same event."""
        snapshot = self.random.random() < 0.08
        if snapshot:
            self.levels = {1: set(), -1: set()}
        rows = [
            (side, price, 0) for side in SIDES for price in sorted(self.levels[side]) if side * price > side * self.mid
        ]
        for _ in range(self.random.randint(1, 4)):
            side, size = self.random.choice(SIDES), self.random.choice([0, *range(1, 9)])
            price = self.mid - side * self.random.randint(1, 6)
            rows.append((side, price, size))
        for side, price, size in rows:
            (self.levels[side].add if size else self.levels[side].discard)(price)
        sides, prices, sizes = (list(column) for column in zip(*rows, strict=True))
        return "hear_levels", (self.time, sides, prices, sizes, snapshot), {}

    def bar(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        feed = self.random.choice([1, 1, 1, 2])
        if self.random.random() < 0.6:
            return "hear_bar_open", (self.time, self.time, self.mid, feed), {}
        start, close = self.time - self.random.choice([1, 2, 5]), self.price()
        low, high = min(close, self.mid) - self.random.randint(0, 4), max(close, self.mid) + self.random.randint(0, 4)
        return "hear_bar", (self.time, max(0, start), self.mid, high, low, close, self.random.randint(0, 60), feed), {}


def rows_of(door: MarketDoor, kind: str) -> list[list[tuple[int, ...]]]:
    """By list: (number, kind, price, size, filled, trigger, ahead, visible)."""
    state = door.state()
    lists = (state if kind == "trades" else state[0])[0][0][0]
    return [
        [
            (row[0], row[3], row[4], row[5], row[6], row[9], *((row[18], row[20]) if row[16] == BOOK else (0, 0)))
            for row in rows
        ]
        for rows in lists
    ]


def rows_of_model(model: Any) -> list[list[tuple[int, ...]]]:
    working = model.working
    lists: list[list[OrderModel]] = [
        *(working.book(side)[::-1] for side in SIDES),
        *map(working.listed, (TRIGGER, WAITING)),
    ]
    return [
        [
            (
                o.number,
                o.kind,
                o.price,
                o.size,
                o.filled,
                o.trigger,
                *((o.ahead, o.visible) if o.place == BOOK else (0, 0)),
            )
            for o in each
        ]
        for each in lists
    ]


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=60, deadline=None)
@given(seed=seeds)
def test_a_market_says_what_the_slow_one_says_and_ends_in_the_same_state(kind: str, seed: int) -> None:
    script = Script(kind, seed)
    terms = script.terms()
    door, model = MarketDoor(new_market(kind, **terms)), new_model(kind, **terms)
    for _ in range(COUNT):
        verb, arguments, named = script.step()
        assert getattr(door, verb)(*arguments, **named) == getattr(model, verb)(*arguments, **named), (verb, named)
        assert rows_of(door, kind) == rows_of_model(model)
        for side in SIDES:
            assert door.preview(side, 7) == (model.offers(side, 7, 0) if model.has_market() else [])


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=20, deadline=None)
@given(seed=seeds, factor=st.sampled_from([1, 10]))
def test_a_market_goes_on_from_its_state_and_in_finer_prices_as_if_nothing_had_happened(
    kind: str, seed: int, factor: int
) -> None:
    script = Script(kind, seed)
    terms = script.terms()
    steps = [script.step() for _ in range(COUNT)]
    door = MarketDoor(new_market(kind, **terms))
    for verb, arguments, named in steps[: COUNT // 2]:
        getattr(door, verb)(*arguments, **named)
    fresh = MarketDoor(new_market(kind, **terms))
    fresh.restore(door.state())
    assert fresh.state() == door.state()
    if kind == "orders":
        factor = 1
    else:
        fresh.scale_prices(factor)
    assert [(at, size) for at, size in fresh.preview(1, 5)] == [(at * factor, size) for at, size in door.preview(1, 5)]
    for verb, arguments, named in steps[COUNT // 2 :] if factor == 1 else ():
        assert getattr(fresh, verb)(*arguments, **named) == getattr(door, verb)(*arguments, **named)
        assert fresh.state() == door.state()


def test_a_state_of_the_wrong_shape_is_refused() -> None:
    for kind in ("quotes", "trades", "bars", "levels", "orders"):
        door = MarketDoor(new_market(kind, 1, 1, 1))
        state = door.state()
        for shape in (None, 5, [], [1], [*state, 1], {}):
            with pytest.raises((ValueError, TypeError)):
                door.restore(shape)
    door = MarketDoor(new_market("quotes", 1, 1, 1))
    record, tops = door.state()
    with pytest.raises(ValueError, match="expected the best bid and the best ask in a market's state, found 1000 rows"):
        door.restore([record, tops * 500])


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 1000), st.integers(-50, 90), st.integers(0, 90))),
    times=st.lists(st.integers(0, 1200), min_size=1, max_size=9),
)
def test_latencies_are_those_of_the_slow_model(rows: list[tuple[int, int, int]], times: list[int]) -> None:
    latency, model = Latency(20, 5, rows=rows), LatencyModel(20, 5, rows)
    for time in times:
        assert latency.request_latency(time) == model.told(time, 0)
        assert latency.answer_latency(time) == model.told(time, 1)


def test_jitter_and_rejections_follow_from_seed_and_time_alone() -> None:
    first, again, other = (Latency(100, 10, jitter=50, seed=seed, reject=0.2) for seed in (1, 1, 2))
    times = range(0, 200_000, 1000)
    told = [first.request_latency(time) for time in times]
    assert told == [again.request_latency(time) for time in times]
    assert told != [other.request_latency(time) for time in times]
    assert all(100 <= abs(latency) <= 150 for latency in told)
    assert 20 < sum(latency < 0 for latency in told) < 60
    backwards = [first.request_latency(time) for time in reversed(times)]
    assert told == backwards[::-1]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 5000), st.integers(-900, 900), st.integers(0, 900))),
    jitter=st.integers(0, 300),
    seed=st.integers(1, 9),
)
def test_nothing_overtakes_what_left_earlier(rows: list[tuple[int, int, int]], jitter: int, seed: int) -> None:
    latency = Latency(20, 5, jitter=jitter, seed=seed, rows=rows)
    for tell, most in zip((latency.request_latency, latency.answer_latency), latency.longest(), strict=True):
        ways = [abs(tell(time)) for time in range(6000)]
        arrivals = [time + way for time, way in enumerate(ways)]
        assert arrivals == sorted(arrivals)
        assert max(ways) <= most


def test_jitter_is_drawn_anew_for_each_slot_of_its_own_length() -> None:
    latency = Latency(1000, 0, jitter=100, seed=3)
    added = [latency.request_latency(time) - 1000 for time in range(5, 200_000, 200)]
    assert 0 <= min(added) < 5 < 95 < max(added) <= 100
    assert 50 < sum(added) / len(added) < 70


def test_a_store_is_empty_at_first() -> None:
    assert len(WorkingOrders()) == 0


def test_what_makes_no_sense_is_an_error_at_the_door() -> None:
    with pytest.raises(ValueError, match="expected a kind of"):
        new_market("ticks", 1, 1, 0)
    with pytest.raises(ValueError, match="steps"):
        new_market("bars", 0, 1, 0)
    door = MarketDoor(new_market("trades", 1, 1, 0))
    with pytest.raises(TypeError):
        door.hear_trade(1, 1.5, 1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="trigger source"):
        door.submit(1, 1, 1, 1, 2, 0, 1, trigger=5, trigger_source=3)
    with pytest.raises(ValueError, match="does not wait"):
        door.place_waiting(1)
    with pytest.raises(ValueError, match="a side, a price and a size each"):
        MarketDoor(new_market("levels", 1, 1, 0)).hear_levels(1, [1], [], [1])


@pytest.mark.parametrize("assumed", [{"impact": 1e18}, {"impact": 1e300}, {"spread": 1e18}])
def test_an_impact_beyond_all_prices_is_no_better_price(assumed: dict[str, float]) -> None:
    door = MarketDoor(new_market("bars", 2, 1, 0, **assumed))  # type: ignore[arg-type]
    door.hear_bar_open(0, 0, 100)
    door.hear_bar(10, 0, 100, 110, 90, 100, 10)
    door.hear_bar_open(10, 10, 100)
    ((price, _),) = door.preview(1, 5)
    assert price > 2**60
    assert door.preview(-1, 5) == []
