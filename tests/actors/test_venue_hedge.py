"""Hedge mode at the simulated venue: a long and a short leg of one contract, side by side, each its own position."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.actors.venue.margin_sums import maintenance
from letrade.actors.venue.opening import open_positions
from letrade.actors.venue.simulated import SimulatedVenue
from letrade.core.config.accounts import AccountConfig, StartPosition
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.config.venue_margin import MarginConfig
from letrade.core.errors import ConfigurationError
from letrade.core.messages.events import Alert
from letrade.core.messages.market import FundingRate
from letrade.core.messages.venue import HeldPosition, VenueCash, VenueFill, VenueOrder
from tests.actors.venue_margin_parts import LINEAR, MarginDesk, empty, mark, perpetual
from tests.actors.venue_parts import cancel, quote, submit
from tests.stage import context, of_kind

HEDGED = ("binance", "bybit", "okx")
OPENS = {"long": 1, "short": -1}


class HedgeDesk(MarginDesk):
    """Its accounts are in hedge mode; where the venue knows that for isolated margin alone, in that."""

    def __init__(self, rules: str = "binance", **more: Any) -> None:
        mode = "isolated" if rules == "bybit" else "cross"
        super().__init__(rules, login={"position_mode": "hedge", "margin_mode": mode}, **more)

    def switch(self, mode: str, account: str = "a") -> Any:
        return self.ask("position_mode", mode=mode, account=account)

    def order(self, name: str, leg: str, side: int, size: float, price: float | None = None, **more: Any) -> VenueOrder:
        asked = submit(name, side, size, price, instrument=LINEAR, **more)
        return self.answer(msgspec.structs.replace(asked, leg=leg))

    def go(self, leg: str, size: float, account: str = "a", *, close: bool = False) -> VenueFill:
        """Opens, or closes, so much of a leg at the market."""
        self.requests += 1
        side = -OPENS[leg] if close else OPENS[leg]
        asked = submit(f"o{self.requests}", side, size, instrument=LINEAR, account=account)
        (fill,) = of_kind(self.tell(msgspec.structs.replace(asked, leg=leg)), VenueFill)
        assert isinstance(fill, VenueFill)
        return fill

    def legs(self, account: str = "a") -> dict[str, HeldPosition]:
        return {each.leg: each for each in self.account(account).positions if each.instrument == LINEAR}

    def quantities(self, account: str = "a") -> dict[str, float]:
        return {leg: held.quantity for leg, held in self.legs(account).items()}


def test_both_legs_are_held_side_by_side_and_each_realises_its_own_gain() -> None:
    desk = HedgeDesk(balance="100000")
    assert desk.go("long", 1.0).leg == "long"
    desk.tell(quote(61_000.0, 61_000.1, 1_000.0, LINEAR))
    assert desk.go("short", 0.6).price == 61_000.0
    assert desk.quantities() == {"long": 1.0, "short": -0.6}
    assert desk.usdt() == 100_000, "nothing was closed"
    desk.tell(quote(62_000.0, 62_000.1, 1_000.0, LINEAR))
    desk.go("long", 1.0, close=True)
    assert desk.quantities() == {"short": -0.6}
    assert desk.usdt() == 102_000
    desk.go("short", 0.6, close=True)
    assert desk.quantities() == {}
    assert desk.usdt() == pytest.approx(102_000 - 0.6 * 1_000.1)


def test_a_close_only_reduces_its_own_leg() -> None:
    """Binance's and Bybit's positionSide, OKX's posSide: orders that close a leg apply reduce-only."""
    desk = HedgeDesk(balance="100000")
    desk.go("long", 1.0)
    desk.go("short", 1.0)
    assert desk.go("long", 5.0, close=True).size == 1.0
    assert desk.quantities() == {"short": -1.0}
    assert desk.order("late", "long", -1, 1.0).refused, "there is none to close"
    assert desk.order("odd", "long", 1, 1.0, reduce_only=True).refused, "a buy opens it"
    assert not desk.order("rest", "short", 1, 0.7, 50_000.0).refused
    assert desk.go("short", 0.4, close=True).size == 0.3, "the rest is closed by the other order"
    (order,) = desk.account().open_orders
    assert (order.client_order_id, order.size) == ("rest", 0.7)


