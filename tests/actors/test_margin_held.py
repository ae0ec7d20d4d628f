"""What the desk believes of its margin is what the simulated venue has, trade by trade and setting by setting."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.margin import ISOLATED_MARGIN, LEVERAGE, MarginRequest
from tests.actors.liquidation_parts import LINEAR, MonitoredDesk
from tests.actors.margin_parts import stamped

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("target"), st.integers(-10, 10)),
        st.tuples(st.just("price"), st.integers(-3, 3)),
        st.tuples(st.just(ISOLATED_MARGIN), st.integers(-200, 500)),
        st.tuples(st.just(LEVERAGE), st.integers(5, 20)),
    ),
    min_size=1,
    max_size=8,
)


@given(STEPS)
@settings(max_examples=30, deadline=None)
def test_margin_and_equity_are_the_venues_after_anything(steps: list[tuple[str, int]]) -> None:
    desk = MonitoredDesk("isolated", balance=50_000, policy=())
    price = 60_000.0
    desk.mark(price)
    for number, (kind, value) in enumerate(steps):
        if kind == "target":
            desk.target(value / 10, instrument=LINEAR)
        elif kind == "price":
            price *= 1 + value / 100
            desk.mark(round(price, 1))
        else:
            request = MarginRequest(
                strategy=NO_STRATEGY, account="main", instrument=LINEAR, request_id=f"r{number}", change=kind,
                value=float(value),
            )  # fmt: skip
            desk.tell(stamped(request))
        check(desk)


def check(desk: MonitoredDesk) -> None:
    margins = desk.actor("paper").exchange.margin
    account, contract = margins.accounts["main"], desk.monitor.holdings.contract("main", LINEAR)
    setting = margins.setting("main", LINEAR)
    assert contract.leverage == setting.leverage
    assert float(contract.margin or 0) == pytest.approx(float(setting.of("")), abs=1e-6)
    if contract.quantity:
        (unit,) = desk.monitor.units_of("main")
        theirs = margins.unit(account, LINEAR)
        assert theirs is not None
        assert unit.look().equity == pytest.approx(float(theirs.wallet + theirs.holdings[0].gain), abs=1e-6)
