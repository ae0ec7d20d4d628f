"""A position in dated futures moves to the next one before each expiry, and never lies in one that expires."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from letrade.actors.execution.sending import ExecutionConfig
from letrade.actors.strategies.calendar_roll import CalendarRoll, CalendarRollConfig, DatedContract
from letrade.core.errors import ConfigurationError
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import PositionLimit
from letrade.core.messages.market import Instrument
from letrade.core.messages.signals import Basket
from tests.actors.basket_parts import LOSE, MS, REFUSE, SECOND, SPOT, BasketDesk
from tests.actors.desk_parts import settings
from tests.actors.margin_parts import stamped
from tests.stage import BTC, PERP, context, of_kind

PRICE = 60_000.0
MONTHS = ("240329", "240628", "240927")
NAMES = tuple(f"paper.BTC-USDT_USDT-{month}" for month in MONTHS)
FUTURES = tuple(
    Instrument(instrument=name, kind="linear", base="BTC", quote="USDT", settle="USDT", tick="0.1", lot="0.001")
    for name in NAMES
)
DAY = 100 * SECOND
"""A day of these tests; contract n expires after n + 1 of them."""
EXPIRES = [(place + 1) * DAY for place in range(3)]


class RollingDesk(BasketDesk):
    def __init__(self, **more: Any) -> None:
        config = settings(balances={"USDT": Decimal(10_000_000)})
        contracts = tuple(DatedContract(instrument=name, expires=at) for name, at in zip(NAMES, EXPIRES, strict=True))
        keys: dict[str, Any] = {
            "contracts": contracts, "account": "main", "position": 2.0, "roll_before": 40 * SECOND,
            "close_before": 15 * SECOND, "patience": 5 * SECOND, "naked_max": 4 * SECOND,
        }  # fmt: skip
        every = (BTC, PERP, *FUTURES)
        self.strategy = CalendarRoll("alpha", CalendarRollConfig(**keys | more), context(*every, settings=config))
        super().__init__(
            config,
            quiet=True,
            extra=[self.strategy],
            instruments=every,
            execution=ExecutionConfig(order_timeout=200 * MS),
        )

    def until(self, time: int, silent: tuple[str, ...] = ()) -> None:
        """Every market trades each second, but those that are silent."""
        while self.time < time:
            for place, name in enumerate((*NAMES, SPOT)):
                if name not in silent:
                    self.trade(PRICE + 100 * place, name, wait=50 * MS)
            self.tell(wait=SECOND - 200 * MS)

    def futures(self) -> tuple[float, ...]:
        return tuple(self.held(instrument=name) for name in NAMES)


def test_the_position_moves_on_before_each_expiry_and_is_closed_before_the_last() -> None:
    desk = RollingDesk()
    desk.until(50 * SECOND)
    assert desk.futures() == (2.0, 0.0, 0.0)
    desk.until(65 * SECOND)
    assert desk.futures() == (0.0, 2.0, 0.0)
    desk.until(165 * SECOND)
    assert desk.futures() == (0.0, 0.0, 2.0)
    desk.until(290 * SECOND)
    assert desk.futures() == (0.0, 0.0, 0.0)
    desk.until(320 * SECOND)
    assert len(of_kind(desk.said, Basket)) == 4


def test_a_roll_is_one_basket_and_both_of_its_orders_leave_together() -> None:
    desk = RollingDesk(position=-1.5)
    desk.until(65 * SECOND)
    assert desk.futures() == (0.0, -1.5, 0.0)
    roll = of_kind(desk.said, Basket)[-1]
    assert roll.legs == ((NAMES[0], 0.0), (NAMES[1], -1.5))
    last = desk.actor("paper").submits[-2:]
    assert last[0].time == last[1].time


def test_a_roll_that_is_refused_is_tried_again_and_leaves_the_old_contract_meanwhile() -> None:
    desk = RollingDesk()
    desk.until(55 * SECOND)
    desk.script(NAMES[1], REFUSE, REFUSE)
    desk.script(NAMES[0], REFUSE, REFUSE)
    desk.until(63 * SECOND)
    assert desk.futures() == (2.0, 0.0, 0.0)
    desk.until(75 * SECOND)
    assert desk.futures() == (0.0, 2.0, 0.0)
    assert "roll" in {alert.code for alert in of_kind(desk.said, Alert)}


def test_without_a_market_in_the_next_contract_the_position_is_closed_in_time() -> None:
    desk = RollingDesk()
    desk.until(90 * SECOND, silent=NAMES[1:])
    assert desk.futures() == (0.0, 0.0, 0.0)


def test_a_roll_that_is_refused_to_the_end_is_closed_in_time() -> None:
    desk = RollingDesk(position=-2.0, against=SPOT)
    desk.until(55 * SECOND)
    limit = PositionLimit(strategy="-", account="main", instrument=NAMES[1], largest=0.0, reason="test")
    desk.tell(stamped(limit, "leverage"))
    desk.until(83 * SECOND)
    assert (desk.held(), *desk.futures()) == (2.0, -2.0, 0.0, 0.0)
    desk.until(90 * SECOND)
    assert (desk.held(), *desk.futures()) == (0.0, 0.0, 0.0, 0.0)


def test_a_carry_rolls_its_future_while_its_spot_stays() -> None:
    desk = RollingDesk(position=-2.0, against=SPOT)
    desk.until(50 * SECOND)
    assert (desk.held(), *desk.futures()) == (2.0, -2.0, 0.0, 0.0)
    desk.until(165 * SECOND)
    assert (desk.held(), *desk.futures()) == (2.0, 0.0, 0.0, -2.0)
    desk.until(290 * SECOND)
    assert (desk.held(), *desk.futures()) == (0.0, 0.0, 0.0, 0.0)


def test_a_carry_whose_new_future_is_refused_when_the_old_one_is_gone_keeps_no_spot_alone() -> None:
    desk = RollingDesk(position=-2.0, against=SPOT)
    desk.until(55 * SECOND)
    desk.script(NAMES[1], REFUSE, REFUSE)
    desk.until(75 * SECOND)
    assert (desk.held(), *desk.futures()) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_held_into_an_expiry_and_no_spot_stands_alone_whatever_the_venue_does(seed: int) -> None:
    desk, chance = RollingDesk(position=-2.0, against=SPOT), random.Random(seed)
    alone = carried = 0
    for second in range(5, 310):
        if chance.random() < 0.2:
            desk.script(chance.choice((*NAMES, SPOT)), *[chance.choice((REFUSE, LOSE))] * chance.randint(1, 2))
        desk.until(second * SECOND)
        for place, at in enumerate(EXPIRES):
            assert desk.time < at or desk.futures()[place] == 0.0
        alone = alone + 1 if abs(desk.held() + sum(desk.futures())) > 1e-9 else 0
        assert alone <= 4
        carried += desk.held() == 2.0
    assert carried > 30


def test_it_goes_on_after_a_restart() -> None:
    desk = RollingDesk()
    desk.until(50 * SECOND)
    fresh = CalendarRoll("alpha", desk.strategy.config, desk.shared)
    fresh.restore(desk.strategy.state())
    assert fresh.state() == desk.strategy.state()
    assert fresh.parts[NAMES[0]].size == 2


def test_contracts_out_of_order_are_refused() -> None:
    contracts = tuple(DatedContract(instrument=NAMES[0], expires=at) for at in (2, 1))
    with pytest.raises(ConfigurationError, match="one after the other"):
        CalendarRollConfig(contracts=contracts, account="main", position=1.0)
