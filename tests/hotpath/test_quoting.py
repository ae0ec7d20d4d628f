"""Quotes that are copied hold what their class would have put into them, and keep nothing alive."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.strategies.base import QUOTER
from letrade.core import codec
from letrade.core.messages.signals import WorkingQuote
from letrade.hotpath.quoting import Quoter
from tests.models.quoting import slow_quotes

NUMBERS = st.one_of(st.floats(0.1, 1e9), st.integers(1, 10**6), st.floats(0.1, 9).map(np.float64), st.just("much"))
SIDES = st.one_of(st.sampled_from((1, -1)), st.sampled_from((0, 2, True, 1.0, "buy", np.int64(-1))))
ORDERS = st.lists(st.builds(WorkingQuote, SIDES, NUMBERS, NUMBERS), max_size=3)
WISHES = st.one_of(ORDERS.map(tuple), ORDERS, st.sampled_from((None, "quotes", 7, (1, 2))))


def outcome(make: Any, *wish: Any) -> Any:
    try:
        return make("maker", "paper", "binance.BTC-USDT", *wish)
    except (TypeError, ValueError) as error:
        return type(error), str(error)


@given(st.integers(0, 2**70), WISHES, st.sampled_from((True, False, 1, 0)))
def test_they_are_what_their_class_makes(signal: int, orders: Any, post_only: Any) -> None:
    ours, theirs = (outcome(make, signal, orders, post_only) for make in (QUOTER.quotes, slow_quotes))
    assert ours == theirs
    assert repr(ours) == repr(theirs)


def test_a_message_of_its_own_for_each_call() -> None:
    one, other = (QUOTER.quotes("a", "b", "c", place, (WorkingQuote(1, 1.0, 2.0),), True) for place in (1, 2))
    assert (one.signal, other.signal) == (1, 2)
    assert codec.decode(codec.encode(one)) == one


def test_what_it_holds_is_let_go_with_it() -> None:
    orders = (WorkingQuote(1, 1.0, 2.0),)
    before = sys.getrefcount(orders)
    for place in range(100):
        QUOTER.quotes("a", "b", "c", place, orders, False)
    assert sys.getrefcount(orders) == before


def test_a_message_without_the_fields_is_refused() -> None:
    with pytest.raises(TypeError, match="slot strategy"):
        Quoter(WorkingQuote(1, 1.0, 1.0), WorkingQuote, tuple)
