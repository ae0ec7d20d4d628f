"""Fees by volume: what an account has traded in the thirty days before today decides, in each currency by itself."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.venue.volume import DAY, Volume
from letrade.core.config.desk import FeeTier, VenueConfig
from letrade.core.messages.base import Message
from letrade.core.messages.venue import VenueFill
from tests.actors.venue_parts import LINEAR, Desk, submit, trade
from tests.models.volume import TradedModel, volume_before
from tests.stage import of_kind

TIERS = [
    FeeTier(volume=Decimal(1000), maker_fee=Decimal("0.0001"), taker_fee=Decimal("0.0004")),
    FeeTier(volume=Decimal(2500), maker_fee=Decimal("-0.0001"), taker_fee=Decimal("0.0003")),
]
MONEY = {"USDT": Decimal(100_000), "BTC": Decimal(100)}


def tiered(**more: Any) -> Desk:
    desk = Desk(balances=MONEY, maker_fee=Decimal("0.0002"), taker_fee=Decimal("0.0005"), fee_tiers=TIERS, **more)
    desk.tell(trade(100.0), trade(100.0, instrument=LINEAR))
    return desk


def fee(desk: Desk, *messages: Message) -> str:
    (fill,) = of_kind(desk.tell(*messages), VenueFill)
    assert isinstance(fill, VenueFill)
    return str(fill.fee)


def test_what_is_traded_today_makes_tomorrow_cheaper() -> None:
    desk = tiered()
    # 10 at 100 are 1000 USDT: 0.5 at 5 bp, however often today.
    assert fee(desk, submit("1", 1, 10.0)) == "0.50000000 USDT"
    assert fee(desk, submit("2", -1, 10.0)) == "0.50000000 USDT"
    desk.time = DAY - 20_000_000
    assert fee(desk, submit("3", 1, 10.0)) == "0.50000000 USDT"  # before midnight
    desk.time = DAY - 500_000
    assert fee(desk, submit("4", 1, 10.0)) == "0.30000000 USDT"  # sent before it, there after it: 3000 traded
    desk.restarted()
    assert fee(desk, submit("5", 1, 10.0)) == "0.30000000 USDT"
    desk.time = 30 * DAY
    assert fee(desk, submit("6", 1, 10.0)) == "0.30000000 USDT"  # the thirtieth day after the first
    desk.time = 31 * DAY
    assert fee(desk, submit("7", 1, 10.0)) == "0.30000000 USDT"  # 2000 of the second, 1000 of the thirty-first
    desk.time = 32 * DAY
    assert fee(desk, submit("8", 1, 10.0)) == "0.40000000 USDT"  # 1000 of the thirty-first, 1000 of yesterday


def test_a_maker_is_paid_the_rebate_of_the_tier() -> None:
    desk = tiered()
    fee(desk, submit("1", 1, 25.0))
    desk.time = DAY
    desk.tell(submit("2", 1, 10.0, 99.0))
    assert fee(desk, trade(98.0, 20.0)) == "-0.09900000 USDT"


def test_accounts_and_currencies_count_by_themselves_and_contracts_with_spot() -> None:
    desk = tiered()
    fee(desk, submit("1", 1, 10.0))
    desk.time = DAY
    assert fee(desk, submit("2", 1, 10.0, account="b")) == "0.50000000 USDT"
    assert fee(desk, submit("3", 1, 10.0, instrument=LINEAR)) == "0.40000000 USDT"


def test_an_order_sets_aside_the_fee_of_the_dearest_tier() -> None:
    dear = [FeeTier(volume=Decimal(1), maker_fee=Decimal("0.01"), taker_fee=Decimal("0.02"))]
    desk = Desk(balances={"USDT": Decimal(1000)}, fee_tiers=dear, fee_currency="USDT")
    desk.tell(trade(100.0))
    assert "needs 1020.0 USDT" in desk.answer(submit("1", 1, 10.0, 100.0)).reason
    assert desk.answer(submit("2", 1, 9.0, 90.0)).status == "open"
    assert desk.venue.exchange.accounts["a"].wallet.spendable("USDT", 0).value == 1000 - 810 - Fraction("16.2")


def test_volumes_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match=r"volumes that rise from tier to tier, found 2500, 1000"):
        VenueConfig(name="paper", fee_tiers=TIERS[::-1])


steps = st.tuples(st.integers(0, 4 * DAY), st.sampled_from(["USDT", "EUR"]), st.integers(1, 10**9), st.booleans())


@given(st.lists(steps, max_size=60))
def test_volumes_are_those_of_the_slow_twin(trades: list[tuple[int, str, int, bool]]) -> None:
    volume, kept, time = Volume(), list[TradedModel](), 0
    for wait, currency, units, restarts in trades:
        time += wait
        assert volume.before(currency, time) == volume_before(kept, currency, time)
        notional = Fraction(units, 1000)
        volume.add(currency, time, notional)
        kept.append(TradedModel(time, currency, notional))
        if restarts:
            saved, volume = volume.state(), Volume()
            volume.restore(saved)
    assert all(len(days) <= 31 for days in volume.state().values())
