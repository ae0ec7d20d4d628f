"""The last prices: what is no price is never believed, and is no news either."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from letrade.core.messages.market import Bar, MarkPrice, Middle, Quote, Trade
from letrade.core.valuation import PriceBoard, PriceMessage

NAME = "x.A-B"
KINDS: dict[str, Callable[[float], PriceMessage]] = {
    "trade": lambda price: Trade(instrument=NAME, price=price, size=1.0, time=20),
    "mark": lambda price: MarkPrice(instrument=NAME, price=price, time=20),
    "middle": lambda price: Middle(instrument=NAME, price=price, time=20),
    "bid": lambda price: Quote(instrument=NAME, bid=price or -1.0, bid_size=1.0, ask=100.0, ask_size=1.0, time=20),
    "ask": lambda price: Quote(instrument=NAME, bid=100.0, bid_size=1.0, ask=price or -1.0, ask_size=1.0, time=20),
    "bar": lambda price: Bar(
        instrument=NAME, start=0, end=1, open=9.0, high=9.0, low=9.0, close=price, volume=1.0, time=20
    ),
}


def bar(price: float) -> Bar:
    return Bar(instrument=NAME, start=0, end=1, open=9.0, high=9.0, low=9.0, close=price, volume=1.0, time=10)


@pytest.mark.parametrize("price", [0.0, -5.0, math.nan, math.inf, -math.inf, 1e16])
@pytest.mark.parametrize("kind", KINDS)
def test_the_last_good_price_stays_with_its_age(kind: str, price: float) -> None:
    board = PriceBoard()
    board.see(KINDS[kind](price))
    assert (board.prices, board.age(NAME, 30)) == ({}, None)
    board.see(bar(9.0))
    board.see(KINDS[kind](price))
    assert (board.prices, board.age(NAME, 30)) == ({NAME: 9.0}, 20)
    board.see(bar(8.0))
    assert board.prices == {NAME: 8.0}, "bars still tell of a market where nothing was ever heard to tick"


def test_an_empty_side_is_news_without_a_price() -> None:
    board = PriceBoard()
    board.see(Quote(instrument=NAME, bid=0.0, bid_size=0.0, ask=100.0, ask_size=1.0, time=5))
    assert (board.prices, board.age(NAME, 30)) == ({}, 25)
