"""What a strategy may hand to target, quotes and protect: numpy's numbers too; all else raises, in each engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtest import EngineName
from letrade.backtesting.facade import BacktestEngine
from letrade.backtesting.failing import ActorFailed
from letrade.core.messages.market import Quote
from letrade.core.messages.orders import Fill, OrderUpdate
from letrade.core.messages.signals import Quotes, WorkingQuote
from tests.backtesting.golden import INSTRUMENT, quotes, tables

Wish = Callable[[Any, Quote], object]


class Wishes(BaseStrategy):
    """Wants one thing at its tenth quote, and keeps what became of it."""

    wish: ClassVar[Wish]
    heard: ClassVar[list[tuple[Any, ...]]] = []
    seen = 0

    def on_quote(self, quote: Quote) -> None:
        self.seen += 1
        if self.seen == 10:
            type(self).wish(self, quote)

    def on_order_update(self, update: OrderUpdate) -> None:
        self.heard.append((update.state, update.price, update.size))

    def on_fill(self, fill: Fill) -> None:
        self.heard.append((fill.price, fill.size))


def prepared(wish: Wish, instrument: str = INSTRUMENT) -> BacktestEngine:
    Wishes.wish = staticmethod(wish)
    Wishes.heard.clear()
    made = BacktestEngine({**tables(), "instrument": [{"name": instrument, "tick": "0.1", "lot": "0.001"}]})
    made.add_quotes(instrument, **quotes(100))
    made.add_strategy(Wishes, "mine", instrument=instrument, account="paper")
    return made


def run(wish: Wish, engine: EngineName) -> dict[str, Any]:
    return prepared(wish).run(engine)


@pytest.mark.parametrize(
    "wish",
    [
        lambda actor, quote: actor.quotes((WorkingQuote(np.int64(1), np.float64(quote.bid), np.float64(0.125)),)),
        lambda actor, quote: actor.quotes([WorkingQuote(1, quote.bid, np.float32(0.125))]),
        lambda actor, quote: actor.quotes(WorkingQuote(1, quote.bid, 0.125) for _ in range(1)),
        lambda actor, quote: actor.quotes((WorkingQuote(-1, 60_000, 1),)),
        lambda actor, quote: actor.target(np.float32(0.125)),
        lambda actor, quote: actor.target(np.int64(1), price=np.float64(quote.ask), post_only=np.bool_(False)),
        lambda actor, quote: (actor.target(1), actor.protect(stop=np.int32(49_000), size=np.float32(0.5))),
    ],
)
def test_numbers_of_numpy_are_numbers(wish: Wish) -> None:
    compiled = run(wish, "compiled")
    heard = list(Wishes.heard)
    actors = run(wish, "actors")
    assert compiled["orders"] > 0
    assert not actors.get("failed")
    assert heard == Wishes.heard
    assert compiled["result_hash"] == actors["result_hash"]


FINE = (-0.0011952496112590527, 1 / 3, 1e-3 / 3, -1e-9, 5e-324, -5e-324, -0.0, 0.1 + 0.2, 12.345678901234567)


@pytest.mark.parametrize("instrument", [INSTRUMENT, "binance.BTC-USDT"])
@pytest.mark.parametrize("position", FINE)
def test_a_wish_of_any_number_of_decimals_is_rounded_towards_zero_to_the_lot(position: float, instrument: str) -> None:
    made = prepared(lambda actor, quote: actor.target(position), instrument)
    assert made.verify() == []
    summary = made.run("actors")
    lots = int(Decimal(position) * 1000)
    short = lots < 0 and instrument != INSTRUMENT
    held = [] if short or not lots else [str(Decimal(lots) / 1000)]
    assert [each["quantity"] for each in summary["positions"]] == held
    assert summary["refused"] == ({"spot_short": 1} if short else {})
    assert not summary["failures"]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (
            lambda a, q: a.quotes(((1, q.bid, 0.1),)),
            r"TypeError: order 0 of quotes: expected a Working.*found \(1",
        ),
        (lambda a, q: a.quotes(("x",)), "TypeError: order 0 of quotes: expected a WorkingQuote.*found 'x'"),
        (
            lambda a, q: a.quotes((WorkingQuote(1, q.bid, 0.1), 5)),
            "TypeError: order 1 of quotes: expected a Working",
        ),
        (lambda a, q: a.quotes(None), "TypeError: the orders of quotes: expected a tuple of WorkingQuote, found None"),
        (lambda a, q: a.quotes((WorkingQuote(1, "1", 0.1),)), "TypeError: the price of order 0 .*a number, found '1'"),
        (
            lambda a, q: a.quotes((WorkingQuote(1.0, q.bid, 0.1),)),
            "TypeError: the side of order 0 of quotes: expect",
        ),
        (lambda a, q: a.quotes((WorkingQuote(2**70, q.bid, 0.1),)), "ValueError: the side of order 0 of quotes"),
        (lambda a, q: a.quotes((WorkingQuote(1, math.nan, 0.1),)), "DataError: quotes.orders"),
        (lambda a, q: a.quotes((WorkingQuote(1, q.bid, 0),)), "DataError: quotes.orders"),
        (lambda a, q: a.target("0.1"), "TypeError: position: expected a number, found '0.1'"),
        (lambda a, q: a.target(10**400), "ValueError: position: expected a number of ordinary size"),
        (lambda a, q: a.target(0.1, price="50000"), "TypeError: price: expected a number, found '50000'"),
        (lambda a, q: a.protect(stop="49000"), "TypeError: stop: expected a number, found '49000'"),
        (lambda a, q: a.protect(stop=1.0, trigger_by=["last"]), "TypeError: trigger_by: expected text"),
    ],
)
def test_what_is_no_wish_raises_in_the_handler_that_said_it(wish: Wish, said: str) -> None:
    with pytest.raises(ActorFailed, match=rf"mine failed in on_quote at .*{said}"):
        run(wish, "compiled")
    auto, actors = run(wish, "auto"), run(wish, "actors")
    assert auto["failed"] == actors["failed"]
    assert [(each["handler"], each["count"], each["stopped"]) for each in actors["failed"]] == [("on_quote", 1, False)]
    if "DataError" not in said:
        assert actors["failed"][0]["where"].startswith(__file__)


@pytest.mark.parametrize("orders", [((1, 50_000.0, 0.1),), ("x",), (5,), [5], None, (WorkingQuote(2**70, 1.0, 1.0),)])
def test_orders_of_quotes_that_are_published_as_they_are_end_no_process(orders: Any) -> None:
    def publish(actor: Any, quote: Quote) -> None:
        common = {"strategy": actor.name, "account": actor.account, "instrument": actor.instrument}
        actor.publish(Quotes(signal=1, orders=orders, **common))

    with pytest.raises(ActorFailed, match="mine failed in on_quote"):
        run(publish, "compiled")
