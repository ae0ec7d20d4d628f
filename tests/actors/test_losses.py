"""What money that comes and goes does to the losses that halt an account: nothing."""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec
import pytest

from letrade.actors.risk.losses import LossWatch
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.config.desk import RiskLimits
from letrade.core.fraction import Fraction
from letrade.core.messages.events import Halt
from tests.actors.transfer_parts import SECOND, TwoVenues, settings, wish
from tests.stage import of_kind

DAY = 86_400 * 10**9
FIFTH = RiskLimits(max_drawdown=Decimal("0.2"))


def watched(*steps: int | tuple[int, int]) -> list[str]:
    """What is said of each equity; a pair is the equity before a transfer and what was moved."""
    watch, said = LossWatch(), []
    for now, step in enumerate(steps):
        if isinstance(step, tuple):
            watch.move("a", Fraction(step[1]), Fraction(step[0]), now)
        else:
            said.append(watch.tripped("a", Fraction(step), now, FIFTH))
    return said


@pytest.mark.parametrize(
    "steps",
    [
        (1000, 900, (900, -800), 100, 89),
        (1000, 900, (900, 8100), 9000, 8001),
        (1000, 900, (900, -899), 1),
        (1000, 900, (900, -900), 0, (0, 900), 900, 801),
        (0, (0, 1000), 1000, 801),
        (1000, 900, (2000, -1000), 1000, 801),
    ],
)
def test_a_transfer_leaves_the_share_that_is_lost_as_it_is(steps: tuple[int | tuple[int, int], ...]) -> None:
    assert set(watched(*steps)) == {""}


@pytest.mark.parametrize(
    "steps",
    [
        (1000, 900, (900, -800), 100, 88),
        (1000, 900, (900, 8100), 9000, 7999),
        (1000, 900, (900, -900), 0, (0, 900), 900, 799),
        (0, (0, 1000), 1000, 799),
        (1000, (1000, -1000), 0, (0, 10), 10, 7),
        (1000, (1000, 9000), 7000),
    ],
)
def test_what_is_lost_after_a_transfer_is_counted_in_full(steps: tuple[int | tuple[int, int], ...]) -> None:
    *before, last = watched(*steps)
    assert set(before) <= {""}
    assert last.startswith(("drawdown 0.2", "drawdown 0.3"))


def test_what_is_all_lost_stays_lost_whatever_is_paid_in() -> None:
    assert watched(1000, 0, (0, 5000), 5000)[1:] == ["drawdown 1.0000 is above 0.2"] * 2
    assert watched(1000, -5, (-5, 5000), 4995)[-1] == "drawdown 1.0000 is above 0.2"


def test_the_loss_of_the_day_is_the_same_money_before_and_after() -> None:
    watch, limits = LossWatch(), RiskLimits(max_daily_loss=Decimal(100))
    assert watch.tripped("a", Fraction(1000), 0, limits) == ""
    watch.move("a", Fraction(-950), Fraction(950), 1)
    assert watch.tripped("a", Fraction(0), 2, limits) == ""
    watch.move("a", Fraction(1000), Fraction(0), 3)
    assert watch.tripped("a", Fraction(949), 4, limits) == "daily loss 101.00 is above 100"
    watch.move("a", Fraction(-500), Fraction(900), DAY)  # the day before ends with what was there before it
    assert watch.tripped("a", Fraction(300), DAY, limits) == ""
    assert watch.tripped("a", Fraction(299), DAY, limits) == "daily loss 101.00 is above 100"


@pytest.mark.parametrize("seed", range(20))
def test_transfers_of_any_size_leave_the_growth_and_survive_a_restart(seed: int) -> None:
    chance, watch, limits = random.Random(seed), LossWatch(), RiskLimits(max_drawdown=Decimal(0))
    equity, grown, peak = Fraction(1000), Fraction(1), Fraction(1)
    watch.tripped("a", equity, 0, limits)
    for now in range(1, 200):
        if equity and chance.random() < 0.5:
            change = Fraction(chance.randint(900, 1100), 1000)
            equity, grown = equity * change, grown * change
        else:
            amount = chance.choice((-equity, Fraction(chance.randint(1, 9000)), -equity / 3))
            watch.move("a", amount, equity, now)
            equity += amount
        peak = max(peak, grown)
        told = watch.tripped("a", equity, now, limits)
        share = float(1 - grown / peak)
        assert told == "" or abs(float(told.split()[1]) - share) < 1e-4
        assert told or share < 1e-20
        kept = msgspec.msgpack.decode(msgspec.msgpack.encode(watch.state()))
        watch = LossWatch()
        watch.restore(kept)
        assert all(len(amount) < 2000 for amount in kept[0][2:])


def test_moving_most_of_an_account_away_after_a_loss_halts_nothing_and_a_later_loss_does() -> None:
    desk = TwoVenues(settings(btc="0", risk=RiskTable(stale_after=None, max_drawdown=Decimal("0.2"))))
    desk.trade(100.0)
    desk.target(50.0)
    desk.trade(80.0)
    desk.trade(80.0)
    desk.target(0.0)
    desk.tell(wish("t1", "8000"), wait=2 * SECOND)
    desk.trade(80.0)
    assert of_kind(desk.said, Halt) == []
    desk.target(5.0)
    desk.trade(50.0)
    desk.tell(wait=2 * SECOND)
    desk.trade(50.0)
    (halt,) = of_kind(desk.said, Halt)
    assert halt.account == "here"


def test_all_of_an_account_goes_and_comes_back_without_a_halt() -> None:
    desk = TwoVenues(settings(btc="0", risk=RiskTable(stale_after=None, max_drawdown=Decimal("0.2"))))
    desk.trade(100.0)
    desk.tell(wait=2 * SECOND)
    desk.trade(100.0)
    desk.tell(wish("t1", "10000"), wait=2 * SECOND)
    desk.trade(100.0)
    assert desk.balances()["here"] == 0
    desk.tell(wish("t2", "9000", account="there", instrument="far.-", to_account="here"), wait=2 * SECOND)
    desk.trade(100.0)
    assert desk.balances()["here"] == 8999
    assert of_kind(desk.said, Halt) == []
