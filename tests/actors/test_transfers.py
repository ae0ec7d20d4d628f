"""Moving money between two simulated venues: by leave, at a cost, in time, once; and no unit is ever lost."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from letrade.actors.execution.sending import ExecutionConfig
from letrade.actors.monitor.results import Results, ResultsConfig
from letrade.core.config.capital import Allocation
from letrade.core.config.desk import FaultsConfig
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.messages.accounts import Account
from letrade.core.messages.events import Alert, Halt
from letrade.core.messages.orders import CashEntry, OrderRefused, UnexplainedDifference
from letrade.core.messages.transfers import TransferOrder, VenueDeposit, VenueTransfer
from letrade.core.messages.venue import VenueQuery, VenueState
from letrade.core.money import Money
from tests.actors.transfer_parts import (
    MS,
    ROUTE_TIME,
    SECOND,
    TwoVenues,
    entries,
    route,
    settings,
    states,
    updates,
    usdt,
    wish,
)
from tests.stage import PERP, context, of_kind


def test_money_leaves_arrives_and_is_done_each_booked_where_it_happens() -> None:
    desk = TwoVenues()
    said = desk.tell(wish("t1", "100"), wait=20 * MS)
    assert states(said) == ["requested", "pending"]
    assert entries(said) == [("here", "transfer", "-99"), ("here", "fee", "-1")]
    assert desk.balances() == desk.ours() == {"here": 9_900.0, "there": 10_000.0}
    said = desk.tell(wait=ROUTE_TIME)
    assert entries(said) == [("there", "transfer", "99")]
    assert states(said) == ["done"]
    assert desk.balances() == desk.ours() == {"here": 9_900.0, "there": 10_099.0}


def test_the_update_says_when_it_arrives_and_what_it_cost() -> None:
    desk = TwoVenues()
    pending = desk.request("t1", "100")[-1]
    left = desk.time - 20 * MS + MS
    assert (pending.arrives, pending.fee) == (left + ROUTE_TIME, Money("USDT", 0, 1))
    done = updates(desk.tell(wait=ROUTE_TIME))[-1]
    assert done.time >= pending.arrives
    assert done.fee == usdt("1")


@pytest.mark.parametrize(
    ("amount", "more", "why"),
    [
        ("10001", {}, "free"),
        ("9.99", {}, "minimum"),
        ("-5", {}, "amount"),
        ("0", {}, "amount"),
        ("100.123456789", {}, "decimals"),
        ("100", {"to_account": "nowhere"}, "route"),
        ("100", {"to_account": "here"}, "route"),
        ("100", {"account": "nobody"}, "unknown"),
        ("100", {"instrument": "far.-"}, "unknown"),
        (Money("ETH", 8, 10**8), {}, "route"),
        (Money("USDT", 0, str(10**40)), {}, "free"),
    ],
)
def test_what_may_not_go_is_refused_with_the_reason_and_nothing_is_sent(
    amount: Any, more: dict[str, Any], why: str
) -> None:
    desk = TwoVenues()
    (update,) = desk.request("t1", amount, **more)
    assert (update.state, update.reason.split(":")[0]) == ("refused", why)
    assert not of_kind(desk.said, VenueTransfer)


@pytest.mark.parametrize("transfer_id", ["", "a b", "x" * 65, "ü"])
def test_an_id_that_no_venue_could_carry_is_refused(transfer_id: str) -> None:
    (update,) = TwoVenues().request(transfer_id, "100")
    assert (update.state, update.reason.split(":")[0]) == ("refused", "id")


def test_an_amount_that_the_fee_would_eat_is_refused() -> None:
    desk = TwoVenues(settings([route(fee="5", minimum="1")]))
    (update,) = desk.request("t1", "5")
    assert update.reason.startswith("fee:")


def test_the_same_id_is_sent_once_and_hears_what_became_of_it() -> None:
    desk = TwoVenues()
    desk.tell(wish("t1", "100"), wish("t1", "100"), wait=SECOND)
    assert desk.balances()["there"] == 10_099.0
    assert states(desk.tell(wish("t1", "100"))) == ["done"]
    assert desk.request("t2", "99999")[0].state == "refused"
    assert desk.request("t2", "100")[0].state == "refused"
    assert desk.balances()["there"] == 10_099.0


def test_what_orders_may_take_is_not_free_and_what_leaves_no_order_may_take() -> None:
    desk = TwoVenues()
    desk.trade(100.0)
    desk.target(50.0, price=99.0, post_only=True)
    (update,) = desk.request("t1", "6000")
    assert update.reason.startswith("free:")
    desk.tell(wish("t2", "5000"), wait=0)
    said = desk.target(95.0, price=99.0)
    assert "capital" in [refused.rule for refused in of_kind(said, OrderRefused)]


def test_an_order_and_a_transfer_of_one_moment_do_not_both_take_the_last_money() -> None:
    """The transfer came first: its money is held back before any venue knows of it."""
    desk = TwoVenues()
    desk.trade(100.0)
    desk.stage.sequence += 1
    said = desk.tell(wish("t1", "6000"), _buy(50.0))
    assert [refused.rule for refused in of_kind(said, OrderRefused)] == ["capital"]
    assert "refused" not in states(said)


def _buy(size: float) -> Any:
    from letrade.core.messages.signals import Target

    return Target(
        strategy="beta", account="here", instrument="paper.BTC-USDT", signal=1, position=size, source="beta", epoch=1
    )


def test_margin_and_losses_of_contracts_stay() -> None:
    desk = TwoVenues()
    desk.trade(10_000.0, PERP.instrument)
    desk.target(0.5, PERP.instrument)
    (update,) = desk.request("t1", "6000")
    assert update.reason.startswith("free:")
    desk.trade(8_000.0, PERP.instrument)
    (update,) = desk.request("t2", "5500")
    assert update.reason.startswith("free:")
    assert states(desk.tell(wish("t3", "4000"), wait=SECOND))[-1] == "done"


def test_what_a_strategy_holds_as_a_position_is_sold_not_moved() -> None:
    desk = TwoVenues(settings([route(currency="BTC", fee="0.001", minimum="0.01")]))
    desk.trade(100.0)
    desk.target(0.5)
    assert desk.request("t1", Money("BTC", 8, 120_000_000))[0].reason.startswith("free:")
    assert desk.request("t2", Money("BTC", 8, 100_000_000))[-1].state == "pending"


def allocations() -> list[Allocation]:
    return [
        Allocation(name="a", strategy="alpha", account="here", amount=Decimal(6_000)),
        Allocation(name="b", strategy="beta", account="here", amount=Decimal(3_000)),
    ]


def test_a_strategy_moves_no_more_than_its_own_capital_and_takes_it_along() -> None:
    desk = TwoVenues(settings(allocations=allocations()))
    assert desk.request("t1", "6001")[0].reason.startswith("allocation:")
    assert desk.request("t2", "5000", wait=SECOND)[-1].state == "done"
    assert desk.request("t3", "1001")[0].reason.startswith("allocation:")
    assert desk.request("t4", "100", strategy="gamma")[0].reason.startswith("allocation:")
    assert desk.request("t5", "1001", strategy="-")[0].reason.startswith("allocation:")


def test_what_one_strategy_moves_is_never_anothers_to_use_on_its_way_or_after() -> None:
    """Of 10,000 each may use the half: while the money of one leaves, and when it has left, the other's half stands."""
    halves = [
        Allocation(name=name, strategy=name, account="here", fraction=Decimal("0.5")) for name in ("alpha", "beta")
    ]
    desk = TwoVenues(settings(allocations=halves, btc="0"))
    capital = desk.actor("capital")

    def allowed(strategy: str) -> float:
        found = capital.purse.allocated("here", strategy, desk.time)
        return float(Fraction(found.numerator, found.denominator * 10**96))

    for wait in (0, MS, 20 * MS, SECOND):
        desk.tell(wish("t1", "4000"), wait=wait)
        assert (allowed("alpha"), allowed("beta")) == (1_000.0, 5_000.0)


