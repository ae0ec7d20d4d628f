"""The liquidation monitor: levels, steps by policy, stale marks, the venue's word, restarts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from letrade.actors.liquidation.config import LiquidationMonitorConfig, check
from letrade.core.errors import ConfigurationError
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import LiquidationNear, MarginRequest, PositionLimit, Reduce
from letrade.core.messages.market import IndexPrice, MarkPrice, Quote
from tests.actors.liquidation_parts import BARE, ETHER, LINEAR, MonitoredDesk
from tests.stage import BTC, of_kind

SECOND = 1_000_000_000


def long_desk(size: float = 1.0, mode: str = "cross", balance: int = 10_000, **config: Any) -> MonitoredDesk:
    desk = MonitoredDesk(mode, balance=balance, **config)
    desk.mark(60_000.0)
    desk.target(size, instrument=LINEAR)
    desk.mark(60_000.0)
    return desk


def levels(said: Iterable[Message], instrument: str = LINEAR) -> list[str]:
    return [near.level for near in of_kind(said, LiquidationNear) if near.instrument == instrument]


def codes(said: Iterable[Message]) -> list[str]:
    return [alert.code for alert in of_kind(said, Alert)]


def test_levels_are_told_as_the_mark_falls_and_do_not_flutter() -> None:
    desk = long_desk(policy=())
    assert levels(desk.said) == ["watch"]
    said = desk.mark(55_000.0) + desk.mark(54_900.0) + desk.mark(55_000.0)
    assert levels(said) == ["warn"]
    assert levels(desk.mark(55_600.0)) == []
    assert levels(desk.mark(57_000.0)) == ["watch"]
    assert levels(desk.mark(51_000.0), "paper.-") == ["act"]
    (near,) = of_kind(desk.mark(50_000.0), LiquidationNear)[:1]
    assert near.level == "liquidated"


def test_the_distance_is_that_of_the_exact_rules() -> None:
    desk = long_desk(policy=())
    (near,) = (each for each in of_kind(desk.said, LiquidationNear) if each.instrument == LINEAR)
    # 60,000 is in the second tier (0.5 %, amount 50): (W + 50 - 60,000) / (0.005 - 1), W 10,000 less 30 of fee.
    assert near.liquidation == pytest.approx((9_970 + 50 - 60_000) / (0.005 - 1), rel=1e-9)
    assert near.distance == pytest.approx(1 - near.liquidation / 60_000, rel=1e-9)
    assert (near.basis, str(near.equity)) == ("mark", "9970.00000000 USDT")


def test_a_step_cuts_just_so_much_that_the_next_is_not_needed() -> None:
    desk = long_desk()
    said = desk.mark(52_600.0)
    (reduce,) = of_kind(said, Reduce)
    (limit,) = of_kind(said, PositionLimit)
    held = desk.held("alpha", LINEAR)
    assert held == pytest.approx(1.0 - reduce.size)
    assert limit.largest == pytest.approx(held)
    assert levels(said)[-1] in ("watch", "warn")
    (unit,) = desk.monitor.units_of("main")
    assert 0.1 <= unit.look().nearest < 0.103
    assert of_kind(desk.mark(52_500.0), Reduce) == []


def test_what_was_cut_is_not_opened_again_by_the_same_wish() -> None:
    desk = long_desk()
    desk.mark(52_600.0)
    held = desk.held("alpha", LINEAR)
    desk.target(1.0, instrument=LINEAR)
    assert desk.held("alpha", LINEAR) == held


def test_the_whole_unit_is_cut_by_one_share_so_that_a_hedge_stays_one() -> None:
    desk = MonitoredDesk()
    desk.mark(60_000.0)
    desk.mark(3_000.0, ETHER)
    desk.target(1.0, instrument=LINEAR)
    desk.target(-5.0, instrument=ETHER)
    desk.mark(3_000.0, ETHER)
    said = desk.mark(52_600.0)
    cut = {reduce.instrument: reduce.size for reduce in of_kind(said, Reduce)}
    assert cut[LINEAR] / 1.0 == pytest.approx(cut[ETHER] / 5.0, abs=0.004)


def test_a_group_is_cut_together_spot_leg_and_all() -> None:
    desk = MonitoredDesk(balance=100_000, groups=((BTC.instrument, LINEAR),))
    desk.mark(60_000.0)
    desk.trade(60_000.0)
    desk.target(1.0)
    desk.target(-1.0, instrument=LINEAR)
    desk.mark(60_000.0)
    desk.trade(95_000.0)
    desk.mark(95_000.0)
    assert 0 < desk.held() < 1.0
    assert desk.held() == -desk.held(instrument=LINEAR)


def test_a_little_position_does_not_decide_how_much_of_a_large_one_goes() -> None:
    desk = MonitoredDesk()
    desk.mark(60_000.0)
    desk.mark(3_000.0, ETHER)
    desk.target(1.0, instrument=LINEAR)
    desk.target(0.01, instrument=ETHER)
    desk.mark(3_000.0, ETHER)
    desk.mark(52_600.0)
    assert desk.held("alpha", LINEAR) > 0.3
    assert desk.held("alpha", ETHER) == 0.0


def test_an_isolated_position_is_cut_and_keeps_the_margin_that_this_sets_free() -> None:
    desk = long_desk(mode="isolated")
    said = desk.mark(56_500.0)
    (reduce,) = of_kind(said, Reduce)
    (request,) = of_kind(said, MarginRequest)
    assert 0 < reduce.size < 1
    assert request.change == "isolated_margin"
    (unit,) = desk.monitor.units_of("main")
    assert unit.look().nearest >= 0.0995
    assert codes(said).count("liquidation_step_failed") == 0


def test_margin_is_added_within_the_budget_of_the_day_and_no_further() -> None:
    desk = long_desk(mode="isolated", policy=("add_margin", "close"), margin_budget=Decimal(3_500), balance=20_000)
    said = desk.mark(56_500.0)
    (request,) = of_kind(said, MarginRequest)
    (unit,) = desk.monitor.units_of("main")
    assert 2_000 < request.value <= 3_500
    assert unit.look().nearest == pytest.approx(0.1, abs=0.0001)
    assert of_kind(said, Reduce) == []
    later = desk.mark(53_000.0)
    assert of_kind(later, MarginRequest) == []
    assert [reduce.size for reduce in of_kind(later, Reduce)] == [1.0]


def test_a_refused_step_is_followed_by_the_next_kind() -> None:
    desk = long_desk(
        mode="isolated", policy=("add_margin", "close"), margin_budget=Decimal(9_000), balance=20_000, script=["-4050"]
    )
    said = desk.mark(56_500.0, wait=SECOND)
    assert [update.change for update in of_kind(said, MarginRequest)] == ["isolated_margin"]
    assert desk.held("alpha", LINEAR) == 0.0
    assert codes(said).count("liquidation_step_failed") == 1


def test_a_step_that_nobody_answers_is_followed_when_its_patience_is_over() -> None:
    desk = long_desk(
        mode="isolated", policy=("add_margin", "close"), margin_budget=Decimal(9_000), balance=20_000, script=[None] * 9
    )
    assert desk.held("alpha", LINEAR) == 1.0
    said = desk.mark(56_500.0, wait=SECOND)
    assert of_kind(said, Reduce) == []
    said = desk.tell(wait=2 * SECOND)
    assert desk.held("alpha", LINEAR) == 0.0


def test_when_everything_has_failed_it_says_so_and_begins_anew() -> None:
    desk = long_desk(script=[])
    desk.actor("paper").deaf = True
    said = desk.mark(52_600.0, wait=20 * SECOND)
    assert "liquidation_steps_exhausted" in codes(said)
    desk.actor("paper").deaf = False
    desk.tell(wait=20 * SECOND)
    assert desk.held("alpha", LINEAR) < 1.0


def test_one_step_at_a_time() -> None:
    desk = long_desk(script=[])
    desk.actor("paper").deaf = True
    said = desk.mark(52_600.0) + desk.mark(52_500.0) + desk.mark(52_400.0)
    assert len(of_kind(said, Reduce)) == 1


def test_a_restart_in_the_middle_of_a_step_neither_doubles_nor_forgets() -> None:
    plain, desk = long_desk(), long_desk()
    plain.mark(52_600.0, wait=SECOND)
    desk.mark(52_600.0, wait=0)
    assert desk.monitor.steps
    fresh = desk.again()
    said = fresh.tell(wait=SECOND)
    assert fresh.held("alpha", LINEAR) == plain.held("alpha", LINEAR)
    assert of_kind(said, Reduce) == []
    assert fresh.monitor.steps == {}


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_restarts_at_any_moment_of_a_crash_change_nothing(mode: str) -> None:
    def run(restarts: bool) -> tuple[list[Any], float]:
        desk = long_desk(mode=mode, margin_budget=Decimal(500), balance=12_000)
        said: list[Message] = []
        for step in range(25):
            if restarts:
                desk = desk.again()
            quote = Quote(
                instrument=LINEAR, bid=59_900.0 - 450 * step, bid_size=0.05 * (step % 4), ask=60_100.0 - 450 * step,
                ask_size=1.0, source="feed", epoch=1,
            )  # fmt: skip
            mark = MarkPrice(instrument=LINEAR, price=60_000.0 - 450 * step, source="feed", epoch=1)
            said += desk.tell(quote, mark, wait=(step % 3) * SECOND // 3 + 1_000_000)
        steps = [(each.time, each.instrument, each.size) for each in of_kind(said, Reduce)]
        return [*steps, *[(each.time, each.value) for each in of_kind(said, MarginRequest)]], desk.held("alpha", LINEAR)

    plain, restarted = run(False), run(True)
    assert plain == restarted
    assert len(plain[0]) > 2


def test_a_cut_of_another_is_awaited() -> None:
    desk = long_desk(script=[])
    desk.actor("paper").deaf = True
    desk.tell(PositionLimit(strategy="-", account="main", instrument=LINEAR, largest=0.5, source="leverage", epoch=1))
    said = desk.mark(52_600.0)
    assert of_kind(said, Reduce) == []
    assert next(each.source for each in of_kind(desk.tell(wait=3 * SECOND), Reduce)) == "monitor"


def test_a_restart_keeps_the_budget_that_was_spent() -> None:
    desk = long_desk(mode="isolated", policy=("add_margin",), margin_budget=Decimal(3_500), balance=20_000)
    desk.mark(56_500.0)
    assert of_kind(desk.again().mark(54_500.0), MarginRequest) == []


def test_a_stale_mark_does_not_blind_it() -> None:
    desk = long_desk(policy=())
    desk.index(60_100.0)
    desk.mark(60_000.0)
    desk.tell(wait=6 * SECOND)
    said = desk.tell(IndexPrice(instrument=LINEAR, price=55_000.0, source="feed", epoch=1))
    (near,) = of_kind(said, LiquidationNear)[:1]
    assert (near.basis, near.mark) == ("index", 54_900.0)
    quote = Quote(instrument=LINEAR, bid=52_000.0, bid_size=1.0, ask=52_100.0, ask_size=1.0, source="feed", epoch=1)
    (near,) = of_kind(desk.tell(quote), LiquidationNear)[:1]
    assert (near.basis, near.mark, near.level) == ("book", 52_000.0, "act")
    assert "mark_stale" in codes(desk.said)


def test_while_marks_are_fresh_the_book_is_not_looked_at() -> None:
    desk = long_desk()
    quote = Quote(instrument=LINEAR, bid=50_000.0, bid_size=1.0, ask=50_100.0, ask_size=1.0, source="feed", epoch=1)
    assert of_kind(desk.tell(quote), LiquidationNear) == []


def test_a_position_without_tiers_is_said_to_be_unwatched_once() -> None:
    desk = MonitoredDesk()
    desk.mark(100.0, BARE.instrument)
    desk.stage.node.post(_position(BARE.instrument, desk.time))
    said = desk.tell() + desk.mark(101.0, BARE.instrument)
    (alert,) = [alert for alert in of_kind(said, Alert) if alert.code == "liquidation_unwatched"]
    assert "tiers are not known" in alert.text


def _position(instrument: str, time: int) -> Message:
    from letrade.core.messages.accounts import Position
    from letrade.core.money import money

    return Position(
        strategy="-", account="main", instrument=instrument, quantity=1.0, average_price=100.0,
        realised=money("USDT", 0), time=time, source="ledger", epoch=1, sequence=1,
    )  # fmt: skip


def test_the_venues_own_price_is_compared_and_a_difference_is_a_case() -> None:
    desk = long_desk(policy=())
    desk.tell(wait=30 * SECOND)
    assert "liquidation_price_differs" not in codes(desk.said)
    said = desk.tell(_state(desk, 1.0, 40_000.0)) + desk.tell(_state(desk, 1.0, 40_000.0))
    (alert,) = [alert for alert in of_kind(said, Alert) if alert.code == "liquidation_price_differs"]
    case = json.loads(alert.text.partition("as a case: ")[2])
    assert (case["expected_liquidation_price"], case["amount"], case["symbol"]) == (40_000.0, 1.0, "BTC/USDT:USDT")


def test_a_recorded_case_is_read_by_the_calculator(tmp_path: Any) -> None:
    from click.testing import CliRunner

    from letrade.commands.group import letrade

    desk = long_desk(policy=())
    (unit,) = desk.monitor.units_of("main")
    ours = unit.look().prices[0]
    said = desk.tell(_state(desk, 1.0, 40_000.0))
    (alert,) = [alert for alert in of_kind(said, Alert) if alert.code == "liquidation_price_differs"]
    file = tmp_path / "cases.json"
    file.write_text("[" + alert.text.partition("as a case: ")[2] + "]")
    result = CliRunner().invoke(letrade, ["margin", "--cases", str(file), "--json"])
    rows = [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]
    got = rows[0]["got"] if rows else json.loads(result.output)
    assert got == pytest.approx(ours, rel=1e-9)


def _state(desk: MonitoredDesk, quantity: float, price: float) -> Message:
    from letrade.core.messages.venue import HeldPosition, VenueState
    from letrade.core.money import money

    held = HeldPosition(
        instrument=LINEAR, quantity=quantity, average_price=60_000.0, leverage=10.0, margin_mode="cross",
        liquidation_price=price,
    )  # fmt: skip
    return VenueState(
        strategy="-", account="main", instrument="paper.-", open_orders=(), balances=(money("USDT", 0),),
        positions=(held,), last_fill_number=1, source="paper", epoch=1, sequence=10_000 + desk.time // SECOND,
    )  # fmt: skip


def test_a_closed_position_is_clear() -> None:
    desk = long_desk(policy=())
    said = desk.target(0.0, instrument=LINEAR)
    assert levels(said) == ["clear"]


def test_distances_in_no_order_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="watch > warn > act"):
        MonitoredDesk(warn=Decimal("0.01"))
    with pytest.raises(ConfigurationError, match="target_distance"):
        MonitoredDesk(target_distance=Decimal("0.05"))


def test_rules_that_nobody_has_are_refused() -> None:
    with pytest.raises(ConfigurationError, match='none of "binanse", did you mean "binance"'):
        check(LiquidationMonitorConfig(rules="binanse"), "monitor")
    with pytest.raises(ConfigurationError, match='no "multi_asset", did you mean "multi_assets"'):
        check(LiquidationMonitorConfig(account_type="multi_asset"), "monitor")


def test_two_runs_say_the_same() -> None:
    def run() -> list[Any]:
        desk = long_desk(mode="isolated", margin_budget=Decimal(1_000))
        for price in (57_000.0, 56_000.0, 55_500.0, 54_000.0, 53_000.0):
            desk.mark(price)
        return [(type(each).__name__, each.id, each.time) for each in desk.said]

    assert run() == run()
