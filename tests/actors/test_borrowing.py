"""Short on spot with borrowed coins: within the venue's limit, with interest in the coin, and paid back."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from letrade.core.borrowing import HOUR_NS, interest
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.borrow import BorrowConfig
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.messages.accounts import Position
from letrade.core.messages.events import Flatten
from letrade.core.messages.margin import PositionLimit, Reduce
from letrade.core.messages.orders import CashEntry, Fill, OrderRefused, UnexplainedDifference
from letrade.core.messages.signals import Basket
from tests.actors.desk_parts import LINEAR, MS, SECOND, SPOT, STEP, TradingDesk
from tests.data import shared_data
from tests.stage import of_kind

HOUR = HOUR_NS


@pytest.mark.parametrize(
    "case", json.loads(shared_data("golden/funding_and_margin_cases.json").read_text())["borrow_interest"]
)
def test_interest_is_what_the_venues_own_cases_say(case: dict[str, Any]) -> None:
    age_ns = round(case["hours"] * HOUR)
    found = interest(case["exchange"], Fraction(str(case["borrowed"])), Fraction(str(case["rate"])), age_ns)
    assert float(found) == pytest.approx(case["expected_interest"], rel=1e-9)


@pytest.mark.parametrize(
    ("rules", "hours", "charged"),
    [("binance", 0, 1), ("binance", 1, 1), ("binance", 1.01, 2), ("binance", 24, 24), ("kraken", 0, 2),
     ("kraken", 4, 2), ("kraken", 4.01, 3), ("kraken", 24, 7)],
)  # fmt: skip
def test_a_period_that_has_begun_is_charged_and_one_that_ends_now_is_the_last(
    rules: str, hours: float, charged: int
) -> None:
    rate = Fraction(24 if rules == "binance" else 1)
    assert interest(rules, Fraction(1), rate, round(hours * HOUR)) == charged


def config(
    limit: str = "2", rate: str = "0.24", usdt: str = "100000", coins: str = "0", **terms: Any
) -> DeskConfig:  # fmt: skip
    """BTC are lent for 1 % an hour; the account `main` borrows, `other` does not."""
    lent = BorrowConfig(limit=Decimal(limit), rate=Decimal(rate), **terms)
    free = {"maker_fee": Decimal(0), "taker_fee": Decimal(0)}
    venue = VenueConfig(name="paper", order_latency=STEP, response_latency=STEP, borrow={"BTC": lent}, **free)
    logins = [
        AccountConfig(
            name=name, venue="paper", balances={"USDT": Decimal(usdt), "BTC": Decimal(coins)}, borrow=name == "main"
        )
        for name in ("main", "other")
    ]
    return DeskConfig(venues=[venue], accounts=logins, risk=RiskTable(stale_after=None))


def desk(**terms: Any) -> TradingDesk:
    made = TradingDesk(config(**terms))
    made.trade(10_000.0)
    return made


def balance(made: TradingDesk, currency: str = "BTC") -> float:
    """At the venue and in the ledger, which agree."""
    there = float(made.venue.exchange.accounts["main"].wallet.total(currency).value)
    assert float(made.actor("ledger").books["main"].wallets.get(currency, 0)) == there
    return there


def rules_of(messages: Any) -> list[str]:
    return [refused.rule for refused in of_kind(messages, OrderRefused)]


def test_a_short_on_spot_borrows_sells_owes_interest_buys_back_and_owes_nothing() -> None:
    made = desk()
    said = made.target(-1.0)
    assert made.held() == -1.01
    assert [(each.strategy, each.origin, str(each.amount)) for each in of_kind(said, CashEntry)] == [
        ("alpha", "interest", "-0.01000000 BTC")
    ]
    assert (balance(made), balance(made, "USDT")) == (-1.01, 110_000.0)
    made.tell(wait=2 * HOUR)
    assert (made.held(), balance(made)) == (-1.03, -1.03)
    made.target(0.0)
    assert (made.held(), balance(made), balance(made, "USDT")) == (0.0, 0.0, 99_700.0)
    made.tell(wait=5 * HOUR)
    assert balance(made) == 0.0
    position = [each for each in of_kind(made.said, Position) if each.strategy == "alpha"][-1]
    assert (position.quantity, position.realised.decimal) == (0.0, Decimal(-300))
    assert not of_kind(made.said, UnexplainedDifference)


@pytest.mark.parametrize("coins", ["0.3", "1"])
def test_a_short_is_bought_back_where_the_account_has_coins_of_its_own(coins: str) -> None:
    made = desk(rate="0", coins=coins)
    made.target(-0.5)
    assert (made.held(), balance(made)) == (-0.5, float(Decimal(coins) - Decimal("0.5")))
    made.target(0.0)
    assert (made.held(), balance(made)) == (0.0, float(coins))


def test_a_short_beside_coins_of_the_account_is_flattened() -> None:
    made = desk(rate="0", coins="1")
    made.target(-0.5)
    made.tell(Flatten(account="main", reason="now", source="operator", epoch=1), wait=SECOND)
    assert (made.held(), balance(made)) == (0.0, 1.0)


def test_no_more_is_borrowed_than_the_limit_by_all_strategies_together() -> None:
    made = desk(rate="0")
    assert rules_of(made.target(-2.1)) == ["borrow_limit"]
    assert not rules_of(made.target(-1.5))
    assert rules_of(made.target(-0.6, strategy="beta")) == ["borrow_limit"]
    assert not rules_of(made.target(-0.5, strategy="beta"))
    assert (made.held(), made.held("beta"), balance(made)) == (-1.5, -0.5, -2.0)


def test_orders_that_still_work_count_against_the_limit() -> None:
    made = desk(rate="0")
    made.target(-1.5, price=11_000.0, post_only=True)
    assert rules_of(made.target(-0.6, strategy="beta")) == ["borrow_limit"]
    assert made.working()


def test_an_account_that_does_not_borrow_and_a_coin_that_is_not_lent_stay_refused() -> None:
    made = desk()
    assert rules_of(made.target(-1.0, account="other")) == ["spot_short"]
    empty = TradingDesk(config())
    empty.config.venues[0].borrow.clear()
    empty = TradingDesk(empty.config)
    empty.trade(10_000.0)
    assert rules_of(empty.target(-1.0)) == ["spot_short"]


def test_what_was_got_for_borrowed_coins_is_held_back() -> None:
    """100,000 and 10,000 for the coin, of which 15,000 stand for the debt."""
    made = desk(rate="0")
    made.target(-1.0)
    assert rules_of(made.target(9.6, strategy="beta")) == ["capital"]
    assert not rules_of(made.target(9.3, strategy="beta"))


def test_a_short_needs_money_beside_it() -> None:
    made = desk(usdt="9000", rate="0")
    assert rules_of(made.target(-1.0)) == ["capital"]
    assert not rules_of(made.target(-0.8))


def test_a_turn_from_long_to_short_and_back_owes_only_what_is_short() -> None:
    made = desk(rate="0")
    for wanted in (1.0, -0.5, 0.25, -0.25, 0.0):
        made.target(wanted, wait=40 * MS)
        made.tell(wait=40 * MS)
        assert (made.held(), balance(made)) == (wanted, wanted)


def test_interest_is_divided_by_how_much_each_strategy_is_short() -> None:
    made = desk(rate="0.24")
    made.target(-0.6)
    made.target(-0.2, strategy="beta")
    made.tell(wait=HOUR)
    assert made.held() + made.held("beta") == pytest.approx(balance(made), abs=1e-12)
    assert made.held() == pytest.approx(-0.612, abs=2e-3)
    assert made.held("beta") == pytest.approx(-0.204, abs=2e-3)


def test_a_unit_of_interest_that_two_share_is_one_entry_of_one_of_them() -> None:
    made = desk(rate="0.0005")
    made.target(-0.0002)
    made.target(-0.0002, strategy="beta")
    made.tell(wait=2 * HOUR)
    entries = [str(each.amount) for each in of_kind(made.said, CashEntry)]
    assert entries
    assert set(entries) == {"-0.00000001 BTC"}


def test_a_restart_neither_forgets_a_debt_nor_charges_it_twice() -> None:
    made = desk()
    made.target(-1.0)
    made.tell(wait=HOUR // 2)
    made = made.restarted()
    made.tell(wait=HOUR)
    assert (made.held(), balance(made)) == (-1.02, -1.02)


@examples(max_examples=25, deadline=None)
@given(
    st.sampled_from(["binance", "kraken"]),
    st.lists(st.tuples(st.sampled_from([-1.5, -1.0, -0.25, 0.0, 0.5]), st.integers(0, 20)), min_size=1, max_size=6),
)
def test_what_loans_cost_is_the_sum_of_each_by_its_own_age(rules: str, steps: list[tuple[float, int]]) -> None:
    """Whatever is borrowed and paid back in whichever order, balance and shares agree everywhere, and one loan that is
    never added to has cost what the function says."""
    made = desk(rules=rules, rate="0.0024")
    for wanted, quarters in steps:
        made.target(wanted)
        made.tell(wait=quarters * HOUR // 4)
        assert made.held() == pytest.approx(balance(made), abs=1e-12)
    assert not of_kind(made.said, UnexplainedDifference)
    single = desk(rules=rules, rate="0.0024")
    single.target(-1.0)
    begun = single.time - 20 * MS + STEP
    single.tell(wait=steps[0][1] * HOUR // 4)
    owed = -Fraction(str(balance(single))) - 1
    assert float(owed) == pytest.approx(
        float(interest(rules, Fraction(1), Fraction("0.0024"), single.time - begun)), abs=1e-9
    )


def test_a_short_on_spot_is_flattened_and_cut_by_a_limit_like_any_other() -> None:
    made = desk()
    made.target(-1.0)
    limit = PositionLimit(strategy="-", account="main", instrument=SPOT, largest=0.5, source="guard")
    made.tell(limit, wait=200 * MS)
    assert made.held() == pytest.approx(-0.5, abs=1e-5)
    made.tell(Flatten(account="main", source="operator"), wait=200 * MS)
    assert (made.held(), balance(made)) == (0.0, 0.0)


def test_a_short_on_spot_may_be_a_leg_of_a_basket() -> None:
    made = desk(rate="0")
    made.trade(10_000.0, LINEAR)
    made.signals["alpha"] += 1
    made.tell(
        Basket(
            strategy="alpha", account="main", instrument=SPOT, signal=1, legs=((SPOT, -1.0), (LINEAR, 1.0)),
            naked_ns_max=SECOND, source="alpha", epoch=1,
        ),
        wait=200 * MS,
    )  # fmt: skip
    assert (made.held(), made.held(instrument=LINEAR)) == (-1.0, 1.0)


def test_small_loans_owe_every_part_of_a_unit_and_write_no_entry_of_nothing() -> None:
    """An hour of 0.0002 coins at 0.0005 a day is less than half a unit; fifty such loans of a day, and one hour that
    has begun, owe what one loan does."""
    made = desk(rate="0.0005", limit="5")
    for part in range(1, 51):
        made.target(-round(0.0002 * part, 6))
    made.tell(wait=24 * HOUR)
    sold = sum(Fraction(str(fill.size)) for fill in of_kind(made.said, Fill))
    entries = [each for each in of_kind(made.said, CashEntry) if each.origin == "interest"]
    assert all(entry.amount.integer for entry in entries)
    for charges in (25, 26):
        owed = Fraction(int(sold * Fraction("0.0005") * charges / 24 * 10**8), 10**8)
        assert -balance(made) == float(sold + owed)
        made = made.restarted()
        made.tell(wait=HOUR)


def test_what_interest_leaves_below_a_lot_is_beyond_no_limit() -> None:
    made = desk(rate="0.000144", limit="5")
    for position in (-1.0, 0.0):
        for strategy in ("alpha", "beta"):
            made.target(position, strategy=strategy)
    assert balance(made) == -1.2e-05
    assert max(abs(made.held()), abs(made.held("beta"))) < 1e-05
    none = PositionLimit(strategy="-", account="main", instrument=SPOT, largest=0.0, source="guard")
    assert not of_kind(made.tell(none, wait=5 * SECOND), Reduce)
    made.tell(PositionLimit(strategy="-", account="main", instrument=SPOT, largest=None, source="guard"))
    made.target(-0.5)
    assert made.held() == pytest.approx(-0.5, abs=1e-4)