def test_the_rest_of_an_account_that_nobody_is_allocated_is_a_monitors_to_move() -> None:
    config = settings(allocations=[Allocation(name="a", strategy="alpha", account="here", amount=Decimal(6_000))])
    desk = TwoVenues(config)
    desk.trade(1.0)
    assert desk.request("t1", "4002", strategy="-")[0].reason.startswith("allocation:")
    assert desk.request("t2", "4001", strategy="-", wait=SECOND)[-1].state == "done"


def test_what_comes_back_is_whole_again_and_told_as_failed() -> None:
    desk = TwoVenues(settings([route(fail_rate=1.0)]))
    said = desk.tell(wish("t1", "100"), wait=SECOND)
    assert states(said) == ["requested", "pending", "failed"]
    assert desk.balances() == desk.ours() == {"here": 10_000.0, "there": 10_000.0}
    assert desk.request("t2", "10000", wait=SECOND)[-1].state == "failed"


def test_silence_is_unknown_and_asked_again_under_the_same_id() -> None:
    desk = TwoVenues(settings(faults=FaultsConfig(seed=1, lose=0.7)), ExecutionConfig(order_timeout=50 * MS))
    for number in range(10):
        desk.tell(wish(f"t{number}", "100"), wait=0)
    desk.tell(wait=60 * SECOND)
    assert "unknown" in states(desk.said)
    assert len(of_kind(desk.said, VenueTransfer)) > 10
    assert len({each.transfer_id for each in of_kind(desk.said, VenueTransfer)}) == 10
    assert desk.balances() == desk.ours() == {"here": 9_000.0, "there": 10_990.0}


