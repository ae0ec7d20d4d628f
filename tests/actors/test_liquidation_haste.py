"""The liquidation monitor in a hurry: a busy venue, marks that fall fast, a wallet in debt."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from letrade.core.messages.events import Alert
from letrade.core.messages.margin import MarginRequest, Reduce
from tests.actors.liquidation_parts import ETHER, LINEAR, MonitoredDesk
from tests.actors.test_liquidation_monitor import codes, long_desk
from tests.stage import of_kind

SECOND = 1_000_000_000


def busy_desk(refusals: int, **config: Any) -> MonitoredDesk:
    """Its venue turns the first so many reductions away unread."""
    desk = long_desk(script=[], **config)
    desk.actor("paper").busy = refusals
    return desk


def test_what_the_venue_was_too_busy_for_is_tried_again_and_is_no_failure() -> None:
    desk = busy_desk(3)
    said = desk.mark(52_600.0, wait=SECOND)
    assert len(of_kind(said, Reduce)) == 4
    assert desk.held("alpha", LINEAR) < 1.0
    assert "liquidation_step_failed" not in codes(said)


def test_waits_between_two_tries_are_doubled() -> None:
    desk = busy_desk(4)
    times = [reduce.time for reduce in of_kind(desk.mark(52_600.0, wait=3 * SECOND), Reduce)]
    waits = [after - before for before, after in pairwise(times)]
    assert waits == sorted(waits)
    assert waits[-1] >= 4 * waits[0]


def test_margin_that_the_venue_was_too_busy_for_is_asked_for_again_and_spent_once() -> None:
    desk = long_desk(
        mode="isolated", policy=("add_margin", "close"), margin_budget=Decimal(9_000), balance=20_000,
        script=["-1003", "-1008"],
    )  # fmt: skip
    said = desk.mark(56_500.0, wait=SECOND)
    requests = of_kind(said, MarginRequest)
    assert len(requests) == 3
    assert len({request.request_id for request in requests}) == 3
    failed = [alert.text for alert in of_kind(said, Alert) if alert.code == "liquidation_step_failed"]
    assert not [text for text in failed if text.startswith("add_margin")]
    assert [float(spent) for spent in desk.monitor.spent.values()] == [requests[0].value]


def test_a_mark_that_falls_fast_closes_what_a_slow_one_only_cuts() -> None:
    def left(seconds: int) -> float:
        desk = long_desk(outlook=1, close_within=60 * SECOND)
        for step in range(1, 38):
            desk.mark(60_000.0 - 200 * step, wait=seconds * SECOND)
        return desk.held("alpha", LINEAR)

    assert left(1) == 0.0
    assert 0.0 < left(60) < 1.0


def test_the_faster_the_mark_the_larger_the_cut() -> None:
    def left(outlook: int) -> float:
        desk = long_desk(outlook=outlook * SECOND)
        for step in range(1, 38):
            desk.mark(60_000.0 - 200 * step, wait=30 * SECOND)
        return desk.held("alpha", LINEAR)

    assert left(1) > left(1_200) > left(2_400)


def test_a_debt_that_another_position_s_gains_back_is_watched_as_if_it_were_theirs() -> None:
    desk = MonitoredDesk(policy=(), balance=10_000)
    desk.mark(60_000.0)
    desk.mark(3_000.0, ETHER)
    desk.target(1.0, instrument=LINEAR)
    desk.target(-10.0, instrument=ETHER)
    desk.mark(2_200.0, ETHER)
    desk.mark(46_000.0)
    said = desk.target(0.0, instrument=LINEAR)
    (unit,) = desk.monitor.units_of("main")
    balance = float(desk.monitor.holdings.free_balance("main", "USDT"))
    short = desk.monitor.holdings.contract("main", ETHER)
    assert balance < 0
    assert "liquidation_unwatched" not in codes(said)
    assert unit.look().equity == pytest.approx(balance + 10 * (short.entry - 2_200.0))
