"""What margin cannot be computed of is refused with the reason, never guessed: at the venue, in monitor and manager."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.actors.leverage.config import LeverageManagerConfig
from letrade.actors.leverage.manager import LeverageManager
from letrade.actors.venue.simulated import SimulatedVenue
from letrade.core.config.accounts import AccountConfig, StartPosition
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.config.venue_margin import BracketConfig, MarginConfig
from letrade.core.engine.brackets import brackets_of, with_brackets
from letrade.core.errors import ConfigurationError, DataError
from letrade.core.messages.accounts import Balance, Position
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert, Failure
from letrade.core.messages.margin import LiquidationNear, PositionLimit
from letrade.core.messages.market import Bracket, MarkPrice
from letrade.core.messages.venue import VenueFill
from letrade.core.money import money
from tests.actors.liquidation_parts import LINEAR, MonitoredDesk
from tests.actors.test_liquidation_monitor import long_desk
from tests.actors.venue_margin_parts import MarginDesk, inverse, mark, perpetual
from tests.stage import context, of_kind

IMPOSSIBLE = [math.nan, math.inf, 0.0, -5.0, 1e16]


def texts(said: list[Message], code: str) -> list[str]:
    return [alert.text for alert in of_kind(said, Alert) if alert.code == code]


# ---- marks


@pytest.mark.parametrize("price", IMPOSSIBLE)
def test_an_impossible_mark_is_refused_by_the_venue_and_liquidates_nobody(price: float) -> None:
    desk = MarginDesk()
    desk.isolated(20)
    desk.trade(1, 0.8)
    said = desk.tell(mark(price))
    assert [of_kind(said, kind) for kind in (Failure, VenueFill)] == [[], []]
    (text,) = texts(said, "venue-bad-data")
    assert text.startswith(f"mark price: expected one above 0, found {price!r}")
    assert of_kind(desk.tell(mark(57_228.92)), VenueFill) == []
    assert of_kind(desk.tell(mark(57_228.91)), VenueFill), "the next good one counts"


@pytest.mark.parametrize("price", IMPOSSIBLE)
def test_an_impossible_mark_is_refused_by_the_monitor_which_goes_on_with_the_last(price: float) -> None:
    desk = long_desk(policy=())
    wrong = MarkPrice(instrument=LINEAR, price=price, source="feed", epoch=1, time=desk.time)
    before = [unit.look() for unit in desk.monitor.units_of("main")]
    desk.monitor.now = lambda: desk.time
    told: list[tuple[str, str]] = []
    desk.monitor.alert = lambda level, code, text, account="", instrument="": told.append((code, text))
    desk.monitor.on_price(wrong)
    desk.monitor.on_price(wrong)
    ((code, text),) = told
    assert code == "price_refused"
    assert f"found {price!r}" in text
    assert [unit.look() for unit in desk.monitor.units_of("main")] == before


@pytest.mark.parametrize("price", IMPOSSIBLE)
def test_an_impossible_mark_moves_no_limit(price: float) -> None:
    actors: Any = [(LeverageManager, "leverage", LeverageManagerConfig(accounts=("main",), cap="5"))]
    desk = MonitoredDesk(actors=actors)
    desk.mark(60_000.0, wait=2_000_000_000)
    manager = desk.actor("leverage")
    manager.on_price(MarkPrice(instrument=LINEAR, price=price, source="feed", epoch=1, time=desk.time))
    assert manager.prices[LINEAR] == 60_000.0
    assert of_kind(desk.mark(60_000.0, wait=2_000_000_000), PositionLimit) == []


# ---- tiers


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([("0", "50000", "0.004"), ("60000", "", "0.005")], "gap|begin|expected"),
        ([("0", "50000", "0.004"), ("40000", "", "0.005")], "overlap|gap|expected"),
        ([("0", "50000", "0.01"), ("50000", "", "0.005")], "rate"),
        ([("10", "50000", "0.004")], "0"),
    ],
)
def test_a_tier_table_with_a_gap_is_refused_before_anything_runs(rows: list[tuple[str, str, str]], wanted: str) -> None:
    """Also where it does not stand in the desk file, whose rows have no floors, but comes with an instrument."""
    venue = VenueConfig(name="paper", margin=MarginConfig(rules="binance"))
    told = msgspec.structs.replace(perpetual("binance"), brackets=tuple(Bracket(*row) for row in rows))
    with pytest.raises(DataError, match=wanted):
        with_brackets(DeskConfig(venues=[venue]), [told])


def test_a_wrong_amount_in_the_desk_file_is_refused() -> None:
    first = BracketConfig(cap=Decimal(50_000), rate=Decimal("0.004"))
    rows = [first, BracketConfig(rate=Decimal("0.005"), amount=Decimal(7))]
    told = msgspec.structs.replace(perpetual("binance"), brackets=brackets_of(rows))
    with pytest.raises(DataError, match="amount"):
        with_brackets(DeskConfig(venues=[VenueConfig(name="paper", margin=MarginConfig(rules="binance"))]), [told])


def test_inverse_contracts_are_refused_where_the_rules_know_none() -> None:
    venue = VenueConfig(name="paper", margin=MarginConfig(rules="hyperliquid"))
    with pytest.raises(ConfigurationError, match="hyperliquid has no inverse contracts"):
        with_brackets(DeskConfig(venues=[venue]), [inverse("binance")])


def test_a_position_that_its_tiers_do_not_reach_is_refused_at_the_start() -> None:
    """The last tier ends at 5,000,000, and 100 at 60,000 are 6,000,000."""
    for rules, quantity, ends in (("binance", 100, "5e+06"), ("okx", 101, "100")):
        start = StartPosition(quantity=Decimal(quantity), price=Decimal(60_000))
        login = AccountConfig(name="a", venue="paper", positions={LINEAR: start})
        venue = VenueConfig(name="paper", margin=MarginConfig(rules=rules))  # type: ignore[arg-type]
        config = DeskConfig(venues=[venue], accounts=[login])
        with pytest.raises(ConfigurationError, match=f"leverage tiers, which end at {ends}".replace("+", r"\+")):
            SimulatedVenue("paper", SimulatedVenue.Config(venue="paper"), context(perpetual(rules), settings=config))


def test_a_position_above_the_last_tier_is_said_to_be_unwatched() -> None:
    """Here it ends at 500,000."""
    desk = MonitoredDesk(balance=10_000_000)
    rules = desk.monitor.context.instruments.at(LINEAR, 0)
    rules.tiers = msgspec.structs.replace(rules.tiers, tiers=rules.tiers.tiers[:2])
    desk.mark(60_000.0)
    desk.stage.node.post(held(desk, 10.0))
    said = desk.tell() + desk.mark(60_000.0)
    (text,) = texts(said, "liquidation_unwatched")
    assert "last tier" in text


# ---- balances and collateral


def held(desk: MonitoredDesk, quantity: float) -> Position:
    return Position(
        strategy="-", account="main", instrument=LINEAR, quantity=quantity, average_price=60_000.0,
        realised=money("USDT", 0), time=desk.time, source="ledger", epoch=1, sequence=10_000,
    )  # fmt: skip


def test_a_wallet_below_zero_is_said_to_be_unwatched_where_the_mode_knows_no_debt() -> None:
    desk = long_desk(policy=())
    owed = Balance(
        strategy="-", account="main", instrument="paper.-", total=money("USDT", -5 * 10**8), time=desk.time,
        source="ledger", epoch=1, sequence=10_000,
    )  # fmt: skip
    desk.stage.node.post(owed)
    said = desk.tell() + desk.mark(60_000.0)
    (text,) = texts(said, "liquidation_unwatched")
    assert "balance" in text
    assert "below 0" in text or "negative" in text or "0 or more" in text


def test_a_collateral_of_which_nothing_is_known_counts_for_nothing_and_that_is_said() -> None:
    """Bybit values the account as a whole; no haircut of a coin is known."""
    desk = MonitoredDesk(rules="bybit", policy=(), coins=3)
    desk.mark(60_000.0)
    desk.target(1.0, instrument=LINEAR)
    said = desk.said + desk.mark(60_000.0)
    (text,) = set(texts(said, "collateral_uncounted"))
    assert text == "BTC count for nothing: no haircut is known of them"
    (unit,) = desk.monitor.units_of("main")
    assert unit.look().equity < 10_100
    assert of_kind(desk.mark(51_000.0), LiquidationNear)
