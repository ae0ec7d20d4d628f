"""A whole desk from signal to ledger: the flow, its halts, its flattening, and what it does without RiskManager."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from letrade.actors.execution.sending import ExecutionConfig
from letrade.actors.strategies.ma_cross import MACross, MACrossConfig
from letrade.core.config.desk import FaultsConfig, FeedEntry
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.messages.accounts import Account, Balance, Position
from letrade.core.messages.events import Alert, Drain, Failure, Flatten, Halt, Recovered, Resume
from letrade.core.messages.features import Features
from letrade.core.messages.orders import (
    ApprovedOrder,
    CancelOrder,
    Fill,
    OrderIntent,
    OrderRefused,
    OrderUpdate,
    Proposal,
)
from letrade.core.messages.signals import Target
from letrade.core.messages.venue import VenueAmend, VenueFill, VenueQuery, VenueState, VenueSubmit
from tests.actors.desk_parts import LINEAR, MS, SECOND, SPOT, TradingDesk, settings
from tests.stage import context, of_kind


def features(fast: float, slow: float, count: int, price: float = 100.0) -> Features:
    return Features(
        instrument=SPOT, feature_set="ma", names=("sma_2", "sma_3"), values=(fast, slow), price=price, bar_end=0,
        count=count, source="features",
    )  # fmt: skip


def rules(said: list[object]) -> list[str]:
    return [message.rule for message in said if isinstance(message, OrderRefused)]


def codes(desk: TradingDesk) -> list[str]:
    return [alert.code for alert in of_kind(desk.said, Alert)]


def at_the_venue(desk: TradingDesk) -> float:
    """The net position as the venue itself has it."""
    (state,) = of_kind(desk.tell(VenueQuery(strategy="-", account="main", instrument="paper.-", fills_after=10**6,
                                            source="execution", epoch=1, sequence=10**6)), VenueState)  # fmt: skip
    return sum(position.quantity for position in state.positions)


def test_a_moving_average_cross_buys_and_every_fill_is_traced_to_the_features_that_caused_it() -> None:
    config = settings()
    cross = MACross(
        "cross", MACrossConfig(instrument=SPOT, account="main", feature_set="ma", fast=2, slow=3, size=1.0),
        context(settings=config),
    )  # fmt: skip
    desk = TradingDesk(config, extra=[cross])
    desk.trade(100.0)
    cause = msgspec.structs.replace(features(101.0, 100.0, 3), time=desk.time, epoch=1, sequence=77)
    said = desk.tell(cause)
    by_id = {message.id: message for message in [cause, *said]}
    (fill,) = of_kind(said, Fill)
    chain = [fill]
    while chain[-1].cause in by_id:
        chain.append(by_id[chain[-1].cause])
    kinds = [type(message) for message in chain]
    assert kinds == [Fill, VenueFill, VenueSubmit, ApprovedOrder, Proposal, Target, Features]
    assert desk.held("cross") == 1.0


def test_positions_balances_and_equity_follow_a_fill() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    said = desk.target(2.0) + desk.trade(100.0, wait=SECOND) + desk.trade(100.0)
    shares = {(position.strategy, position.quantity) for position in of_kind(said, Position)}
    assert shares == {("alpha", 2.0), ("-", 2.0)}
    assert {str(balance.total) for balance in of_kind(said, Balance)} == {"2.00000000 BTC", "99799.90000000 USDT"}
    assert str(of_kind(said, Account)[-2].equity) == "99999.90000000 USDT"


def test_a_signal_that_comes_twice_is_one_order() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(1.0)
    desk.signals["alpha"] -= 1
    assert of_kind(desk.target(1.0), VenueSubmit) == []


def test_a_reversal_closes_in_one_order_and_opens_in_another() -> None:
    desk = TradingDesk()
    desk.trade(100.0, LINEAR)
    desk.target(1.0, instrument=LINEAR)
    said = desk.target(-1.0, instrument=LINEAR)
    assert [(order.order.size, order.opening) for order in of_kind(said, ApprovedOrder)] == [(1.0, False), (1.0, True)]
    assert desk.held(instrument=LINEAR) == -1.0


def test_a_halt_lets_the_closing_half_of_a_reversal_through_and_refuses_the_other() -> None:
    desk = TradingDesk()
    desk.trade(100.0, LINEAR)
    desk.target(1.0, instrument=LINEAR)
    desk.tell(Halt(account="*", reason="test"))
    said = desk.target(-1.0, instrument=LINEAR)
    assert rules(said) == ["halt"]
    assert desk.held(instrument=LINEAR) == 0.0


def test_a_new_target_of_a_limit_amends_the_one_that_works() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(1.0, price=95.0)
    said = desk.target(2.0, price=96.0)
    assert [(amend.price, amend.size) for amend in of_kind(said, VenueAmend)] == [(96.0, 2.0)]
    assert of_kind(said, VenueSubmit) == []
    assert of_kind(said, OrderUpdate)[-1].reason == "amended"


def test_a_target_of_zero_takes_a_working_order_off_and_sells_nothing() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(1.0, price=95.0)
    said = desk.target(0.0)
    assert [cancel.order_id for cancel in of_kind(said, CancelOrder)] == ["alpha.1.1"]
    assert of_kind(said, VenueSubmit) == []
    assert desk.working() == []


def test_quotes_are_kept_moved_and_taken_off() -> None:
    desk = TradingDesk()
    desk.trade(100.0, LINEAR)
    first = desk.quotes((1, 99.0, 1.0), (-1, 101.0, 1.0), instrument=LINEAR)
    assert len(of_kind(first, VenueSubmit)) == 2
    second = desk.quotes((1, 99.0, 1.0), (-1, 102.0, 1.0), instrument=LINEAR)
    assert [amend.price for amend in of_kind(second, VenueAmend)] == [102.0]
    desk.quotes(instrument=LINEAR)
    assert desk.working() == []


def test_stale_data_refuses_what_opens_and_nothing_else() -> None:
    desk = TradingDesk(settings(risk=RiskTable(stale_after=5 * SECOND)))
    desk.trade(100.0)
    desk.target(1.0, wait=10 * SECOND)
    assert rules(desk.target(2.0)) == ["stale"]
    desk.target(0.0)
    assert desk.held() == 0.0


def test_a_daily_loss_halts_the_account_until_an_operator_resumes_it() -> None:
    desk = TradingDesk(settings(risk=RiskTable(stale_after=None, max_daily_loss=Decimal(50))))
    desk.trade(100.0)
    desk.target(10.0, wait=2 * SECOND)
    said = desk.trade(94.0, wait=2 * SECOND)
    assert [halt.account for halt in of_kind(said, Halt)] == ["main"]
    assert rules(desk.target(11.0)) == ["halt"]
    desk.target(10.0, account="other", strategy="beta")
    assert desk.held("beta", account="other") == 10.0
    desk.tell(Resume(account="main"))
    desk.target(11.0)
    assert desk.held() == 11.0


def test_a_halt_outlives_a_restart_and_a_pause_does_not() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.tell(Halt(account="main", reason="halted"), Halt(account="other", reason="paused", pause=True))
    desk = desk.restarted()
    desk.tell(Recovered(process="desk"))
    assert rules(desk.target(1.0)) == ["halt"]
    desk.target(1.0, account="other", strategy="beta")
    assert desk.held("beta", account="other") == 1.0


def test_flatten_cancels_closes_and_says_what_is_left() -> None:
    desk = TradingDesk()
    desk.trade(100.0, LINEAR)
    desk.trade(100.0)
    desk.target(3.0, instrument=LINEAR)
    desk.target(2.0, strategy="beta")
    desk.quotes((1, 90.0, 1.0), (-1, 110.0, 1.0), instrument=LINEAR)
    desk.tell(Flatten(account="*", reason="test"), wait=30 * SECOND)
    assert desk.working() == []
    assert desk.held(instrument=LINEAR) == desk.held("beta") == 0.0
    assert codes(desk).count("flattened") == 2
    assert rules(desk.target(1.0)) == ["halt"]


def test_flatten_closes_the_net_position_where_strategies_hold_both_sides() -> None:
    desk = TradingDesk()
    desk.trade(100.0, LINEAR)
    desk.target(3.0, instrument=LINEAR)
    desk.target(-1.0, strategy="beta", instrument=LINEAR)
    desk.tell(Flatten(account="main", reason="test"), wait=30 * SECOND)
    assert desk.held(instrument=LINEAR) == 1.0
    assert at_the_venue(desk) == 0
    (alert,) = [alert for alert in of_kind(desk.said, Alert) if alert.code == "flattened"]
    assert alert.level == "info"
    assert "alpha 1.0" in alert.text


def test_flatten_reaches_flat_over_a_line_that_loses_and_repeats() -> None:
    for seed in range(6):
        faults = FaultsConfig(seed=seed, lose=0.3, delay=0.2, repeat=0.3, refuse=0.2)
        desk = TradingDesk(settings(faults=faults))
        desk.trade(100.0, LINEAR)
        desk.target(3.0, instrument=LINEAR, wait=60 * SECOND)
        desk.target(2.0, strategy="beta", instrument=LINEAR, wait=60 * SECOND)
        for _ in range(8):
            desk.tell(Flatten(account="main", reason="test"), wait=120 * SECOND)
        assert at_the_venue(desk) == 0


def test_without_risk_nothing_opens_and_everything_can_be_closed_and_flattened() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(2.0)
    desk.stage.node.slots[desk.actors.index(desk.actor("risk"))].stopped = True
    desk.tell(Failure(actor="risk", kind="proposal", message_id="", error="killed", stopped=True))
    assert rules(desk.target(3.0)) == ["risk_dead"]
    desk.target(1.0)
    assert desk.held() == 1.0
    desk.tell(Flatten(account="main", reason="test"), wait=30 * SECOND)
    assert desk.held() == 0.0


def test_a_stopped_owner_of_money_halts_the_whole_desk() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.tell(Failure(actor="ledger", kind="fill", message_id="", error="bug", stopped=True))
    assert rules(desk.target(1.0)) == ["halt"]


def test_a_stopped_strategy_loses_its_working_orders_and_keeps_its_positions() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(1.0)
    desk.target(2.0, price=95.0)
    desk.tell(Failure(actor="alpha", kind="trade", message_id="", error="bug", stopped=True))
    assert desk.working() == []
    assert desk.held() == 1.0
    assert "strategy_stopped" in codes(desk)


def test_forged_approvals_are_refused_counted_and_shown() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(1.0)
    order = OrderIntent(order_id="evil.1.1", side=1, size=5.0)

    def forged(source: str, approval: int, epoch: int = 1) -> ApprovedOrder:
        return ApprovedOrder(
            strategy="alpha", account="main", instrument=SPOT, approval=approval, order=order, opening=True,
            source=source, epoch=epoch, time=desk.time, sequence=90 + approval,
        )  # fmt: skip

    for forgery in (forged("feed", 2), forged("alpha", 2), forged("risk", 1), forged("risk", 9), forged("risk", 2, 0)):
        said = desk.tell(forgery)
        assert of_kind(said, VenueSubmit) == []
        assert len(of_kind(said, OrderRefused)) == len(of_kind(said, Alert)) == 1
    assert desk.actor("execution").gate.refused == 5
    desk.target(2.0)
    assert desk.held() == 2.0


def test_what_was_approved_before_an_outage_is_not_sent_after_it() -> None:
    live = msgspec.structs.replace(
        settings(), feeds=[FeedEntry(name="f", path="x", feed_class=object, config=RiskTable(), speed="live")]
    )
    desk = TradingDesk(live, execution=ExecutionConfig(max_age=SECOND))
    desk.trade(100.0)
    old = ApprovedOrder(
        strategy="alpha", account="main", instrument=SPOT, approval=1, opening=True, source="risk", epoch=1,
        time=desk.time, sequence=1, order=OrderIntent(order_id="alpha.1.1", side=1, size=1.0),
    )  # fmt: skip
    desk.time += 5 * SECOND
    desk.stage.node.floor = desk.time
    desk.trade(100.0)
    said = desk.tell(msgspec.structs.replace(old, order=old.order))
    assert of_kind(said, VenueSubmit) == []
    assert [update.state for update in of_kind(said, OrderUpdate)] == ["expired"]


def test_a_cancel_that_overtakes_the_approval_keeps_the_order_from_being_sent() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.tell(CancelOrder(strategy="alpha", account="main", instrument=SPOT, order_id="alpha.1.1", source="capital"))
    said = desk.target(1.0)
    assert of_kind(said, VenueSubmit) == []
    assert [update.state for update in of_kind(said, OrderUpdate)] == ["cancelled"]
    assert desk.actor("risk").reservations.orders == {}


def test_drain_cancels_what_works_and_says_when_it_is_done() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(1.0, price=95.0)
    desk.tell(Drain(on_stop="cancel"), wait=100 * MS)
    assert desk.working() == []
    assert codes(desk).count("drained") == 1


def test_a_desk_that_was_drained_trades_again_after_its_next_start() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.tell(Drain(on_stop="cancel"), wait=100 * MS)
    desk = desk.restarted()
    desk.target(1.0)
    assert desk.held() == 0.0
    desk.tell(Recovered(process="desk"))
    desk.target(2.0)
    assert desk.held() == 2.0


def test_a_ledger_that_differs_from_the_venue_halts_the_account_and_says_so_once() -> None:
    desk = TradingDesk()
    desk.trade(100.0)
    desk.target(1.0)
    desk.actor("ledger").books["main"].change("USDT", -7)
    desk.tell(wait=30 * SECOND)
    assert codes(desk).count("ledger_mismatch") == 1
    assert rules(desk.target(2.0)) == ["halt"]
    desk.target(0.0)
    assert desk.held() == 0.0


def test_fees_in_the_asset_bought_leave_a_strategy_flat_after_it_closes() -> None:
    desk = TradingDesk(settings(fee_currency="base", taker_fee=Decimal("0.001")))
    desk.trade(100.0)
    desk.target(1.0)
    assert desk.held() == 0.999
    desk.target(0.0)
    assert 0 <= desk.held() <= 0.001
    assert "ledger_mismatch" not in codes(desk)


def test_fees_in_a_third_currency_and_rebates_agree_with_the_venue() -> None:
    config = settings(
        balances={"USDT": Decimal(10_000), "BNB": Decimal(5)}, fee_currency="BNB", maker_fee=Decimal("-0.0001"),
        taker_fee=Decimal("0.001"), fee_prices={"BNB-USDT": Decimal(300)},
    )  # fmt: skip
    desk = TradingDesk(config)
    desk.trade(100.0)
    desk.target(1.0)
    desk.target(2.0, price=99.0)
    desk.trade(98.0, wait=30 * SECOND)
    assert desk.held() == 2.0
    assert "ledger_mismatch" not in codes(desk)
    assert desk.actor("ledger").fill_numbers == {"main": 2}
