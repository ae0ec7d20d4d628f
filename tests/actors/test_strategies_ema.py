"""The cross of two exponential means decides from the slow-th value on, and speaks when the direction changes."""

from __future__ import annotations

import random
from typing import Any, Literal

import pytest

from letrade.actors.strategies.ema_cross import EmaCross, EmaCrossConfig
from letrade.core.errors import ConfigurationError
from letrade.core.messages.base import Message
from letrade.core.messages.events import Resume
from letrade.core.messages.market import Bar, Quote, Trade
from letrade.core.messages.orders import OrderRefused, OrderUpdate
from letrade.core.messages.signals import Target
from tests.actors.cuts import with_a_cut, without_a_cut
from tests.stage import PERP, StageOf, context, of_kind

NAME = PERP.instrument
Source = Literal["quotes", "trades", "bars"]


def cross(on: Source = "quotes", fast: int = 2, slow: int = 3) -> EmaCross:
    config = EmaCrossConfig(instrument=NAME, account="main", on=on, size=0.1, fast=fast, slow=slow)
    return EmaCross("cross", config, context())


def quote(time: int, middle: float) -> Quote:
    return Quote(time=time, instrument=NAME, bid=middle - 0.5, bid_size=1.0, ask=middle + 0.5, ask_size=1.0)


def bar(time: int, close: float) -> Bar:
    return Bar(
        time=time, instrument=NAME, start=time - 1, end=time, open=9.0, high=9.0, low=9.0, close=close, volume=1.0
    )  # fmt: skip


def trade(time: int, price: float) -> Trade:
    return Trade(time=time, instrument=NAME, price=price, size=1.0)


def positions(strategy: EmaCross, *messages: Message) -> list[tuple[int, float]]:
    return [(target.time, target.position) for target in of_kind(StageOf(strategy).tell(*messages), Target)]


def slow_positions(values: list[float], fast: int, slow: int, size: float) -> list[tuple[int, float]]:
    """The whole history again, by the definition."""
    means, wanted = [values[0], values[0]], []
    for count, value in enumerate(values, 1):
        if count > 1:
            weights = [2 / (period + 1) for period in (fast, slow)]
            means = [mean + weight * (value - mean) for mean, weight in zip(means, weights, strict=True)]
        if count >= slow:
            wanted.append((count, size if means[0] >= means[1] else -size))
    return [now for before, now in zip([(0, 0.0), *wanted], wanted, strict=False) if now[1] != before[1]]


def test_an_equal_mean_is_long_and_a_fall_turns_it() -> None:
    told = [quote(time, price) for time, price in enumerate((10.0, 10.0, 10.0, 9.0, 9.0, 12.0), 1)]
    assert positions(cross(), *told) == [(3, 0.1), (4, -0.1), (6, 0.1)]


@pytest.mark.parametrize(("on", "make"), [("quotes", quote), ("trades", trade), ("bars", bar)])
def test_decides_as_the_definition_does_on_each_kind_of_data(on: Source, make: Any) -> None:
    draw = random.Random(7)
    values = [100.0 + draw.randrange(-20, 21) / 2 for _ in range(300)]
    told = [make(time, value) for time, value in enumerate(values, 1)]
    found = positions(cross(on, 5, 12), *told)
    assert found == slow_positions(values, 5, 12, 0.1)
    assert len(found) > 20


def test_other_kinds_of_data_do_not_reach_it() -> None:
    assert positions(cross("bars"), *(quote(time, 10.0) for time in range(1, 9))) == []


def test_a_quote_with_an_empty_side_has_no_middle() -> None:
    empty = Quote(time=3, instrument=NAME, bid=0.0, bid_size=0.0, ask=99.0, ask_size=1.0)
    told = [quote(1, 10.0), quote(2, 10.0), empty, quote(4, 10.0)]
    assert positions(cross(), *told) == [(4, 0.1)]


def test_what_was_refused_is_asked_for_again() -> None:
    refused = OrderRefused(
        time=4, strategy="cross", account="main", instrument=NAME, order_id="cross.1.1", rule="halt", limit="", value=""
    )
    told = [*(quote(time, 10.0) for time in (1, 2, 3)), refused, quote(5, 10.0), Resume(time=6, account="*")]
    assert positions(cross(), *told, quote(7, 10.0)) == [(3, 0.1), (5, 0.1), (7, 0.1)]


def update(time: int, order_id: str, state: str, filled: float) -> OrderUpdate:
    return OrderUpdate(
        time=time, strategy="cross", account="main", instrument=NAME, order_id=order_id, client_order_id="",
        venue_order_id="", state=state, side=1, size=0.1, filled=filled, price=None, reduce_only=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "filled", "again"),
    [("rejected", 0.0, True), ("expired", 0.05, True), ("cancelled", 0.0, True), ("filled", 0.1, False)],
)
def test_what_the_venue_ended_unfilled_is_asked_for_again(state: str, filled: float, again: bool) -> None:
    told = [*(quote(time, 10.0) for time in (1, 2, 3)), update(4, "cross.1.1", state, filled), quote(5, 10.0)]
    assert positions(cross(), *told) == [(3, 0.1), (5, 0.1)][: 1 + again]


def test_the_end_of_an_older_order_changes_nothing() -> None:
    told = [*(quote(time, 10.0) for time in (1, 2, 3)), update(4, "cross.0.1", "expired", 0.0), quote(5, 10.0)]
    assert positions(cross(), *told) == [(3, 0.1)]


def test_fast_must_be_below_slow() -> None:
    with pytest.raises(ConfigurationError, match="fast 3 and slow 3"):
        cross(fast=3, slow=3)


@pytest.mark.parametrize("cut", range(0, 30, 4))
def test_a_restart_changes_nothing(cut: int) -> None:
    told = [quote(time, 10.0 + time % 7) for time in range(1, 30)]
    assert with_a_cut(cross, told, cut, 40) == without_a_cut(cross, told, cut, 40)
