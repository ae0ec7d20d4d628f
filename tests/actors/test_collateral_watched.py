"""Coins that back an account are seen by its monitor, its leverage manager and capital as the venue counts them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.actors.leverage.config import LeverageManagerConfig
from letrade.actors.leverage.manager import LeverageManager
from letrade.core.config.desk import DeskConfig
from letrade.core.config.venue_margin import CollateralConfig
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import LiquidationNear, PositionLimit, Reduce
from letrade.core.messages.market import Instrument, Trade
from letrade.core.messages.venue import VenueFill
from tests.actors import liquidation_parts
from tests.actors.liquidation_parts import ETHER, LINEAR, MonitoredDesk
from tests.stage import of_kind

STAKED = "paper.WBETH-USDT"
SPOT = Instrument(
    instrument=STAKED, kind="spot", base="WBETH", quote="USDT", settle="USDT", tick="0.01", lot="0.0001"
)  # fmt: skip
TERMS = {"WBETH": CollateralConfig(index=STAKED, haircut=Decimal("0.1"))}


class BackedDesk(MonitoredDesk):
    """1,000 USDT and 3 coins of 3,000, of which 8,100 count."""

    terms = TERMS
    beside = (SPOT,)

    def settings(self, *given: Any) -> DeskConfig:
        made = liquidation_parts.margin_settings(*given)
        (venue,) = made.venues
        assert venue.margin is not None
        margin = msgspec.structs.replace(venue.margin, collateral=self.terms)
        balances = {"USDT": Decimal(1_000), **{coin: Decimal(3) for coin in self.terms}}
        return msgspec.structs.replace(
            made,
            venues=[msgspec.structs.replace(venue, margin=margin)],
            accounts=[msgspec.structs.replace(account, balances=balances) for account in made.accounts],
        )

    def index(self, price: float, instrument: str = STAKED) -> list[Message]:
        """The market of the coin is there too."""
        self.tell(Trade(instrument=instrument, price=price, size=1.0, source="feed", epoch=1))
        return super().index(price, instrument)


def long_desk(size: float = 1.0, **config: Any) -> BackedDesk:
    desk = BackedDesk(**config)
    desk.index(3_000.0)
    desk.mark(60_000.0)
    desk.target(size, instrument=LINEAR)
    desk.mark(60_000.0)
    return desk


def liquidations(said: Iterable[Message]) -> list[str]:
    return [fill.account for fill in of_kind(said, VenueFill) if fill.origin == "liquidation"]


def codes(desk: MonitoredDesk) -> list[str]:
    return [alert.code for alert in of_kind(desk.said, Alert)]


def test_the_distance_is_that_of_the_exact_rules_and_the_venue_tells_the_same_price() -> None:
    """(1,000 − 30 of fee + 8,100 + 50 − 60,000) / (0.005 − 1)."""
    desk = long_desk(policy=())
    near = [each for each in of_kind(desk.said, LiquidationNear) if each.instrument == LINEAR][-1]
    assert near.liquidation == pytest.approx((970 + 8_100 + 50 - 60_000) / (0.005 - 1), rel=1e-9)
    assert str(near.equity) == "9070.00000000 USDT"
    assert "liquidation_price_differs" not in codes(desk)
    assert "collateral_uncounted" not in codes(desk)


def test_a_falling_index_brings_liquidation_nearer_and_the_monitor_cuts_before_the_venue_does() -> None:
    desk = long_desk()
    assert desk.held("alpha", LINEAR) == 1.0
    said = desk.index(2_000.0) + desk.index(800.0)
    assert of_kind(said, Reduce)
    assert 0 < desk.held("alpha", LINEAR) < 1.0
    assert liquidations(said) == []


def test_without_a_monitor_that_acts_the_same_index_liquidates() -> None:
    """At 58,000 970 − 2,000 + 2.7 × index are the 240 of maintenance at 470.37."""
    desk = long_desk(policy=())
    desk.mark(58_000.0)
    needed = 58_000 * 0.005 - 50
    assert liquidations(desk.index((needed + 1_030) / 2.7 + 0.5)) == []
    (unit,) = desk.monitor.units_of("main")
    assert 0 < unit.look().nearest < 0.001
    assert liquidations(desk.index((needed + 1_030) / 2.7 - 0.5)) == ["main"]


def test_the_speed_of_an_index_counts() -> None:
    """Cut so much that what it took in the last seconds is left for `outlook` more."""
    slow, fast = long_desk(), long_desk(outlook=4_000_000_000, speed_over=1_000_000_000)
    for desk in (slow, fast):
        desk.index(2_000.0)
        desk.index(800.0)
    assert fast.held("alpha", LINEAR) < slow.held("alpha", LINEAR)


def test_without_an_index_it_says_that_it_cannot_watch() -> None:
    desk = BackedDesk()
    desk.mark(60_000.0)
    desk.target(0.1, instrument=LINEAR)
    desk.mark(60_000.0)
    (text,) = {alert.text for alert in of_kind(desk.said, Alert) if alert.code == "liquidation_unwatched"}
    assert text == f"main USDT is not watched: WBETH: no index price of {STAKED} is known yet"
    desk.index(3_000.0)
    assert len(desk.monitor.units_of("main")) == 1


def test_a_coin_goes_with_the_contract_of_it() -> None:
    """3 ETH by the index of the contract, long 15: both fall together, at the monitor and at the venue."""

    class EtherDesk(BackedDesk):
        terms = {"ETH": CollateralConfig(index=ETHER, haircut=Decimal("0.1"))}
        beside = ()

    desk = EtherDesk(policy=())
    desk.index(3_000.0, ETHER)
    desk.mark(3_000.0, ETHER)
    desk.target(15.0, instrument=ETHER)
    desk.mark(3_000.0, ETHER)
    near = [each for each in of_kind(desk.said, LiquidationNear) if each.instrument == ETHER]
    wallet = 1_000 - 15 * 3_000 * 0.0005
    assert near[-1].liquidation == pytest.approx((15 * 3_000 - wallet) / (15 + 3 * 0.9 - 15 * 0.004), rel=1e-9)
    assert "liquidation_price_differs" not in codes(desk)


def test_the_leverage_manager_counts_the_coin_as_equity_at_risk() -> None:
    """10 × (1,000 + 8,100) / 60,000, less the room of 5 %."""
    config = LeverageManagerConfig(cap=Decimal(10), set_leverage=False)
    desk = BackedDesk(actors=[(LeverageManager, "leverage", config)])
    desk.mark(60_000.0)
    assert of_kind(desk.said, PositionLimit) == []
    desk.index(3_000.0)
    desk.mark(60_000.0)
    limits = [each for each in of_kind(desk.said, PositionLimit) if (each.account, each.instrument) == ("main", LINEAR)]
    assert limits[-1].largest == pytest.approx(10 * 9_100 / 60_000 * 0.95, abs=0.001)
    desk.index(1_000.0)
    desk.tell(wait=2_000_000_000)
    desk.mark(60_000.0)
    limits = [each for each in of_kind(desk.said, PositionLimit) if (each.account, each.instrument) == ("main", LINEAR)]
    assert limits[-1].largest == pytest.approx(10 * 3_700 / 60_000 * 0.95, abs=0.001)


def test_it_is_the_same_after_a_restart() -> None:
    desk = long_desk()
    desk.index(2_000.0)
    fresh = desk.again()
    for each in (desk, fresh):
        each.index(800.0)
    assert fresh.held("alpha", LINEAR) == desk.held("alpha", LINEAR) < 1.0
