"""The data and the engine-free models that the benchmarks of the hot path are judged by."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from letrade.bench.framework import ema_model, market_data
from letrade.bench.framework.book_input import book_input
from letrade.bench.framework.catalogue import GROUPS, MODULES, expanded
from letrade.bench.framework.peers import ask
from letrade.bench.framework.plain_matching import PlainMatching, orders_input
from letrade.hotpath.book import Book


def test_the_model_of_the_ema_cross_gives_the_known_balance() -> None:
    """Of the first 100,000 quotes; two generations of NautilusTrader agree to 1e-8."""
    known = ema_model.on_quotes(market_data.quotes(100_000))
    assert (known.turns, known.balance) == (4_558, Fraction(Decimal("9977088.64785210")))


def test_any_number_of_rows_is_a_prefix() -> None:
    assert (market_data.quotes(50)["bid"] == market_data.quotes(90)["bid"][:50]).all()
    assert (market_data.bars(50)["c"] == market_data.bars(90)["c"][:50]).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_made_book_never_crosses_and_ends_at_its_best_prices(seed: int) -> None:
    day = market_data.book_day(6_000, seed)
    book, levels = Book(), day.levels
    names = ("side", "px", "sz", "last")
    for side, price, size, last in zip(*(levels[name].tolist() for name in names), strict=True):
        book.update(1 if side == market_data.BID else -1, price, size)
        assert not last or not book.is_crossed()
    bid, ask_ = book.best()
    assert bid is not None
    assert ask_ is not None
    assert (bid[0], ask_[0]) == (day.best_bid, day.best_ask)
    assert (np.diff(levels["ts"]) >= 0).all()
    assert (np.diff(day.trades["ts"]) >= 0).all()
    assert market_data.tops(levels)[0] == levels["last"].sum()


def test_seeded_books_know_their_best_prices_on_the_way() -> None:
    data = book_input(2_000, 7)
    book = Book()
    book.load(data.bids, data.asks)
    bids, asks = np.empty(2_000, dtype=np.int64), np.empty(2_000, dtype=np.int64)
    book.apply_batch(data.sides, data.prices, data.sizes, bids, asks)
    assert data.source == "seeded"
    assert (bids[data.checks] == data.best_bids).all()
    assert (asks[data.checks] == data.best_asks).all()


def test_plain_matching_is_price_then_time() -> None:
    plain = PlainMatching()
    for place, command in enumerate(((0, 1, 101, 5, -1), (0, 1, 100, 3, -1), (0, 1, 100, 4, -1), (2, 0, 0, 0, 1))):
        plain.take(place, *command)
    plain.take(4, 1, 0, 0, 6, -1)
    assert plain.outcome() == (2, 6, 0, 101, 1)
    assert orders_input(500, 5).outcome.resting > 0


def test_a_group_is_its_questions_once_each() -> None:
    assert expanded(["start", "hotpath", "codec"]) == [
        "start",
        *[n for n in GROUPS["hotpath"] if n != "start"],
        "codec",
    ]
    assert all(name in MODULES for names in GROUPS.values() for name in names)


def test_a_peer_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letrade.bench.framework.peers.FOLDER", Path(__file__).parent)
    assert "failed" in (ask("no_such_script").missing or "")
