"""Fills and updates of orders are told as the desk's own actors tell them, and the hash is made of the same lines."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.market import Quote
from letrade.core.messages.orders import Fill, OrderUpdate
from letrade.hotpath.simulation.course import quotient, sha256
from tests.backtesting.golden import INSTRUMENT, tables

SECOND = 10**9
FILL = ("order_id", "client_order_id", "strategy", "account", "instrument", "side", "price", "size", "fee", "maker")
UPDATE = (*FILL[:6], "venue_order_id", "state", "size", "filled", "price", "reduce_only", "reason", "time", "source")


class Turner(BaseStrategy):
    """Turns its position at every quote and keeps what it hears of its orders."""

    heard: ClassVar[list[tuple[Any, ...]]] = []

    def on_quote(self, quote: Quote) -> None:
        self.target(0.5 if self.signal % 2 else -0.25)

    def on_fill(self, fill: Fill) -> None:
        Turner.heard.append(tuple(getattr(fill, name) for name in FILL))

    def on_order_update(self, update: OrderUpdate) -> None:
        Turner.heard.append(tuple(getattr(update, name) for name in UPDATE))


def heard_by(engine_name: Literal["compiled", "actors"]) -> list[tuple[Any, ...]]:
    Turner.heard.clear()
    engine = BacktestEngine(tables())
    engine.add_strategy(Turner, "türner", instrument=INSTRUMENT, account="paper")
    bid = 100.0 + np.arange(20) % 7
    size = np.full(20, 2.0)
    engine.add_quotes(INSTRUMENT, np.arange(1, 21) * SECOND, bid, size, bid + 0.1, size)
    engine.run(engine_name)
    return list(Turner.heard)


def test_orders_are_told_as_the_actors_tell_them() -> None:
    compiled, actors = heard_by("compiled"), heard_by("actors")
    assert compiled
    assert compiled == actors


@given(st.binary(max_size=300))
def test_hashes_are_those_of_the_standard_library(text: bytes) -> None:
    assert sha256(text) == sha256(text, plain=True) == hashlib.sha256(text).hexdigest()


@given(st.integers(-(10**18), 10**18) | st.integers(-2000, 2000), st.integers(0, 18))
def test_quotients_are_shown_as_python_shows_them(units: int, decimals: int) -> None:
    assert quotient(units, decimals) == repr(units / 10.0**decimals)


@pytest.mark.parametrize("units", [0, 1, 10**15 - 1, 10**15, 10**16, -(10**15), 2**63 - 1])
@pytest.mark.parametrize("decimals", [0, 1, 4, 5, 8, 15, 16, 18])
def test_quotients_at_the_edges_are_shown_as_python_shows_them(units: int, decimals: int) -> None:
    assert quotient(units, decimals) == repr(units / 10.0**decimals)
