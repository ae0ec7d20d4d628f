"""The simulated venue's margin: settings and orders are refused as the real venue refuses them, with its codes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.actors.venue.margin_codes import BINANCE_ERRORS, BYBIT_ERRORS, HYPERLIQUID_ERRORS, OKX_ERRORS
from letrade.actors.venue.opening import open_positions
from letrade.actors.venue.simulated import SimulatedVenue
from letrade.core.config.accounts import AccountConfig, StartPosition
from letrade.core.config.desk import DeskConfig, FaultsConfig, VenueConfig
from letrade.core.config.venue_margin import MarginConfig
from letrade.core.errors import ConfigurationError
from letrade.core.messages.margin import VenueMargin, VenueMarginAnswer
from letrade.core.messages.market import Bracket, Instrument
from letrade.core.messages.venue import VenueOrder
from tests.actors.venue_margin_parts import LINEAR, OTHER, MarginDesk, mark, perpetual
from tests.actors.venue_parts import SPOT, Desk, amend, quote, submit
from tests.stage import context, of_kind

SOURCES = {"binance": BINANCE_ERRORS, "bybit": BYBIT_ERRORS, "okx": OKX_ERRORS, "hyperliquid": HYPERLIQUID_ERRORS}
VENUES = tuple(SOURCES)


def codes(**by_venue: str) -> list[tuple[str, str]]:
    return list(by_venue.items())


@pytest.mark.parametrize("value", [0.0, 0.5, 7.5, 126.0])
@pytest.mark.parametrize(("venue", "code"), codes(binance="-4028", bybit="110013", okx="59102", hyperliquid=""))
def test_a_leverage_that_no_tier_allows_is_refused(venue: str, code: str, value: float) -> None:
    answer = MarginDesk(venue).ask("leverage", value)
    assert (answer.refused, answer.code) == (True, code), SOURCES[venue]


def test_binance_lowers_no_leverage_of_an_isolated_position() -> None:
    """-4161 ISOLATED_LEVERAGE_REJECT_WITH_POSITION: leverage reduction is not supported with open positions."""
    desk = MarginDesk()
    desk.isolated(20)
    desk.trade(1, 0.5)
    answer = desk.ask("leverage", 10)
    assert (answer.refused, answer.code, answer.value) == (True, "-4161", 20.0)
    assert not desk.ask("leverage", 40).refused
    held = desk.held()
    assert held is not None
    assert held.leverage == 40.0
    assert str(held.isolated_margin) == "1500.00000000 USDT", "raising it gives nothing back"


@pytest.mark.parametrize("venue", ["bybit", "okx", "hyperliquid"])
def test_elsewhere_lowering_it_adds_margin_to_the_isolated_position(venue: str) -> None:
    desk = MarginDesk(venue)
    desk.isolated(20)
    desk.trade(1, 0.5)
    assert not desk.ask("leverage", 10).refused
    held = desk.held()
    assert held is not None
    assert str(held.isolated_margin) == "3000.00000000 USDT"


@pytest.mark.parametrize(("venue", "code"), codes(binance="-2028", bybit="110012", okx="59108", hyperliquid=""))
def test_a_leverage_for_which_the_margin_is_missing_is_refused_and_nothing_changes(venue: str, code: str) -> None:
    desk = MarginDesk(venue)
    desk.ask("leverage", 20)
    desk.trade(1, 2.0)
    answer = desk.ask("leverage", 10)
    assert (answer.refused, answer.code, answer.value) == (True, code, 20.0)
    assert not desk.ask("leverage", 15).refused


@pytest.mark.parametrize(("venue", "code"), codes(binance="-2027", bybit="110013", okx="59102", hyperliquid=""))
def test_a_leverage_that_the_tier_of_the_position_does_not_allow_is_refused(venue: str, code: str) -> None:
    desk = MarginDesk(venue, balance="40000")
    desk.ask("leverage", 20)
    desk.trade(1, 6.0)
    assert desk.ask("leverage", 75).code == code
    assert not desk.ask("leverage", 50).refused


@pytest.mark.parametrize(("venue", "code"), codes(binance="-4047", bybit="3400045", okx="59000", hyperliquid=""))
def test_the_mode_does_not_change_while_orders_are_open(venue: str, code: str) -> None:
    desk = MarginDesk(venue)
    desk.tell(submit("x", 1, 0.1, 50_000.0, instrument=LINEAR))
    answer = desk.ask("margin_mode", mode="isolated")
    assert (answer.refused, answer.code, answer.mode) == (True, code, "cross")
    assert not desk.ask("margin_mode", mode="isolated", instrument=OTHER).refused


@pytest.mark.parametrize(("venue", "code"), codes(binance="-4048", bybit="3400045", okx="59000", hyperliquid=""))
def test_the_mode_does_not_change_while_there_is_a_position(venue: str, code: str) -> None:
    desk = MarginDesk(venue)
    desk.trade(-1, 0.1)
    answer = desk.ask("margin_mode", mode="isolated")
    assert (answer.refused, answer.code) == (True, code)


@pytest.mark.parametrize(("venue", "code"), codes(binance="-4046", bybit="110026", okx=None, hyperliquid=None))
def test_the_mode_that_is_set_already(venue: str, code: str | None) -> None:
    answer = MarginDesk(venue).ask("margin_mode", mode="cross")
    assert (answer.refused, answer.code) == (code is not None, code or "")


@pytest.mark.parametrize(("venue", "code"), codes(binance=None, bybit="110043", okx=None, hyperliquid=None))
def test_the_leverage_that_is_set_already(venue: str, code: str | None) -> None:
    desk = MarginDesk(venue, leverage=10)
    answer = desk.ask("leverage", 10)
    assert (answer.refused, answer.code) == (code is not None, code or "")


@pytest.mark.parametrize(("venue", "code"), codes(binance="-4059", bybit="110025", okx=None, hyperliquid=None))
def test_one_way_positions_are_what_there_is(venue: str, code: str | None) -> None:
    desk = MarginDesk(venue)
    answer = desk.ask("position_mode", mode="one_way")
    assert (answer.refused, answer.code) == (code is not None, code or "")


@pytest.mark.parametrize(("venue", "code"), codes(binance="-4049", bybit="110015", okx="59300", hyperliquid=""))
def test_cross_margin_takes_no_margin_of_its_own(venue: str, code: str) -> None:
    desk = MarginDesk(venue)
    desk.trade(1, 0.1)
    answer = desk.ask("isolated_margin", 100.0)
    assert (answer.refused, answer.code) == (True, code)


@pytest.mark.parametrize(("venue", "code"), codes(binance="-4054", bybit="110033", okx="59300", hyperliquid=""))
def test_without_a_position_there_is_no_margin_to_change(venue: str, code: str) -> None:
    desk = MarginDesk(venue)
    desk.isolated()
    assert desk.ask("isolated_margin", 100.0).code == code


@pytest.mark.parametrize(
    ("venue", "too_much", "too_little"),
    [
        ("binance", "-4050", "-4051"),
        ("bybit", "110014", "110011"),
        ("okx", "59301", "59301"),
        ("hyperliquid", "", ""),
    ],
)
def test_isolated_margin_is_added_from_what_is_free_and_taken_down_to_the_initial_margin(
    venue: str, too_much: str, too_little: str
) -> None:
    desk = MarginDesk(venue)
    desk.isolated(20)
    desk.trade(1, 1.0)
    assert desk.ask("isolated_margin", 500.0).value == 3_500.0
    assert desk.ask("isolated_margin", -500.0).value == 3_000.0
    refused = desk.ask("isolated_margin", 7_000.01)
    assert (refused.refused, refused.code, refused.value) == (True, too_much, 3_000.0)
    refused = desk.ask("isolated_margin", -0.01)
    assert (refused.refused, refused.code, refused.value) == (True, too_little, 3_000.0)
    assert desk.usdt() == 10_000, "margin is a share of the balance"


def test_a_request_is_done_once() -> None:
    desk = MarginDesk()
    desk.isolated(20)
    desk.trade(1, 1.0)
    asked = {"request_id": "same"}
    assert [desk.ask("isolated_margin", 100.0, **asked).value for _ in range(3)] == [3_100.0] * 3
    desk.restarted()
    assert desk.ask("isolated_margin", 100.0, **asked).value == 3_100.0


def test_a_request_that_a_busy_venue_turned_away_may_be_asked_again() -> None:
    desk = MarginDesk(faults=FaultsConfig(refuse=0.5, seed=3))
    answers = [desk.ask("leverage", 40, request_id="same") for _ in range(12)]
    assert {(answer.refused, answer.reason) for answer in answers} == {(False, ""), (True, "the venue is busy")}


def test_a_request_takes_the_latency_of_an_order_and_may_get_lost() -> None:
    desk = MarginDesk(faults=FaultsConfig(lose=1.0))
    asked = VenueMargin(strategy="-", account="a", instrument=LINEAR, request_id="x", change="leverage", value=5.0)
    assert of_kind(desk.tell(asked), VenueMarginAnswer) == []
    desk = MarginDesk()
    start = desk.time
    (answer,) = of_kind(desk.tell(asked), VenueMarginAnswer)
    assert answer.time == start + 1_100_000


def test_a_venue_without_margin_rules_says_so() -> None:
    desk = Desk()
    asked = VenueMargin(
        strategy="-", account="a", instrument=LINEAR, request_id="x", change="leverage", value=5.0,
        time=desk.time, source="execution", epoch=1,
    )  # fmt: skip
    (answer,) = of_kind(desk.stage.tell(asked, until=10_000_000), VenueMarginAnswer)
    assert answer.reason == "the venue has no margin rules: add [venue.margin]"


# ---- orders


@pytest.mark.parametrize(
    ("venue", "code"), codes(binance="-2019", bybit="110007", okx="51008", hyperliquid="PerpMargin")
)
def test_an_order_needs_its_initial_margin(venue: str, code: str) -> None:
    desk = MarginDesk(venue)
    desk.ask("leverage", 20)
    answer = desk.answer(submit("x", 1, 3.334, 60_000.0, instrument=LINEAR))
    assert answer.reason.startswith(code)
    assert desk.answer(submit("y", 1, 3.333, 60_000.0, instrument=LINEAR)).status == "filled"


def test_an_order_that_trades_at_once_needs_the_margin_of_what_it_meets_and_not_of_its_limit() -> None:
    """FAQ 87fa7ee33b574f7084d42bd2ce2e463b: a sale is taken to be at the larger of the best bid and its price."""
    desk = MarginDesk()
    assert desk.answer(submit("x", -1, 3.4, 50_000.0, instrument=LINEAR)).reason.startswith("-2019")
    assert desk.answer(submit("y", -1, 3.3, 50_000.0, instrument=LINEAR)).status == "filled"


def test_the_margin_of_working_orders_is_that_of_the_larger_side() -> None:
    desk = MarginDesk()
    assert desk.answer(submit("bid", 1, 2.0, 50_000.0, instrument=LINEAR)).status == "open"
    assert desk.answer(submit("ask", -1, 3.0, 66_000.0, instrument=LINEAR)).status == "open"
    assert desk.answer(submit("more", -1, 0.1, 66_000.0, instrument=LINEAR)).reason.startswith("-2019")
    assert desk.answer(submit("other", 1, 2.0, 50_000.0, instrument=LINEAR)).reason.startswith("-2019") is False


def test_isolated_margin_is_not_free_for_others() -> None:
    desk = MarginDesk()
    desk.isolated(20)
    desk.trade(1, 3.0)
    assert desk.answer(submit("x", 1, 7.0, instrument=OTHER)).reason.startswith("-2019")
    assert desk.answer(submit("y", 1, 6.666, instrument=OTHER)).status == "filled"


@pytest.mark.parametrize("isolated", [False, True])
def test_spot_is_not_bought_with_what_contracts_need(isolated: bool) -> None:
    desk = MarginDesk()
    desk.tell(quote(59_999.9, 60_000.0, 10.0, SPOT))
    if isolated:
        desk.isolated(20)
    desk.trade(1, 3.0)
    answer = desk.answer(submit("x", 1, 0.1))
    assert answer.reason == "insufficient balance: needs 6000.0 USDT, contracts leave 1000.0"
    assert desk.answer(submit("y", 1, 0.01, 50_000.0)).status == "open"
    assert desk.answer(submit("z", 1, 0.011, 50_000.0)).refused
    assert desk.answer(amend("y", 50_000.0, 0.02, instrument=SPOT)).refused is False
    assert desk.answer(submit("w", 1, 0.1, 60_000.0, instrument=LINEAR)).reason.startswith("-2019"), "it is locked"


def test_contracts_gains_pay_for_no_spot() -> None:
    desk = MarginDesk()
    desk.tell(quote(59_999.9, 60_000.0, 10.0, SPOT))
    desk.trade(1, 3.0)
    desk.tell(mark(70_000.0))
    assert desk.answer(submit("x", 1, 0.17)).refused, "of the balance, 10,200 USDT"
    assert desk.answer(submit("y", 1, 0.16)).status == "filled"


@pytest.mark.parametrize(
    ("venue", "code"), codes(binance="-2027", bybit="110090", okx="51004", hyperliquid="PerpMaxPosition")
)
def test_no_order_leads_beyond_what_the_leverage_allows(venue: str, code: str) -> None:
    desk = MarginDesk(venue, balance="100000")
    desk.ask("leverage", 100)
    answer = desk.answer(submit("x", 1, 5.1, 60_000.0, instrument=LINEAR))
    assert answer.reason.startswith(code)


def test_what_reduces_is_never_refused_for_margin() -> None:
    desk = MarginDesk()
    desk.trade(1, 3.3)
    desk.tell(mark(57_900.0))
    assert desk.answer(submit("x", 1, 0.1, 57_000.0, instrument=LINEAR)).reason.startswith("-2019")
    assert desk.answer(submit("y", -1, 1.0, instrument=LINEAR, reduce_only=True)).status == "filled"
    assert desk.answer(submit("z", -1, 1.0, instrument=LINEAR)).status == "filled"


SMALL = {"contract": {"notional_min": "100", "size_min": "0.001"}}


def test_binance_exempts_reduce_only_orders_from_the_least_notional() -> None:
    """-4164 MIN_NOTIONAL: no smaller than 5.0 (unless you choose reduce only)."""
    desk = MarginDesk("binance", **SMALL)
    assert desk.answer(submit("x", 1, 0.001, instrument=LINEAR)).reason.startswith("-4164")
    desk.trade(1, 0.01)
    assert desk.answer(submit("y", -1, 0.001, instrument=LINEAR)).reason.startswith("-4164")
    assert desk.answer(submit("z", -1, 0.001, instrument=LINEAR, reduce_only=True)).status == "filled"


def test_bybit_exempts_reduce_only_orders_from_the_least_value() -> None:
    desk = MarginDesk("bybit", **SMALL)
    assert desk.answer(submit("x", 1, 0.001, instrument=LINEAR)).reason.startswith("110094")
    desk.trade(1, 0.01)
    assert desk.answer(submit("z", -1, 0.001, instrument=LINEAR, reduce_only=True)).status == "filled"


def test_hyperliquid_exempts_what_closes_the_whole_position() -> None:
    desk = MarginDesk("hyperliquid", **SMALL)
    assert desk.answer(submit("x", 1, 0.001, instrument=LINEAR)).reason.startswith("MinTradeNtl")
    desk.trade(1, 0.002)
    assert desk.answer(submit("y", -1, 0.001, instrument=LINEAR, reduce_only=True)).reason.startswith("MinTradeNtl")
    desk.trade(-1, 0.002)


def test_okx_knows_a_least_number_of_contracts() -> None:
    desk = MarginDesk("okx", contract={"size_min": "0.01"})
    assert desk.answer(submit("x", 1, 0.001, instrument=LINEAR)).reason.startswith("51020")


def test_a_contract_without_tiers_is_not_traded() -> None:
    desk = Desk(margin=MarginConfig(rules="binance"))
    desk.tell(mark(60_000.0))
    (answer,) = of_kind(desk.tell(submit("x", 1, 1.0, 60_000.0, instrument=LINEAR)), VenueOrder)
    assert "no market" in answer.reason or "are not known" in answer.reason


def test_an_account_may_begin_isolated_with_the_margin_of_its_position() -> None:
    login = AccountConfig(
        name="a", venue="paper", balances={"USDT": Decimal(10_000)}, margin_mode="isolated",
        positions={LINEAR: StartPosition(quantity=Decimal(-1), price=Decimal(60_000))},
    )  # fmt: skip
    venue = VenueConfig(name="paper", margin=MarginConfig(rules="binance"))
    settings = DeskConfig(venues=[venue], accounts=[login])
    made = SimulatedVenue(
        "paper", SimulatedVenue.Config(venue="paper"), context(perpetual("binance"), settings=settings)
    )
    made.exchange.time = 0

    open_positions(made.exchange, [login])
    assert made.exchange.margin is not None
    setting = made.exchange.margin.setting("a", LINEAR)
    assert (setting.mode, setting.of("")) == ("isolated", 3_000)
    assert msgspec.structs.asdict(setting)["leverage"] == 20


class FreeDesk(MarginDesk):
    """The leverage of its second contract is not limited."""

    @staticmethod
    def contracts(rules: str, changed: dict[str, Any]) -> tuple[Instrument, ...]:
        first = MarginDesk.contracts(rules, changed)[:2]
        free = msgspec.structs.replace(perpetual(rules, OTHER, base="ETH"), brackets=(Bracket("0", "", "0.001"),))
        return *first, free


def test_a_contract_begins_with_no_more_leverage_than_its_tiers_allow() -> None:
    """Where another contract can have it, the venue's may be more than its own most."""
    desk = FreeDesk(leverage=500)
    desk.trade(1, 0.1)
    held = desk.held()
    assert held is not None
    assert held.leverage == 125.0


def test_a_position_without_tiers_is_refused_at_the_start() -> None:
    position = StartPosition(quantity=Decimal(1), price=Decimal(60_000))
    login = AccountConfig(name="a", venue="paper", positions={LINEAR: position})
    settings = DeskConfig(venues=[VenueConfig(name="paper", margin=MarginConfig(rules="okx"))], accounts=[login])
    with pytest.raises(ConfigurationError, match="the leverage tiers of"):
        SimulatedVenue("paper", SimulatedVenue.Config(venue="paper"), context(settings=settings))