@pytest.mark.parametrize(("venue", "code"), [("binance", "-4061"), ("bybit", "10001"), ("okx", "51000")])
def test_an_order_says_its_leg_in_hedge_mode_and_none_in_one_way_mode(venue: str, code: str) -> None:
    desk = HedgeDesk(venue)
    answer = desk.order("none", "", 1, 0.01)
    assert (answer.refused, answer.reason.split()[0]) == (True, code)
    desk.switch("one_way")
    answer = desk.order("some", "long", 1, 0.01)
    assert (answer.refused, answer.reason.split()[0]) == (True, code)
    assert not desk.order("plain", "", 1, 0.01).refused


@pytest.mark.parametrize(
    ("venue", "same", "orders", "position"),
    [
        ("binance", "-4059", "-4067", "-4068"), ("bybit", "110025", "110028", "110024"),
        ("okx", None, "59000", "59000"),
    ],
)  # fmt: skip
def test_the_position_mode_changes_while_there_is_neither_order_nor_position(
    venue: str, same: str | None, orders: str, position: str
) -> None:
    desk = HedgeDesk(venue)
    again = desk.switch("hedge")
    assert (again.refused, again.code) == (same is not None, same or "")
    desk.order("bid", "long", 1, 0.01, 50_000.0)
    assert desk.switch("one_way").code == orders
    desk.tell(cancel("bid"))
    desk.go("short", 0.01)
    answer = desk.switch("one_way")
    assert (answer.code, answer.mode) == (position, "hedge")
    desk.go("short", 0.01, close=True)
    answer = desk.switch("one_way")
    assert (answer.refused, answer.mode) == (False, "one_way")
    assert desk.switch("sideways").refused


def test_a_venue_or_mode_without_hedge_legs_says_so() -> None:
    never = MarginDesk("hyperliquid").ask("position_mode", mode="hedge")
    assert never.reason == "hyperliquid has one-way positions alone"
    cross = MarginDesk("bybit").ask("position_mode", mode="hedge")
    assert cross.refused
    assert cross.reason.endswith("hedge mode needs isolated margin")
    desk = HedgeDesk("bybit")
    assert desk.ask("margin_mode", mode="cross").reason == cross.reason
    for rules, wanted in ((None, "one_way positions"), ("hyperliquid", "one-way positions alone")):
        margin: Any = None if rules is None else MarginConfig(rules=rules)  # type: ignore[arg-type]
        login = AccountConfig(name="a", venue="paper", position_mode="hedge")
        config = DeskConfig(venues=[VenueConfig(name="paper", margin=margin)], accounts=[login])
        with pytest.raises(ConfigurationError, match=wanted):
            SimulatedVenue("paper", SimulatedVenue.Config(venue="paper"), context(settings=config))


def test_the_legs_of_a_cross_account_move_together() -> None:
    """Long 1 and short 1 at 60,000 with 5,000: no fall ruins them, and a rise by its maintenance alone. From 250,000 on
    that is 1 % − 1,300 of each leg: 5,000 − 2 × (0.01 p − 1,300) = 0 at 380,000. (Alone the short one would end near
    64,700.)"""
    desk = HedgeDesk(balance="5000")
    desk.ask("leverage", 50)
    desk.tell(quote(60_000.0, 60_000.1, 1_000.0, LINEAR))
    desk.go("short", 1.0)
    desk.tell(quote(59_999.9, 60_000.0, 1_000.0, LINEAR))
    desk.go("long", 1.0)
    prices = {leg: held.liquidation_price for leg, held in desk.legs().items()}
    assert prices == {"long": 380_000.0, "short": 380_000.0}
    for price in (30_000.0, 6_000.0, 100_000.0, 379_999.0):
        assert of_kind(desk.tell(mark(price)), VenueFill) == []
    assert of_kind(desk.tell(mark(380_000.0)), VenueFill) != []


