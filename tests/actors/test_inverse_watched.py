"""Inverse contracts under the liquidation monitor and the leverage manager, by the exact rules, in coin."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.actors.leverage.config import LeverageManagerConfig
from letrade.actors.leverage.manager import LeverageManager
from letrade.commands.group import letrade
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import ISOLATED_MARGIN, LEVERAGE, LiquidationNear, MarginRequest, PositionLimit
from letrade.core.messages.orders import Fill
from letrade.core.messages.venue import HeldPosition, VenueState
from tests.actors.liquidation_parts import INVERSE, MonitoredDesk
from tests.actors.margin_parts import stamped
from tests.stage import of_kind

SECOND = 1_000_000_000
TENTHS = st.lists(
    st.one_of(
        st.tuples(st.just("target"), st.integers(-10, 10)),
        st.tuples(st.just("price"), st.integers(-3, 3)),
        st.tuples(st.just(ISOLATED_MARGIN), st.integers(-200, 500)),
        st.tuples(st.just(LEVERAGE), st.integers(5, 20)),
    ),
    min_size=1,
    max_size=8,
)


def held(mode: str = "cross", size: float = 6_000.0, **config: Any) -> MonitoredDesk:
    """6,000 contracts of 100 USD at 60,000 are 10 BTC, with 2 BTC of collateral."""
    desk = MonitoredDesk(mode, coins=2, **config)
    desk.mark(60_000.0)
    desk.mark(60_000.0, INVERSE)
    desk.target(size, instrument=INVERSE)
    assert desk.held(instrument=INVERSE) == size
    return desk


@pytest.mark.parametrize("rules", ["binance", "bybit"])
def test_an_inverse_position_is_watched_by_its_own_rules(rules: str) -> None:
    """600,000 (0.01 + f + 1) / (W + 0.055 + 600,000 / E), 0.055 the amount of the third tier; W is the coin's balance
    alone, f what Bybit counts of a closing fee."""
    desk = held(policy=(), rules=rules)
    assert [alert for alert in of_kind(desk.said, Alert) if alert.code == "liquidation_unwatched"] == []
    (unit,) = desk.monitor.units_of("main")
    look = unit.look()
    holdings = desk.monitor.holdings
    wallet, entry = float(holdings.balances["main", "BTC"]), unit.contracts[0].entry
    fee = 0.0005 * (1 + 1 / 10) if rules == "bybit" else 0.0
    assert look.prices[0] == pytest.approx(600_000 * (1.01 + fee) / (wallet + 0.055 + 600_000 / entry), rel=1e-12)
    assert look.equity == pytest.approx(wallet + 600_000 / entry - 10, rel=1e-9)
    near = of_kind(desk.mark(51_000.0, INVERSE), LiquidationNear)
    assert {(each.level, each.instrument) for each in near} == {("act", INVERSE), ("act", "paper.-")}
    assert near[0].equity.currency == "BTC"


def test_the_venue_and_the_desk_agree_on_where_it_ends() -> None:
    desk = held(policy=())
    desk.tell(wait=30 * SECOND)
    assert [alert.text for alert in of_kind(desk.said, Alert) if alert.code == "liquidation_price_differs"] == []


@given(TENTHS)
@settings(max_examples=25, deadline=None)
def test_margin_and_equity_are_the_venues_after_anything(steps: list[tuple[str, int]]) -> None:
    desk = MonitoredDesk("isolated", coins=10, policy=())
    price = 60_000.0
    desk.mark(price)
    desk.mark(price, INVERSE)
    for number, (kind, value) in enumerate(steps):
        if kind == "target":
            desk.target(value * 100.0, instrument=INVERSE)
        elif kind == "price":
            price *= 1 + value / 100
            desk.mark(round(price, 1), INVERSE)
        else:
            request = MarginRequest(
                strategy=NO_STRATEGY, account="main", instrument=INVERSE, request_id=f"r{number}", change=kind,
                value=value / 1_000 if kind == ISOLATED_MARGIN else float(value),
            )  # fmt: skip
            desk.tell(stamped(request))
        check(desk)


def check(desk: MonitoredDesk) -> None:
    margins = desk.actor("paper").exchange.margin
    account, contract = margins.accounts["main"], desk.monitor.holdings.contract("main", INVERSE)
    setting = margins.setting("main", INVERSE)
    assert contract.leverage == setting.leverage
    assert float(contract.margin or 0) == pytest.approx(float(setting.of("")), abs=1e-7)
    if contract.quantity:
        (unit,) = desk.monitor.units_of("main")
        theirs = margins.unit(account, INVERSE)
        assert theirs is not None
        assert unit.look().equity == pytest.approx(float(theirs.wallet + theirs.holdings[0].gain), abs=1e-7)


@pytest.mark.parametrize("mode", ["cross", "isolated"])
@pytest.mark.parametrize("side", [1, -1])
def test_a_crash_in_steps_liquidates_nothing(mode: str, side: int) -> None:
    """Reduced in time, in whole contracts, each step so that the next is not needed."""
    desk = held(mode, 6_000.0 * side, margin_budget=20_000)
    price = 60_000.0
    for _ in range(25):
        price = round(price * (1 - 0.02 * side), 1)
        desk.mark(price, INVERSE, wait=SECOND)
    origins = {fill.origin for fill in of_kind(desk.said, Fill)}
    assert origins == {"desk"}
    left = desk.held(instrument=INVERSE)
    assert abs(left) < 6_000
    assert left == int(left)


def test_margin_is_added_in_coins_for_so_many_dollars() -> None:
    desk = held("isolated", 600.0, policy=("add_margin",), margin_budget=6_000)
    requests = []
    price = 60_000.0
    for _ in range(12):
        price -= 500.0
        requests += of_kind(desk.mark(price, INVERSE, wait=SECOND), MarginRequest)
    assert requests
    assert 0 < sum(request.value for request in requests) <= 6_000 / price


def test_the_leverage_manager_caps_coins_worth_of_contracts() -> None:
    """5 × 2 BTC at 60,000 are 6,000 contracts, less the 5 % of its band."""
    actors: Any = [(LeverageManager, "leverage", LeverageManagerConfig(accounts=("main",), cap="5"))]
    desk = MonitoredDesk(coins=2, actors=actors)
    desk.mark(60_000.0, wait=2 * SECOND)
    said = desk.mark(60_000.0, INVERSE, wait=2 * SECOND)
    assert [each.largest for each in of_kind(said, PositionLimit) if each.instrument == INVERSE] == [5_700.0]
    desk.target(6_000.0, instrument=INVERSE)
    desk.tell(wait=2 * SECOND)
    assert desk.held(instrument=INVERSE) == pytest.approx(5_700.0, abs=100)
    price = 60_000.0
    for _ in range(12):
        price -= 1_000.0
        desk.mark(price, INVERSE, wait=3 * SECOND)
    quantity = desk.held(instrument=INVERSE)
    equity = desk.actor("paper").exchange.margin.cross(desk.actor("paper").exchange.accounts["main"], "BTC").equity
    assert quantity * 100 / price <= 5 * float(equity) * 1.001


def test_a_difference_is_a_case_in_contracts(tmp_path: Any) -> None:
    desk = held(policy=())
    (unit,) = desk.monitor.units_of("main")
    ours = unit.look().prices[0]
    told = HeldPosition(instrument=INVERSE, quantity=6_000.0, margin_mode="cross", liquidation_price=40_000.0)
    said = desk.tell(
        VenueState(
            strategy="-", account="main", instrument="paper.-", open_orders=(), balances=(), positions=(told,),
            last_fill_number=1, source="paper", epoch=1, sequence=10_000,
        )
    )  # fmt: skip
    (alert,) = [alert for alert in of_kind(said, Alert) if alert.code == "liquidation_price_differs"]
    case = json.loads(alert.text.partition("as a case: ")[2])
    assert (case["contract"], case["contract_size"], case["amount"]) == ("inverse", 100.0, 6_000.0)
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([case]))
    result = CliRunner().invoke(letrade, ["margin", "--cases", str(file), "--json"])
    rows = [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]
    assert rows[0]["got"] == pytest.approx(ours, rel=1e-9), result.output
