"""An account in hedge mode that somebody trades: the desk books each leg, and watches both by the exact rules."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from letrade.actors.leverage.config import LeverageManagerConfig
from letrade.actors.leverage.manager import LeverageManager
from letrade.actors.liquidation.cases import case_line
from letrade.actors.venue.margin_sums import liquidation_price
from letrade.assembly import assemble
from letrade.core.errors import ConfigurationError
from letrade.core.messages.accounts import LegPosition, Position
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert, Halt
from letrade.core.messages.margin import LiquidationNear, MarginRequest, PositionLimit, Reduce
from letrade.core.messages.market import FundingRate
from letrade.core.messages.venue import VenueSubmit
from letrade.margin.recording import cases_in
from tests.actors.desk_parts import SECOND
from tests.actors.liquidation_parts import LINEAR, MonitoredDesk
from tests.actors.margin_parts import stamped
from tests.margin.programs import margin
from tests.stage import of_kind

OPENS = {"long": 1, "short": -1}


class HandDesk(MonitoredDesk):
    """Its accounts are in hedge mode, and somebody trades in them by hand."""

    def __init__(self, mode: str = "cross", **more: Any) -> None:
        self.hands = 0
        super().__init__(mode, **{"positions": "hedge", "policy": (), **more})
        self.mark(60_000.0)

    def hand(self, leg: str, size: float, *, close: bool = False) -> list[Message]:
        self.hands += 1
        asked = VenueSubmit(
            strategy="-", account="main", instrument=LINEAR, client_order_id=f"hand-{self.hands}",
            side=-OPENS[leg] if close else OPENS[leg], size=size, time_in_force="ioc", leg=leg, source="feed", epoch=1,
        )  # fmt: skip
        return self.tell(asked)

    def venues(self) -> Any:
        return self.actor("paper").exchange.accounts["main"]


def codes(said: list[Message]) -> list[str]:
    return [alert.code for alert in of_kind(said, Alert)]


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_each_leg_is_booked_and_the_account_is_the_sum_of_them(mode: str) -> None:
    rng = random.Random(mode)
    desk = HandDesk(mode, balance=200_000)
    for _ in range(30):
        desk.mark(round(60_000 * rng.uniform(0.97, 1.03), 1))
        desk.hand(rng.choice(("long", "short")), round(rng.uniform(0.01, 1.0), 3), close=rng.random() < 0.3)
    desk.tell(FundingRate(instrument=LINEAR, rate=0.0005, funding_time=desk.time + SECOND, source="feed", epoch=1))
    desk.tell(wait=30 * SECOND)
    desk.mark(60_000.0, wait=30 * SECOND)
    book, theirs = desk.actor("ledger").books["main"], desk.venues()
    assert {name: held.state() for name, held in book.positions.items()} == {
        name: held.state() for name, held in theirs.positions.items()
    }
    assert book.wallets["USDT"] == theirs.wallet.total("USDT").value
    assert of_kind(desk.said, Halt) == []
    quantities = {each.leg: each.quantity for each in of_kind(desk.said, LegPosition)}
    net = [each for each in of_kind(desk.said, Position) if each.strategy == "-" and each.account == "main"][-1]
    assert net.quantity == pytest.approx(sum(quantities.values()), abs=1e-12)
    assert quantities["long"] > 0 > quantities["short"]


@pytest.mark.parametrize(
    ("rules", "mode"),
    [
        ("binance", "cross"), ("binance", "isolated"), ("okx", "cross"), ("okx", "isolated"), ("bybit", "isolated"),
    ],
)  # fmt: skip
def test_both_legs_are_watched_by_the_venues_rules(rules: str, mode: str) -> None:
    desk = HandDesk(mode, rules=rules, balance=20_000)
    desk.hand("long", 1.5)
    desk.hand("short", 0.6)
    desk.tell(wait=30 * SECOND)
    assert {"liquidation_unwatched", "liquidation_price_differs", "ledger_mismatch"} & set(codes(desk.said)) == set()
    units = desk.monitor.units_of("main")
    assert [len(unit.contracts) for unit in units] == ([2] if mode == "cross" else [1, 1])
    ours = {name: price for unit in units for name, price in zip(unit.names, unit.look().prices, strict=True)}
    margins = desk.actor("paper").exchange.margin
    for name, price in ours.items():
        unit = margins.unit(desk.venues(), name)
        holding = next(each for each in unit.holdings if each.name == name)
        told = liquidation_price(margins.rules, unit, holding)
        assert price == (None if told is None else pytest.approx(float(told), rel=1e-9))


def test_levels_name_the_leg_and_whoever_trades_is_told_to_act() -> None:
    desk = HandDesk("isolated", policy=("reduce", "close"))
    desk.hand("long", 0.5)
    desk.hand("short", 0.5)
    said: list[Message] = []
    for price in (57_000.0, 55_500.0, 55_000.0, 54_900.0):
        said += desk.mark(price, wait=SECOND)
    near = [each for each in of_kind(said, LiquidationNear) if each.leg == "long"]
    assert [(each.level, each.instrument) for each in near][-1] == ("act", LINEAR)
    assert {each.level for each in of_kind(said, LiquidationNear) if each.leg == "short"} <= {"clear", "watch"}
    assert codes(said).count("liquidation_by_hand") == 1
    assert of_kind(said, Reduce) == [], "an order without its leg would be refused"
    desk.hand("long", 0.5, close=True)
    assert [(each.leg, each.level) for each in of_kind(desk.tell(), LiquidationNear)] in ([], [("long", "clear")])


def test_a_leg_that_is_liquidated_is_booked_on_its_leg() -> None:
    desk = HandDesk("isolated")
    desk.hand("long", 0.5)
    desk.hand("short", 0.5)
    desk.mark(54_000.0, wait=SECOND)
    desk.tell(wait=30 * SECOND)
    book = desk.actor("ledger").books["main"]
    assert [name for name, held in book.positions.items() if held.quantity] == [f"{LINEAR} short"]
    assert book.wallets["USDT"] == desk.venues().wallet.total("USDT").value
    assert of_kind(desk.said, Halt) == []


def test_a_difference_of_a_leg_is_a_case_with_both_legs(tmp_path: Path) -> None:
    desk = HandDesk("cross", balance=20_000)
    desk.hand("long", 1.0)
    desk.hand("short", 0.2)
    (unit,) = desk.monitor.units_of("main")
    lines = [case_line(unit, place, 50_000.0, desk.monitor.context.instruments, desk.time) for place in range(2)]
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([json.loads(line) for line in lines]))
    assert len({json.loads(line)["id"] for line in lines}) == 2
    ran = margin("--cases", file, "--json")
    assert [row["refused"] for row in ran.lines] == [None, None]
    assert [row["got"] for row in ran.lines] == pytest.approx(list(unit.look().prices), rel=1e-9)
    assert list(cases_in(["as a case: " + lines[0]])) == [json.loads(lines[0])]


def test_the_leverage_manager_leaves_such_accounts_alone() -> None:
    actors: Any = [(LeverageManager, "leverage", LeverageManagerConfig(cap="5"))]
    desk = MonitoredDesk(positions="hedge", actors=actors)
    desk.mark(60_000.0, wait=2 * SECOND)
    assert of_kind(desk.said, PositionLimit) == []
    assert of_kind(desk.said, MarginRequest) == []


def test_a_restart_keeps_the_legs() -> None:
    desk = HandDesk("isolated")
    desk.hand("long", 0.5)
    desk.hand("short", 0.2)
    again = desk.again()
    assert again.monitor.holdings.contracts == desk.monitor.holdings.contracts
    assert {unit.key for unit in again.monitor.units_of("main")} == {unit.key for unit in desk.monitor.units_of("main")}


def test_a_strategy_on_an_account_in_hedge_mode_is_refused_with_the_desk_file(tmp_path: Path) -> None:
    packaged = Path(__file__).parents[2] / "desks" / "futures.toml"
    file = tmp_path / "desk.toml"
    file.write_text(packaged.read_text().replace('margin_mode = "isolated"', 'position_mode = "hedge"'))
    with pytest.raises(ConfigurationError, match='"paper" is in hedge mode, in which the desk watches') as told:
        assemble([file], {})
    assert "actor.btc.account" in str(told.value)


def test_margin_is_added_to_the_leg_that_is_named() -> None:
    desk = HandDesk("isolated")
    desk.hand("long", 0.5)
    desk.hand("short", 0.5)
    request = MarginRequest(
        strategy="-", account="main", instrument=LINEAR, request_id="r1", change="isolated_margin", value=250.0,
        leg="short",
    )  # fmt: skip
    desk.tell(stamped(request))
    setting = desk.actor("paper").exchange.margin.setting("main", LINEAR)
    held = desk.monitor.holdings
    for leg in ("long", "short"):
        known = held.contract("main", f"{LINEAR} {leg}")
        assert known.margin == pytest.approx(setting.of(leg), abs=1e-6)
    assert setting.of("short") == pytest.approx(setting.of("long") + 250, abs=5)