def test_unknown_money_is_counted_neither_here_nor_there() -> None:
    """The venue took it and the answer was lost: the strategy may not spend it anywhere until it has arrived."""
    desk = TwoVenues(settings([route(latency=10 * SECOND)], FaultsConfig(seed=5, lose=1.0)))
    desk.tell(wish("t1", "9000"), wait=4 * SECOND)
    assert states(desk.said)[-1] == "unknown"
    assert desk.request("t2", "2000")[0].reason.startswith("free:")


def test_a_busy_venue_has_refused_for_good() -> None:
    desk = TwoVenues(settings(faults=FaultsConfig(refuse=1.0)))
    update = desk.request("t1", "100")[-1]
    assert (update.state, update.reason) == ("refused", "the venue is busy")
    assert desk.request("t2", "10000")[-1].reason == "the venue is busy"


def test_leave_of_another_than_capital_moves_nothing() -> None:
    desk = TwoVenues()
    order = TransferOrder(
        strategy="alpha", account="here", instrument="paper.-", transfer_id="x", to_account="there",
        amount=usdt("100"), source="alpha", epoch=1,
    )  # fmt: skip
    said = desk.tell(order)
    assert [alert.code for alert in of_kind(said, Alert)] == ["transfer_forged"]
    assert not of_kind(said, VenueTransfer)


def test_nothing_leaves_a_halted_account() -> None:
    desk = TwoVenues()
    desk.tell(Halt(account="here", reason="ledger mismatch", source="operator"))
    update = desk.request("t1", "100")[-1]
    assert update.state == "refused"
    assert "ledger mismatch" in update.reason
    assert "ledger mismatch" in desk.request("t2", "10000")[-1].reason


@pytest.mark.parametrize("after", [0, 2, 4, 10, 50, 99, 101, 104])
def test_a_restart_at_any_moment_moves_it_once(after: int) -> None:
    desk = TwoVenues()
    desk.tell(wish("t1", "100"), wait=after * MS)
    desk = desk.restarted()
    desk.tell(wish("t1", "100"), wait=SECOND)
    assert desk.balances() == desk.ours() == {"here": 9_900.0, "there": 10_099.0}
    assert desk.total() == 20_000