def test_isolated_legs_have_their_own_margin_and_end_alone() -> None:
    """Each 0.5 at 60,000 with 20 ×: 1,500; the long one ends at (1,500 − 30,000) / (0.5 × 0.996 …), the short stays."""
    desk = HedgeDesk(liquidation_fee=0)
    desk.isolated(20)
    desk.tell(quote(59_999.9, 60_000.0, 1_000.0, LINEAR))
    desk.go("long", 0.5)
    desk.tell(quote(60_000.0, 60_000.1, 1_000.0, LINEAR))
    desk.go("short", 0.5)
    legs = desk.legs()
    assert {leg: str(held.isolated_margin) for leg, held in legs.items()} == {
        "long": "1500.00000000 USDT", "short": "1500.00000000 USDT",
    }  # fmt: skip
    assert legs["long"].liquidation_price == pytest.approx(57_000 / 0.996, rel=1e-12)
    assert legs["short"].liquidation_price == pytest.approx(63_000 / 1.004, rel=1e-12)
    added = desk.ask("isolated_margin", 100.0, leg="short")
    assert (added.refused, added.value) == (False, 1_600.0)
    assert desk.ask("isolated_margin", 100.0).code == "-4061", "whose is not said"
    assert desk.ask("leverage", 10).code == "-4161"
    bid = desk.order("bid", "long", 1, 0.1, 50_000.0)
    ask = desk.order("ask", "short", -1, 0.1, 70_000.0)
    assert (bid.refused, ask.refused) == (False, False)
    desk.tell(empty())
    said = desk.tell(mark(57_200.0))
    assert [(fill.leg, fill.origin, fill.side) for fill in of_kind(said, VenueFill)] == [("long", "liquidation", -1)]
    ended = [(order.client_order_id, order.status) for order in of_kind(said, VenueOrder)]
    assert ended == [("bid", "cancelled")], "the orders of the other leg stay"
    assert desk.quantities() == {"short": -0.5}
    assert desk.usdt() == 8_500, "the margin of the leg, and nothing else"


def test_elsewhere_a_lower_leverage_adds_margin_to_both_legs() -> None:
    desk = HedgeDesk("bybit")
    desk.ask("leverage", 20)
    desk.go("long", 0.5)
    desk.go("short", 0.5)
    assert not desk.ask("leverage", 10).refused
    margins = {leg: held.isolated_margin.decimal for leg, held in desk.legs().items() if held.isolated_margin}
    assert margins["long"] >= 3_000
    assert margins["short"] >= Decimal("2999.9")


def test_the_larger_need_goes_first_and_the_other_leg_may_stay() -> None:
    desk = HedgeDesk(liquidation_fee=0, balance="9000")
    desk.ask("leverage", 20)
    desk.go("long", 2.0)
    desk.go("short", 0.5)
    desk.tell(quote(54_200.0, 54_200.1, 1_000.0, LINEAR))
    assert of_kind(desk.tell(mark(54_500.0)), VenueFill) == []
    fills = of_kind(desk.tell(mark(54_200.0)), VenueFill)
    assert [(fill.leg, fill.side) for fill in fills] == [("long", -1)]
    assert desk.quantities()["short"] == -0.5


def test_okx_looks_its_tier_up_by_both_legs_together() -> None:
    """1.5 + 1.5 contracts are in the tier of 2 to 5, whose rate of 0.6 % holds for each leg."""
    desk = HedgeDesk("okx", balance="20000")
    desk.ask("leverage", 20)
    desk.tell(quote(60_000.0, 60_000.0, 1_000.0, LINEAR), mark(60_000.0))
    desk.go("long", 1.5)
    desk.go("short", 1.5)
    margins, account = desk.venue.exchange.margin, desk.venue.exchange.accounts["a"]
    assert margins is not None
    unit = margins.cross(account, "USDT")
    assert unit is not None
    assert maintenance(margins.rules, unit) == 2 * Decimal("1.5") * 60_000 * Decimal("0.006")


def test_okx_refuses_an_order_that_would_take_both_legs_together_beyond_their_tier() -> None:
    """Leverage 60 ends with the tier of 2 to 5 contracts; orders that wait count with either leg."""
    desk = HedgeDesk("okx", balance="10000000")
    desk.tell(quote(60_000.0, 60_000.0, 1_000.0, LINEAR), mark(60_000.0))
    desk.ask("leverage", 60.0)
    desk.go("long", 3.0)
    desk.order("waits", "long", 1, 1.0, 59_000.0)
    assert desk.order("much", "short", -1, 4.0).reason.startswith("51004")
    assert not desk.order("some", "short", -1, 1.0).reason
    assert desk.order("more", "short", -1, 0.1).reason.startswith("51004")
    assert not desk.order("less", "long", -1, 1.5).reason, "what closes a leg is free"


