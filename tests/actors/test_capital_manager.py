"""Capital: sizes, reservations and refusals."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from letrade.core.config.capital import Allocation
from letrade.core.messages.base import Message
from letrade.core.messages.events import Failure
from letrade.core.messages.orders import OrderRefused, Proposal
from tests.actors.desk_parts import LINEAR, SPOT, TradingDesk, settings
from tests.stage import BTC, PERP, of_kind


def allocation(strategy: str, **more: object) -> Allocation:
    return Allocation(name=f"{strategy}-all", strategy=strategy, account="main", **more)  # type: ignore[arg-type]


def refusals(said: list[Message]) -> list[tuple[str, str]]:
    return [(refused.rule, refused.order_id) for refused in of_kind(said, OrderRefused)]


def sizes(said: list[Message]) -> list[float]:
    return [order.size for proposal in of_kind(said, Proposal) for order in proposal.orders]


def test_a_direction_becomes_the_fixed_fraction_of_the_allocation_in_whole_lots() -> None:
    desk = TradingDesk(settings(allocations=[allocation("alpha", amount=Decimal(10_000))]))
    desk.trade(100.0)
    (size,) = sizes(desk.target(1.0, sized=False))
    assert size == float(int(Decimal(1_000) / (Decimal(101) * Decimal("1.0005")) * 100_000)) / 100_000


def test_no_size_without_a_price() -> None:
    assert refusals(TradingDesk().target(1.0, sized=False)) == [("no_price", "alpha.1.0")]


def test_two_strategies_that_compete_for_the_same_cash_do_not_both_get_it() -> None:
    desk = TradingDesk(settings(balances={"USDT": Decimal(1_000)}))
    desk.trade(100.0)
    desk.target(6.0, wait=0)
    assert refusals(desk.target(6.0, strategy="beta")) == [("capital", "beta.1.1")]
    assert desk.held() == 6.0


def test_a_refused_target_is_not_tried_again_until_the_next_signal() -> None:
    desk = TradingDesk(settings(balances={"USDT": Decimal(1_000)}))
    desk.trade(100.0)
    assert refusals(desk.target(20.0)) == [("capital", "alpha.1.1")]
    assert of_kind(desk.trade(10.0), Proposal) == []
    assert sizes(desk.target(20.0)) == [20.0]


def test_an_allocation_is_the_most_that_a_strategy_has_at_work() -> None:
    desk = TradingDesk(settings(allocations=[allocation("alpha", amount=Decimal(500))]))
    desk.trade(100.0)
    desk.target(4.0)
    assert refusals(desk.target(6.0)) == [("capital", "alpha.2.1")]
    assert refusals(desk.target(1.0, strategy="beta")) == [("capital", "beta.1.1")]


def test_what_reduces_is_never_limited_by_capital() -> None:
    desk = TradingDesk(settings(balances={"USDT": Decimal(505)}))
    desk.trade(100.0, LINEAR)
    desk.target(4.0, instrument=LINEAR)
    desk.actor("capital").purse.books["main"].change("USDT", -10_000)
    assert sizes(desk.target(1.0, instrument=LINEAR)) == [3.0]


def test_dust_that_the_venue_would_not_take_stays_and_is_not_asked_for_again() -> None:
    coarse = msgspec.structs.replace(BTC, notional_min="5")
    desk = TradingDesk(instruments=(coarse, PERP))
    desk.trade(100.0)
    desk.target(1.0)
    assert sizes(desk.target(0.01)) == [0.99]
    assert desk.held() == 0.01
    assert sizes(desk.target(0.0)) == []
    assert refusals(desk.target(0.0)) == []
    assert sizes(desk.target(1.0)) == [0.99]
    assert sizes(desk.target(0.0)) == [1.0]


def test_spot_is_never_sold_short() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    assert refusals(desk.target(-1.0)) == [("spot_short", "alpha.1.0")]
    assert refusals(desk.quotes((-1, 101.0, 1.0), instrument=SPOT)) == [("spot_short", "alpha.2.0")]


@pytest.mark.parametrize(
    ("account", "instrument"), [("nobody", SPOT), ("main", "paper.ETH-USDT"), ("main", "nowhere.BTC-USDT")]
)
def test_unknown_accounts_and_instruments_are_refused(account: str, instrument: str) -> None:
    assert [rule for rule, _ in refusals(TradingDesk().target(1.0, account=account, instrument=instrument))] == [
        "unknown"
    ]


def test_prices_off_the_tick_are_refused() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    assert refusals(desk.target(1.0, price=95.001)) == [("tick", "alpha.1.0")]
    assert refusals(desk.quotes((1, 99.001, 1.0))) == [("grid", "alpha.2.0")]
    assert refusals(desk.quotes((2, 99.0, 1.0))) == [("grid", "alpha.3.0")]


def test_reservations_are_for_orders_on_their_way_alone() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    capital = desk.actor("capital")
    desk.target(2.0, price=90.0)
    assert capital.reserved("main", "USDT") == Decimal("180.09")
    desk.target(0.0)
    assert capital.reserved("main", "USDT") == 0


def test_a_failure_of_someone_else_or_one_that_goes_on_cancels_nothing() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(2.0, price=90.0)
    desk.tell(Failure(actor="alpha", kind="trade", message_id="", error="bug", stopped=False))
    desk.tell(Failure(actor="beta", kind="trade", message_id="", error="bug", stopped=True))
    assert desk.working() == ["alpha.1.1"]
