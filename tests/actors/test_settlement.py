"""Daily settlement: what a strategy earned is its capital from the next day on, and its limits follow."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from letrade.core.config.capital import Allocation
from letrade.core.messages.accounts import Position, Settlement
from letrade.core.messages.events import Alert
from letrade.core.messages.orders import OrderRefused
from letrade.core.money import Money
from letrade.core.quantities import money_of
from tests.actors.transfer_parts import SECOND, TwoVenues, route, settings, usdt, wish
from tests.stage import BTC, PERP, of_kind

HOUR = 3600 * SECOND
DAY = 24 * HOUR
PERPETUAL = PERP.instrument


def desk(settle: int = 0, **allocation: Decimal) -> TwoVenues:
    """Alpha has an allocation on the account `here`, at an exchange without fees."""
    share = Allocation(name="a", strategy="alpha", account="here", **(allocation or {"amount": Decimal(5_000)}))
    free = {"maker_fee": Decimal(0), "taker_fee": Decimal(0), "max_leverage": Decimal(1)}
    return TwoVenues(settings(allocations=[share], settle=settle, btc="0", **free))


def gain(made: TwoVenues, amount: int) -> None:
    """Earned with one contract, or lost."""
    made.trade(1_000.0, PERPETUAL)
    made.target(1.0, PERPETUAL)
    made.trade(1_000.0 + amount, PERPETUAL)
    made.target(0.0, PERPETUAL)
    made.trade(1_000.0, PERPETUAL)


def pass_to(made: TwoVenues, time: int) -> list[Settlement]:
    return of_kind(made.tell(wait=time - made.time), Settlement)


def fits(made: TwoVenues, size: float) -> bool:
    """Whether a position of so many contracts at 1,000 (and the slip that is reckoned with) is allowed."""
    said = made.target(size, PERPETUAL, price=1_000.0)
    refused = bool(of_kind(said, OrderRefused))
    made.target(0.0, PERPETUAL)
    return not refused


def test_a_gain_is_capital_from_the_settlement_on_and_not_before() -> None:
    made = desk()
    gain(made, 800)
    assert not fits(made, 5.5)
    (told,) = pass_to(made, DAY)
    assert (told.strategy, told.account, told.instrument) == ("alpha", "here", "paper.-")
    assert (told.time, told.earned, told.allocated) == (DAY, usdt("800"), usdt("5800"))
    assert fits(made, 5.5)
    assert not fits(made, 5.9)


def test_a_loss_makes_less_of_it() -> None:
    made = desk()
    gain(made, -700)
    assert fits(made, 4.9)
    (told,) = pass_to(made, DAY)
    assert (told.earned, told.allocated) == (usdt("-700"), usdt("4300"))
    assert not fits(made, 4.9)


def test_each_day_settles_what_was_earned_since_the_day_before() -> None:
    made = desk(settle=HOUR)
    gain(made, 100)
    assert [each.earned for each in pass_to(made, HOUR)] == [usdt("100")]
    gain(made, 20)
    gain(made, 3)
    assert pass_to(made, DAY) == []
    (told,) = pass_to(made, DAY + HOUR)
    assert (told.earned, told.allocated) == (usdt("23"), usdt("5123"))
    (told,) = pass_to(made, 2 * DAY + HOUR)
    assert (told.earned, told.allocated) == (usdt("0"), usdt("5123"))


def test_a_fraction_is_of_the_equity_at_the_start_and_grows_by_its_own_earnings_alone() -> None:
    made = desk(fraction=Decimal("0.5"))
    gain(made, 800)
    assert not fits(made, 5.2)
    (told,) = pass_to(made, DAY)
    assert told.allocated == usdt("5800")


def test_fees_and_funding_count() -> None:
    made = desk()
    gain(made, 0)
    known = [each for each in of_kind(made.said, Position) if each.strategy == "alpha"][-1]
    paid = msgspec.structs.replace(
        known, fees=(usdt("2.5"),), funding=usdt("-4"), time=0, source="ledger", epoch=1, sequence=10**6
    )
    made.tell(paid)
    (told,) = pass_to(made, DAY)
    assert told.earned == usdt("-6.5")


def test_what_has_no_rate_waits_for_a_day_that_knows_it() -> None:
    ether = msgspec.structs.replace(BTC, instrument="paper.ETH-USDT", base="ETH")
    made = TwoVenues(desk().config, instruments=(BTC, PERP, ether))
    gain(made, 0)
    known = [each for each in of_kind(made.said, Position) if each.strategy == "alpha"][-1]
    fee = Money("ETH", 8, 10**6)
    made.tell(msgspec.structs.replace(known, fees=(fee,), time=0, source="ledger", epoch=1, sequence=10**6))
    said = made.tell(wait=DAY - made.time)
    assert [alert.code for alert in of_kind(said, Alert)] == ["settlement_waits"]
    assert not of_kind(said, Settlement)
    made.trade(3_000.0, ether.instrument)
    (told,) = pass_to(made, 2 * DAY)
    assert told.earned == usdt("-30")


def test_settlement_survives_a_restart() -> None:
    made = desk()
    gain(made, 100)
    made = made.restarted()
    assert [each.earned for each in pass_to(made, DAY)] == [usdt("100")]
    made = made.restarted()
    gain(made, 5)
    (told,) = pass_to(made, 2 * DAY)
    assert (told.earned, told.allocated) == (usdt("5"), usdt("5105"))


def test_what_a_strategy_moved_away_is_no_capital_of_it_here_after_a_settlement_either() -> None:
    share = Allocation(name="a", strategy="alpha", account="here", fraction=Decimal("0.5"))
    other = Allocation(name="b", strategy="beta", account="there", fraction=Decimal("0.5"))
    config = settings([route(fee="0", minimum="1")], allocations=[share, other], settle=0, btc="0")
    made = TwoVenues(config)
    gain(made, 0)
    made.tell(wish("t1", "2000"), wait=SECOND)
    told = {each.strategy: each for each in pass_to(made, DAY)}
    assert told["alpha"].allocated.decimal < 3_000
    assert told["beta"].allocated == usdt("5000")
    allowed = made.actor("capital").purse.allocated("there", "alpha", made.time)
    assert money_of("USDT", allowed.numerator) is not None
    assert allowed.numerator == 2_000 * allowed.denominator * 10**96


def test_without_a_time_to_settle_nothing_is_settled() -> None:
    share = Allocation(name="a", strategy="alpha", account="here", amount=Decimal(5_000))
    made = TwoVenues(settings(allocations=[share]))
    gain(made, 800)
    assert pass_to(made, 2 * DAY) == []
    assert not made.actor("capital").told_positions
