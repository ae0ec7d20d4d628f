"""Events are told as the messages that their classes make, and one that somebody keeps is never written over."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.market import BookDelta, Quote
from tests.backtesting.golden import INSTRUMENT, tables
from tests.models.telling import delta, quote

DECIMALS = (1, 3)
units = st.integers(1, 10**12)


class Keeper(BaseStrategy):
    """Keeps every message, or every third."""

    kept: ClassVar[list[Quote | BookDelta]] = []
    every: ClassVar[int] = 1
    count = 0

    def keep(self, message: Quote | BookDelta) -> None:
        self.count += 1
        if self.count % Keeper.every == 0:
            Keeper.kept.append(message)

    def on_quote(self, message: Quote) -> None:
        self.keep(message)

    def on_book_delta(self, message: BookDelta) -> None:
        self.keep(message)


def backtest() -> BacktestEngine:
    Keeper.kept.clear()
    engine = BacktestEngine(tables())
    engine.add_strategy(Keeper, "keeper", instrument=INSTRUMENT, account="paper")
    engine.add_strategy(Keeper, "other", instrument=INSTRUMENT, account="paper")
    return engine


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(units, units, units, units), min_size=1, max_size=20), st.integers(1, 3))
def test_quotes_are_told_as_their_class_makes_them(rows: list[tuple[int, int, int, int]], every: int) -> None:
    rows = [(min(bid, ask), bid_size, max(bid, ask), ask_size) for bid, bid_size, ask, ask_size in rows]
    engine, Keeper.every = backtest(), every
    columns = [np.array(column) / 10 ** DECIMALS[place % 2] for place, column in enumerate(zip(*rows, strict=True))]
    engine.add_quotes(INSTRUMENT, np.arange(1, len(rows) + 1) * 10**9, *columns)
    engine.run("compiled")
    expected = [quote(INSTRUMENT, (place + 1) * 10**9, place + 1, row, DECIMALS) for place, row in enumerate(rows)]
    told = expected[every - 1 :: every]
    assert [plain(message) for message in Keeper.kept] == [plain(each) for message in told for each in (message,) * 2]


def plain(message: Quote | BookDelta) -> dict[str, object]:
    fields = {name: getattr(message, name) for name in message.__struct_fields__}
    return {**fields, "source": ""}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.tuples(st.sampled_from([1, -1]), units, units), max_size=5), min_size=1, max_size=8))
def test_levels_are_told_as_their_class_makes_them(events: list[list[tuple[int, int, int]]]) -> None:
    engine, Keeper.every = backtest(), 1
    above = {1: 1, -1: 5 * 10**11 + 2}
    events = [[(side, price // 2 + above[side], size) for side, price, size in event] for event in events]
    rows = [row for event in events for row in event]
    offset = np.cumsum([0, 0, *(len(event) for event in events)])
    engine.add_levels(
        INSTRUMENT, np.arange(len(events) + 1) * 10**9, offset, [row[0] for row in rows],
        [row[1] / 10 ** DECIMALS[0] for row in rows], [row[2] / 10 ** DECIMALS[1] for row in rows],
        np.arange(len(events) + 1) == 0,
    )  # fmt: skip
    engine.run("compiled")
    told = [message for message in Keeper.kept if isinstance(message, BookDelta)][::2]
    expected = [delta(INSTRUMENT, (at + 1) * 10**9, at + 2, event, DECIMALS) for at, event in enumerate(events)]
    assert [(each.time, each.sequence, each.bids, each.asks) for each in told] == [
        (each.time, each.sequence, each.bids, each.asks) for each in expected
    ]
