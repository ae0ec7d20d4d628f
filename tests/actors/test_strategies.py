"""Strategies say what they want, and only when that changes."""

from __future__ import annotations

from typing import Any

import pytest

from letrade.actors.strategies.ma_cross import MACross, MACrossConfig
from letrade.actors.strategies.quoter import Quoter, QuoterConfig
from letrade.core.errors import ConfigurationError
from letrade.core.messages.base import Message
from letrade.core.messages.events import Resume
from letrade.core.messages.features import Features
from letrade.core.messages.market import Quote, Trade
from letrade.core.messages.orders import Fill, OrderRefused, OrderUpdate
from letrade.core.messages.signals import Quotes, Target
from letrade.core.money import money
from tests.actors.cuts import with_a_cut, without_a_cut
from tests.stage import BTC, PERP, StageOf, context, of_kind

SPOT, LINEAR = BTC.instrument, PERP.instrument


def features(time: int, fast: float, slow: float, count: int = 3, **more: Any) -> Features:
    return Features(
        time=time, instrument=more.pop("instrument", SPOT), feature_set=more.pop("feature_set", "ma"),
        names=("sma_2", "sma_3"), values=(fast, slow), price=100.0, bar_end=time, count=count,
    )  # fmt: skip


def cross(**more: Any) -> MACross:
    config = MACrossConfig(instrument=SPOT, account="main", feature_set="ma", fast=2, slow=3, **{"size": 1.0, **more})
    return MACross("cross", config, context())


def positions(strategy: MACross, *messages: Message) -> list[tuple[int, float]]:
    return [(target.signal, target.position) for target in of_kind(StageOf(strategy).tell(*messages), Target)]


def test_speaks_when_what_it_wants_changes() -> None:
    told = [features(1, 2.0, 1.0), features(2, 2.0, 1.0), features(3, 1.0, 2.0), features(4, 1.0, 2.0)]
    assert positions(cross(), *told) == [(1, 1.0), (2, 0.0)]


def test_equal_averages_are_not_above() -> None:
    assert positions(cross(), features(1, 1.0, 1.0)) == []


def test_the_first_decision_is_at_the_bar_that_fills_the_slow_window() -> None:
    assert positions(cross(), features(1, 2.0, 1.0, count=2)) == []
    assert positions(cross(), features(1, 2.0, 1.0, count=3)) == [(1, 1.0)]


def test_goes_short_only_where_it_may() -> None:
    assert positions(cross(long_only=False), features(1, 1.0, 2.0)) == [(1, -1.0)]


def test_without_a_size_capital_sizes() -> None:
    (target,) = of_kind(StageOf(cross(size=None, fraction=0.5)).tell(features(1, 2.0, 1.0)), Target)
    assert (target.position, target.sized) == (0.5, False)


def test_other_instruments_and_feature_sets_are_not_its_own() -> None:
    told = [features(1, 2.0, 1.0, instrument=LINEAR), features(2, 2.0, 1.0, feature_set="other")]
    assert positions(cross(), *told) == []


def refused(time: int, order_id: str, strategy: str = "cross") -> OrderRefused:
    return OrderRefused(
        time=time, strategy=strategy, account="main", instrument=SPOT, order_id=order_id, rule="halt", limit="",
        value="",
    )  # fmt: skip


def rejected(time: int, order_id: str) -> OrderUpdate:
    return OrderUpdate(
        time=time, strategy="cross", account="main", instrument=SPOT, order_id=order_id, client_order_id="",
        venue_order_id="", state="rejected", side=1, size=1.0, filled=0.0, price=None, reduce_only=False,
    )  # fmt: skip


@pytest.mark.parametrize("news", [refused(2, "cross.1.1"), rejected(2, "cross.1.1"), Resume(time=2, account="*")])
def test_what_came_to_nothing_is_asked_for_again_at_the_next_decision(news: Message) -> None:
    assert positions(cross(), features(1, 2.0, 1.0), news, features(3, 2.0, 1.0)) == [(1, 1.0), (2, 1.0)]


@pytest.mark.parametrize("news", [refused(2, "cross.0.1"), refused(2, "other.1.1", "other")])
def test_news_of_older_signals_and_of_others_change_nothing(news: Message) -> None:
    assert positions(cross(), features(1, 2.0, 1.0), news, features(3, 2.0, 1.0)) == [(1, 1.0)]


def test_fast_must_be_below_slow() -> None:
    with pytest.raises(ConfigurationError, match="fast 5 and slow 5"):
        MACrossConfig(instrument=SPOT, account="main", feature_set="ma", fast=5, slow=5)


TOLD = [features(time, float(time % 5), 2.0, count=time) for time in range(1, 20)]


@pytest.mark.parametrize("cut", range(0, 20, 3))
def test_a_restart_changes_nothing_of_a_cross(cut: int) -> None:
    assert with_a_cut(cross, TOLD, cut, 30) == without_a_cut(cross, TOLD, cut, 30)


def quoter(instrument: str = LINEAR, **more: Any) -> Quoter:
    config = QuoterConfig(
        instrument=instrument, account="main", size=1.0, half_spread=0.01, position_max=2.0, refresh=10, **more
    )
    return Quoter("quoter", config, context())


def trade(time: int, price: float, instrument: str = LINEAR) -> Trade:
    return Trade(time=time, instrument=instrument, price=price, size=1.0)


def fill(time: int, side: int, size: float = 1.0, instrument: str = LINEAR) -> Fill:
    return Fill(
        time=time, strategy="quoter", account="main", instrument=instrument, order_id="quoter.1.1",
        client_order_id="", trade_id=str(time), side=side, price=100.0, size=size, fee=money("USDT", 0), maker=True,
    )  # fmt: skip


def quoted(strategy: Quoter, *messages: Message) -> list[list[tuple[int, float]]]:
    said = of_kind(StageOf(strategy, step_ns=1).tell(*messages), Quotes)
    return [[(order.side, order.price) for order in quotes.orders] for quotes in said]


def test_quotes_around_the_middle_rounded_away_from_it() -> None:
    assert quoted(quoter(), trade(1, 100.05)) == [[(1, 99.0), (-1, 101.1)]]
    best = Quote(time=1, instrument=LINEAR, bid=99.0, bid_size=1.0, ask=101.0, ask_size=1.0)
    assert quoted(quoter(), best) == [[(1, 99.0), (-1, 101.0)]]


def test_quotes_move_with_the_middle_but_not_faster_than_told() -> None:
    assert len(quoted(quoter(), trade(1, 100.0), trade(2, 101.0), trade(12, 102.0), trade(30, 102.0))) == 2


def test_a_filled_quote_is_put_up_again_while_the_position_allows() -> None:
    told = [trade(1, 100.0), fill(5, 1), trade(20, 100.0), fill(25, 1), trade(40, 100.0)]
    assert [len(orders) for orders in quoted(quoter(), *told)] == [2, 2, 1]


def test_a_spot_quoter_offers_only_what_it_holds() -> None:
    told = [trade(1, 100.0, SPOT), fill(5, 1, instrument=SPOT), trade(20, 100.0, SPOT)]
    assert [[side for side, _ in orders] for orders in quoted(quoter(SPOT), *told)] == [[1], [1, -1]]


@pytest.mark.parametrize("cut", range(6))
def test_a_restart_changes_nothing_of_a_quoter(cut: int) -> None:
    told = [trade(1, 100.0), fill(5, 1), trade(20, 100.0), fill(25, 1), trade(40, 103.0)]
    assert with_a_cut(quoter, told, cut, 50) == without_a_cut(quoter, told, cut, 50)
