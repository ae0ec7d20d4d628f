"""Events of a book at one time, with empty sides, and from before the book was there: one answer of both engines."""

from __future__ import annotations

import numpy as np
import pytest

from letrade.actors.strategies.base import BaseStrategy, BookStrategy
from letrade.backtesting.facade import BacktestEngine
from letrade.core.messages.base import Timer
from letrade.core.messages.market import BookDelta, Quote
from letrade.core.messages.signals import WorkingQuote
from tests.backtesting.golden import START

INSTRUMENT = "binance.BTC-USDT_USDT"
SECOND = 1_000_000_000
TENTH = SECOND // 10
BID, ASK = 1, -1

Rows = list[tuple[int, float, float]]


class AtTimes(BaseStrategy):
    """Looks at nothing but its clock: all between is nobody's."""

    def start(self) -> None:
        self.set_timer(START + 2 * SECOND + TENTH // 2, "buy")

    def on_timer(self, timer: Timer) -> None:
        self.target(0.5)


class AtEvents(AtTimes):
    def on_book_delta(self, delta: BookDelta) -> None:
        pass


class AtBooks(BookStrategy, AtTimes):
    def book_changed(self) -> None:
        pass


class Rests(BaseStrategy):
    """One order, which waits in the book."""

    def on_book_delta(self, delta: BookDelta) -> None:
        self.quotes([WorkingQuote(1, 49_990.0, 0.1)])


class RestsBesideQuotes(BaseStrategy):
    def on_quote(self, quote: Quote) -> None:
        self.quotes([WorkingQuote(1, 49_990.0, 0.1)])


def desk(venue: dict[str, str] | None = None, **balances: str) -> BacktestEngine:
    return BacktestEngine(
        {
            "venue": [{"name": "binance", "order_latency": "1ms", **(venue or {})}],
            "instrument": [{"name": INSTRUMENT, "tick": "0.1", "lot": "0.001"}],
            "account": [{"name": "paper", "venue": "binance", "balances": {"USDT": "100000", **balances}}],
        }
    )


def add_events(engine: BacktestEngine, events: list[tuple[int, Rows]]) -> None:
    """(time, levels of an event), the first of them a snapshot."""
    levels = [row for _, rows in events for row in rows]
    sides, prices, sizes = (np.array(column) for column in zip(*levels, strict=True))
    offsets = np.cumsum([0, *(len(rows) for _, rows in events)])
    snapshot = np.arange(len(events)) == 0
    times = np.array([START + time for time, _ in events])
    engine.add_levels(INSTRUMENT, times, offsets, sides, prices, sizes, snapshot.astype(int))


def moves(last: Rows) -> list[tuple[int, Rows]]:
    """Forty tenths of a second, with three events at each: two move the best bid, and then `last` comes."""
    events: list[tuple[int, Rows]] = [(0, [(BID, 50_000.0, 5.0), (ASK, 50_100.0, 5.0), (ASK, 50_101.0, 5.0)])]
    for place in range(40):
        price = 50_000.0 + place
        events += [(place * TENTH, [(BID, price, 0.0), (BID, price + 0.5, 5.0), (ASK, 50_100.0, 5.0)])]
        events += [(place * TENTH, [(BID, price + 0.5, 0.0), (BID, price + 1, 5.0)]), (place * TENTH, last)]
    return events


@pytest.mark.parametrize("strategy", [AtTimes, AtEvents, AtBooks])
@pytest.mark.parametrize(
    "last", [[(BID, 49_000.0, 1.0)], [(ASK, 50_100.0, 0.0)], [(ASK, 50_100.0, 0.0), (ASK, 50_101.0, 0.0)]]
)
def test_each_event_of_a_time_tells_the_middle_of_its_book(strategy: type[BaseStrategy], last: Rows) -> None:
    engine = desk(BTC="3")
    add_events(engine, moves(last))
    engine.add_strategy(strategy, "buys", instrument=INSTRUMENT, account="paper")
    engine.run("compiled")
    assert engine.verify() == []
    assert engine.record().settings.starting_equity == 100_000 + 3 * 50_050


def test_trades_from_before_the_book_are_no_trades_of_it_however_early_quotes_come() -> None:
    """Where no trade of a book's market was told, levels that reach an order fill it."""
    engine = desk()
    one = np.ones(1)
    engine.add_quotes(INSTRUMENT, [START], 50_000 * one, one, 50_001 * one, one)
    engine.add_trades(INSTRUMENT, [START + 1], 50_000 * one, one, [1])
    book: Rows = [(BID, 50_000.0, 5.0), (ASK, 50_001.0, 5.0)]
    falls: Rows = [(BID, 50_000.0, 0.0), (BID, 49_999.0, 0.0), (BID, 49_980.0, 5.0), (ASK, 49_985.0, 5.0)]
    add_events(engine, [(TENTH, book), (2 * TENTH, [(BID, 49_999.0, 1.0)]), (3 * TENTH, falls)])
    engine.add_strategy(Rests, "rests", instrument=INSTRUMENT, account="paper")
    assert engine.run("compiled")["fills"] == 1
    assert engine.verify() == []


@pytest.mark.parametrize(("venue", "fills"), [({}, 1), ({"fill_model": "quotes"}, 0)])
def test_trades_from_before_the_quotes_are_a_market_where_the_desk_file_says_which(
    venue: dict[str, str], fills: int
) -> None:
    """Where a trade was told, quotes that reach an order do not fill it."""
    engine, ones = desk(venue), np.ones(3)
    engine.add_trades(INSTRUMENT, [START], [50_000.0], [1.0], [1])
    bids = np.array([50_000.0, 49_999.0, 49_980.0])
    engine.add_quotes(INSTRUMENT, START + TENTH * np.arange(1, 4), bids, ones, bids + 5, ones)
    engine.add_strategy(RestsBesideQuotes, "rests", instrument=INSTRUMENT, account="paper")
    assert engine.run("compiled")["fills"] == fills
    assert engine.verify() == []
