"""The leverage manager: limits from equity, signs and tiers; settings while flat; margin or cuts while held."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.leverage.config import LeverageManagerConfig
from letrade.actors.leverage.limits import (
    Signs,
    Terms,
    allowed_leverage,
    largest_notional,
    leverage_at,
    settled,
    share_to_close,
)
from letrade.actors.leverage.manager import LeverageManager
from letrade.core.fraction import Fraction
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.features import Features
from letrade.core.messages.margin import LiquidationNear, MarginRequest, PositionLimit
from letrade.core.messages.orders import Fill
from tests.actors.liquidation_parts import ETHER, LINEAR, MonitoredDesk
from tests.actors.margin_parts import stamped
from tests.stage import of_kind

SECOND = 1_000_000_000
TERMS = Terms(Fraction(2, 100), Fraction(1, 2), Fraction(8, 100))
TABLE = TierTable(
    "x",
    (
        Tier(Fraction(0), Fraction(50_000), Fraction(4, 1000), None, Fraction(20)),
        Tier(Fraction(50_000), Fraction(200_000), Fraction(1, 100), None, Fraction(5)),
        Tier(Fraction(200_000), Fraction(1_000_000), Fraction(1, 10), None, Fraction(2)),
    ),
)


def managed(
    mode: str = "cross", *, balance: int = 10_000, leverage: int = 10, script: Any = None, **config: Any
) -> Any:
    actors = [(LeverageManager, "leverage", LeverageManagerConfig(accounts=("main",), **config))]
    desk = MonitoredDesk(mode, balance=balance, leverage=leverage, script=script, actors=actors)
    desk.mark(50_000.0, wait=2 * SECOND)
    return desk


def limits(said: Iterable[Message], instrument: str = LINEAR) -> list[float | None]:
    return [limit.largest for limit in of_kind(said, PositionLimit) if limit.instrument == instrument]


def requests(said: Iterable[Message]) -> list[tuple[str, float]]:
    return [(each.change, each.value) for each in of_kind(said, MarginRequest) if each.instrument == LINEAR]


def feature(desk: Any, **values: float) -> list[Message]:
    said: list[Message] = desk.tell(
        Features(
            instrument=LINEAR, feature_set="signs", names=tuple(values), values=tuple(values.values()), price=50_000.0,
            bar_end=desk.time, count=1, source="feed", epoch=1,
        ),
        wait=2 * SECOND,
    )  # fmt: skip
    return said


def test_the_limit_is_the_cap_on_the_equity_within_its_band() -> None:
    desk = managed()
    # 10 x 10,000 at 50,000 is 2; the limit stands 5 % below.
    assert limits(desk.said) == [1.9]


def test_a_wish_beyond_ends_at_the_limit() -> None:
    desk = managed()
    desk.target(5.0, instrument=LINEAR)
    assert desk.held("alpha", LINEAR) == 1.9


def test_the_effective_leverage_never_exceeds_the_cap_on_the_way_down() -> None:
    desk = managed()
    desk.target(1.9, instrument=LINEAR)
    for price in range(50_000, 45_600, -200):
        desk.mark(float(price), wait=2 * SECOND)
        view = desk.actor("leverage").view("main", LINEAR)
        assert view.notional <= 10 * view.equity
    assert desk.held("alpha", LINEAR) < 1.9


def test_limits_do_not_flutter() -> None:
    desk = managed()
    said: list[Message] = []
    for step in range(40):
        said += desk.mark(50_000.0 + 400 * (-1) ** step, wait=2 * SECOND)
    assert len(limits(said)) <= 1


def test_volatility_trend_and_regime_lower_it() -> None:
    desk = managed(
        volatility="vol", trend="trend", regime="regime", regimes={"2": Decimal("0.25")}, feature_set="signs"
    )
    assert limits(feature(desk, vol=0.004)) == [0.95]
    assert limits(feature(desk, vol=0.001, regime=2.0)) == [0.475]
    assert limits(feature(desk, regime=0.0)) == [1.9]
    desk.target(1.0, instrument=LINEAR)
    assert limits(feature(desk, trend=-1.0))[-1] == pytest.approx(0.95, abs=0.01)
    assert limits(feature(desk, trend=1.0))[-1] == pytest.approx(1.9, abs=0.01)


def test_features_of_another_set_count_for_nothing() -> None:
    desk = managed(volatility="vol", feature_set="others")
    assert limits(feature(desk, vol=0.004)) == []


def test_a_near_liquidation_lowers_it_until_it_is_clear() -> None:
    desk = managed()
    near = LiquidationNear(strategy="-", account="main", instrument="paper.-", level="act", distance=0.04, mark=1.0)
    assert limits(desk.tell(stamped(near, "monitor"))) == [0.95]
    clear = LiquidationNear(strategy="-", account="main", instrument="paper.-", level="clear", distance=1e6, mark=1.0)
    assert limits(desk.tell(stamped(clear, "other"))) == [1.9]


def test_all_positions_of_an_account_share_its_cap() -> None:
    desk = managed()
    desk.mark(2_500.0, ETHER, wait=2 * SECOND)
    desk.target(1.0, instrument=LINEAR)
    desk.tell(wait=2 * SECOND)
    desk.mark(2_500.0, ETHER, wait=2 * SECOND)
    assert limits(desk.said, ETHER)[-1] == pytest.approx(0.95 * 49_725 / 2_500, abs=0.2)


def test_the_venues_leverage_is_set_while_flat_and_verified() -> None:
    desk = managed(cap=Decimal(4))
    assert requests(desk.said) == [("leverage", 4.0)]
    assert desk.actor("leverage").holdings.contract("main", LINEAR).leverage == 4
    assert requests(desk.mark(50_010.0, wait=9 * SECOND)) == []


def test_a_setting_that_is_not_what_was_asked_for_is_asked_for_again() -> None:
    desk = managed(cap=Decimal(4), script=["-4028"])
    desk.tell(wait=9 * SECOND)
    said = desk.said
    assert requests(said) == [("leverage", 4.0), ("leverage", 4.0)]
    assert [alert.code for alert in of_kind(said, Alert) if alert.instrument == LINEAR] == ["margin_refused"]


def test_the_setting_is_left_alone_while_a_position_is_open() -> None:
    desk = managed()
    desk.target(1.0, instrument=LINEAR)
    desk.actor("leverage").config = LeverageManagerConfig(accounts=("main",), cap=Decimal(4))
    assert requests(desk.mark(50_000.0, wait=9 * SECOND)) == []


def test_an_isolated_position_whose_leverage_the_venue_will_not_lower_gets_margin_instead() -> None:
    """The position is opened before the setting arrives; the venue refuses to lower it (-4161)."""
    desk = MonitoredDesk("isolated", balance=30_000, leverage=20, actors=_manager(cap=Decimal(5)))
    desk.trade(50_000.0, LINEAR)
    desk.target(1.0, instrument=LINEAR)
    desk.mark(50_000.0, wait=9 * SECOND)
    view = desk.actor("leverage").view("main", LINEAR)
    assert 4.5 <= float(view.notional / view.own) <= 5
    assert desk.held("alpha", LINEAR) == 1.0


def test_and_is_cut_where_there_is_not_the_margin() -> None:
    desk = MonitoredDesk("isolated", balance=9_000, leverage=20, actors=_manager(cap=Decimal(5)))
    desk.trade(50_000.0, LINEAR)
    desk.target(1.0, instrument=LINEAR)
    for _ in range(4):
        desk.mark(50_000.0, wait=9 * SECOND)
    view = desk.actor("leverage").view("main", LINEAR)
    assert 4 <= float(view.notional / view.own) <= 5
    assert 0 < desk.held("alpha", LINEAR) < 1.0


def _manager(**config: Any) -> list[Any]:
    return [(LeverageManager, "leverage", LeverageManagerConfig(accounts=("main",), **config))]


def test_a_cross_position_beyond_its_limit_is_cut_to_it() -> None:
    desk = MonitoredDesk(balance=10_000, actors=_manager(cap=Decimal(3)))
    desk.trade(50_000.0, LINEAR)
    desk.actor("leverage").published["main", LINEAR] = 5.0
    desk.target(1.0, instrument=LINEAR)
    desk.mark(50_000.0, wait=9 * SECOND)
    assert desk.held("alpha", LINEAR) <= 0.6


def test_a_restart_neither_repeats_nor_forgets() -> None:
    desk = managed(cap=Decimal(4), script=[None, None])
    fresh = desk.again()
    fresh.actor("paper").script = []
    said = fresh.tell(wait=9 * SECOND)
    assert requests(said) == []
    assert limits(said) == []
    assert fresh.actor("leverage").holdings.contract("main", LINEAR).leverage == 4


def test_it_opens_nothing() -> None:
    desk = managed()
    assert of_kind(desk.mark(40_000.0, wait=9 * SECOND), Fill) == []


LEVERAGES = st.fractions(1, 50)
NUMBERS = st.fractions(Fraction(1, 1000), 10)


@given(LEVERAGES, st.sampled_from([-1, 0, 1]), NUMBERS, st.fractions(-2, 2), st.fractions(0, 2), st.fractions(0, 2))
def test_no_sign_ever_raises_the_cap(
    cap: Any, side: int, volatility: Any, trend: Any, regime: Any, distance: Any
) -> None:
    found = allowed_leverage(cap, side, Signs(volatility, trend, regime, distance), TERMS)
    assert 0 <= found <= cap
    assert found * volatility <= TERMS.volatility_budget


@given(st.fractions(0, 500_000), LEVERAGES)
def test_the_tier_of_the_largest_notional_allows_its_leverage(equity: Any, leverage: Any) -> None:
    notional = largest_notional(equity, leverage, TABLE)
    assert notional <= leverage * equity
    if notional:
        allowed = leverage_at(notional, TABLE)
        assert allowed is not None
        assert notional <= allowed * equity


@given(st.fractions(0, 10), st.fractions(0, 10))
def test_what_stands_is_never_more_than_what_is_wanted(published: Any, wanted: Any) -> None:
    found = settled(published, wanted, Fraction(1, 20))
    assert wanted * Fraction(9, 10) <= found <= wanted
    assert settled(found, wanted, Fraction(1, 20)) == found


@given(st.fractions(100, 10_000), st.fractions(1, 1_000), LEVERAGES, st.fractions(0, 500))
def test_what_is_left_fits_with_the_margin_that_may_be_added(
    notional: Any, equity: Any, leverage: Any, free: Any
) -> None:
    closed = share_to_close(notional, equity, leverage, free, Fraction(1, 2))
    left = 1 - closed
    most = left * equity + (free + closed * equity) / 2
    assert notional * left <= leverage * most