def test_funding_is_paid_and_got_leg_by_leg() -> None:
    desk = HedgeDesk(funding=True)
    desk.isolated(10)
    desk.go("long", 0.5)
    desk.go("short", 0.2)
    desk.tell(FundingRate(instrument=LINEAR, rate=0.001, funding_time=desk.time + 20_000_000))
    said = of_kind(desk.tell(mark(60_000.0), wait=2_000_000_000), VenueCash)
    assert [(cash.leg, str(cash.amount)) for cash in said] == [
        ("long", "-30.00000000 USDT"), ("short", "12.00000000 USDT"),
    ]  # fmt: skip
    margins = {leg: held.isolated_margin.decimal for leg, held in desk.legs().items() if held.isolated_margin}
    assert margins["long"] == 3_000 - 30
    assert margins["short"] == pytest.approx(Decimal("1199.998") + 12, abs=Decimal("0.01"))


def test_a_leg_is_deleveraged_and_the_other_one_of_its_account_stays() -> None:
    """The fund is empty: b's short leg is closed at a's bankruptcy price; b's long leg is not asked."""
    desk = HedgeDesk(insurance_fund={"USDT": 0}, liquidation_fee=0)
    desk.isolated(20)
    desk.go("long", 0.5)
    desk.isolated(5, "b")
    desk.go("short", 0.3, "b")
    desk.go("long", 0.1, "b")
    desk.tell(empty())
    said = desk.tell(mark(56_000.0))
    adl = [(fill.account, fill.leg, fill.size) for fill in of_kind(said, VenueFill) if fill.origin == "adl"]
    assert adl == [("b", "short", 0.3)]
    assert desk.quantities("b") == {"long": 0.1}
    assert "auto_deleveraging" in [alert.code for alert in of_kind(said, Alert)]


def test_an_account_may_begin_with_a_leg() -> None:
    login = AccountConfig(
        name="a", venue="paper", balances={"USDT": Decimal(10_000)}, position_mode="hedge",
        positions={LINEAR: StartPosition(quantity=Decimal(-1), price=Decimal(60_000))},
    )  # fmt: skip
    config = DeskConfig(venues=[VenueConfig(name="paper", margin=MarginConfig(rules="binance"))], accounts=[login])
    shared = context(perpetual("binance"), settings=config)
    venue = SimulatedVenue("paper", SimulatedVenue.Config(venue="paper"), shared)
    open_positions(venue.exchange, [login])
    assert venue.exchange.accounts["a"].held(LINEAR) == [f"{LINEAR} short"]


@pytest.mark.parametrize("venue", HEDGED)
def test_what_is_told_adds_up_leg_by_leg_also_over_a_restart(venue: str) -> None:
    """Random opens and closes of both legs through a crash: the fills give the quantities, the money the balances."""
    for seed in range(8):
        rng, desk = random.Random(f"{venue} {seed}"), HedgeDesk(venue, balance="20000")
        said: list[Any] = []
        for step in range(20):
            leg, close = rng.choice(("long", "short")), rng.random() < 0.3
            asked = submit(
                f"s{step}", -OPENS[leg] if close else OPENS[leg], round(rng.uniform(0.05, 1.0), 3), instrument=LINEAR
            )
            said += desk.tell(msgspec.structs.replace(asked, leg=leg))
            price = round(60_000 * (1 + rng.uniform(-0.01, 0.01) * step), 1)
            said += desk.tell(quote(price - 0.1, price, rng.choice((0.3, 50.0)), LINEAR), mark(price))
            if step == 10:
                desk.restarted()
        held = {"long": Decimal(0), "short": Decimal(0)}
        for fill in of_kind(said, VenueFill):
            held[fill.leg] += fill.side * Decimal(repr(fill.size))
        assert {leg: float(each) for leg, each in held.items() if each} == desk.quantities()
        assert held["long"] >= 0 >= held["short"]
        assert desk.usdt() >= 0