FAULTS = st.builds(
    FaultsConfig, seed=st.integers(0, 10**6), lose=st.sampled_from([0.0, 0.3, 0.6]),
    delay=st.sampled_from([0.0, 0.5]), delay_time=st.sampled_from([3 * MS, 300 * MS]),
    repeat=st.sampled_from([0.0, 0.5]), refuse=st.sampled_from([0.0, 0.3]),
)  # fmt: skip
WISHES = st.lists(
    st.tuples(
        st.booleans(),
        st.decimals("0", "9000", places=3),
        st.integers(0, 150),
        st.booleans(),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@examples(max_examples=40, deadline=None)
@given(FAULTS, WISHES, st.sampled_from([0.0, 0.5]), st.sampled_from([None, MS]))
def test_no_unit_is_lost_or_made_whatever_goes_wrong(
    faults: FaultsConfig, wishes: list[tuple[bool, Decimal, int, bool]], fail_rate: float, lag: int | None
) -> None:
    """Balances, money in transit and fees add up at each moment, also over restarts; at the end all has ended, and the
    desk's ledger says what the venues say."""
    routes = [route(fail_rate=fail_rate), route("there", "here", fee="0.125", fail_rate=fail_rate)]
    config = settings(routes, faults, data_latency=lag)
    desk = TwoVenues(config, ExecutionConfig(order_timeout=40 * MS, backoff_max=200 * MS))
    for number, (back, amount, wait_ms, restart) in enumerate(wishes):
        way = {"account": "there", "instrument": "far.-", "to_account": "here"} if back else {}
        desk.tell(wish(f"t{number}", str(amount), **way), wait=wait_ms * MS)
        assert desk.total() == 20_000
        assert min(desk.balances().values()) >= 0
        desk = desk.restarted() if restart else desk
    said = desk.tell(wait=30 * SECOND)
    assert desk.total() == 20_000
    assert desk.in_transit() == 0
    assert not desk.actor("execution").moving
    assert desk.balances() == desk.ours()
    assert not of_kind(said, UnexplainedDifference)
    assert not desk.actor("capital").leaves
    assert not desk.actor("capital").purse.shifts.state()["leaving"]


def test_money_on_its_way_is_in_no_accounts_equity_and_yet_not_lost() -> None:
    desk = TwoVenues(settings(balance="10000", btc="0"))
    said = desk.tell(wish("t1", "4000"), wait=ROUTE_TIME // 2)
    last = {each.account: each for each in of_kind(said, Account)}
    assert [float(last[name].equity.decimal) for name in ("here", "there")] == [6_000.0, 10_000.0]
    assert last["here"].transit == usdt("3999")
    assert last["there"].transit is None
    desk = desk.restarted()
    last = {each.account: each for each in of_kind(desk.tell(wait=ROUTE_TIME), Account)}
    assert [float(last[name].equity.decimal) for name in ("here", "there")] == [6_000.0, 13_999.0]
    assert (last["here"].transit, last["there"].transit) == (None, None)


def test_results_count_money_on_its_way_with_the_desks_equity() -> None:
    config = settings(btc="0")
    desk, results = TwoVenues(config), Results("results", ResultsConfig(), context(settings=config))
    for message in desk.tell(wish("t1", "4000"), wait=ROUTE_TIME // 2):
        if isinstance(message, Account):
            results.on_account(message)
    summary = results.summary()
    assert (summary["equity"], summary["pnl"], summary["in_transit"]) == ("19999", "-1", "3999")


def test_a_transfer_is_no_loss_and_does_not_make_losses_forgotten() -> None:
    limits = RiskTable(stale_after=None, max_daily_loss=Decimal(500))
    desk = TwoVenues(settings(btc="0", risk=limits))
    desk.trade(10_000.0, PERP.instrument)
    desk.target(0.1, PERP.instrument)
    desk.tell(wish("t1", "4000"), wait=SECOND)
    assert not of_kind(desk.said, Halt)
    desk.trade(6_000.0, PERP.instrument)
    desk.tell(wish("t2", "400"), wait=SECOND)
    assert not of_kind(desk.said, Halt)
    desk.trade(4_900.0, PERP.instrument)
    assert [halt.account for halt in of_kind(desk.said, Halt)] == ["here"]


def test_a_transfer_that_comes_back_is_not_sent_again_when_it_is_asked_for_at_that_very_instant() -> None:
    desk = TwoVenues(settings([route(fail_rate=1.0), route("there", "here")], order_latency=5 * MS))
    desk.tell(wish("t1", "100"))
    arrives = desk.venues[0].transfers.given["t1"].arrives
    asked = VenueTransfer(
        strategy="alpha", account="here", instrument="paper.-", transfer_id="t1", to_account="there",
        amount=usdt("100"), time=arrives - 5 * MS, source="execution", epoch=1,
    )  # fmt: skip
    other = VenueDeposit(
        strategy="-", account="here", instrument="paper.-", transfer_id="t0", from_account="there", amount=usdt("1"),
        arrives=arrives + 50 * MS, time=arrives - 2 * MS, source="far", epoch=1,
    )  # fmt: skip
    desk.tell(asked, other, wait=ROUTE_TIME * 2)
    assert desk.balances() == {"here": 10_001.0, "there": 10_000.0}


def test_money_is_credited_in_the_order_in_which_it_arrives_after_a_restart_as_before_it() -> None:
    def booked(restarts: bool) -> list[tuple[str, str, int]]:
        desk = TwoVenues(settings([route(fail_rate=1.0), route("there", "here")]))
        desk.tell(wish("t1", "100"), wish("t2", "50", account="there", instrument="far.-", to_account="here"))
        desk = desk.restarted() if restarts else desk
        found = of_kind(desk.tell(wait=SECOND), CashEntry)
        return [(each.account, each.entry_id, each.sequence) for each in found]

    assert booked(True) == booked(False)


def test_a_venues_answer_about_an_account_and_a_transfer_of_the_same_instant_are_no_mismatch() -> None:
    """The balance is that before it, and what left is booked here when the two are compared."""
    desk = TwoVenues()
    desk.tell(wait=SECOND)
    about: dict[str, Any] = {"strategy": "-", "account": "here", "instrument": "paper.-", "source": "execution"}
    query = VenueQuery(**about, fills_after=0, epoch=1)
    asked = VenueTransfer(**about, transfer_id="t1", to_account="there", amount=usdt("100"), epoch=1)
    said = desk.tell(query, asked, wait=SECOND)
    assert [state.cash_entries for state in of_kind(said, VenueState)] == [0]
    assert desk.balances() == desk.ours()
    assert not of_kind(said, UnexplainedDifference)
    after = desk.tell(msgspec.structs.replace(query, time=0, sequence=0), wait=SECOND)
    assert [state.cash_entries for state in of_kind(after, VenueState)] == [2]
