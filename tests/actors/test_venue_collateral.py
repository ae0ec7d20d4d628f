"""Coins that back contracts at the simulated venue: haircut, cap, a lost peg, a debt, an index not known."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from letrade.actors.venue.spare import spare
from letrade.core.config.venue_margin import CollateralConfig, HaircutConfig
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction
from letrade.core.messages.events import Alert
from letrade.core.messages.market import IndexPrice, Instrument
from letrade.core.messages.venue import VenueCash, VenueFill
from tests.actors.venue_margin_parts import LINEAR, OTHER, MarginDesk, empty, mark
from tests.actors.venue_parts import quote, submit
from tests.stage import BTC, of_kind

STAKED = "paper.WBETH-USDT"
SPOT = Instrument(
    instrument=STAKED, kind="spot", base="WBETH", quote="USDT", settle="USDT", tick="0.01", lot="0.0001"
)  # fmt: skip
SOL = msgspec.structs.replace(SPOT, instrument="paper.SOL-USDT", base="SOL")


def coin(**terms: Any) -> dict[str, CollateralConfig]:
    return {"WBETH": CollateralConfig(**{"index": STAKED, "haircut": Decimal("0.1"), **terms})}


def index(price: float, instrument: str = STAKED) -> IndexPrice:
    return IndexPrice(instrument=instrument, price=price)


class CollateralDesk(MarginDesk):
    """Each account has 10 coins beside its USDT, and the first index is 3,000."""

    def __init__(
        self, *, balance: str = "1000", first: float = 3_000.0, rules: str = "binance",
        more: dict[str, str] | None = None, **venue: Any,
    ) -> None:  # fmt: skip
        self.coins = {"WBETH": "10", **(more or {})}
        super().__init__(rules, balance=balance, **{"collateral": coin(), "liquidation_fee": 0, **venue})
        if first:
            self.tell(index(first))

    def beside(self) -> dict[str, Decimal]:
        return {currency: Decimal(amount) for currency, amount in self.coins.items()}

    def held_coins(self, account: str = "a") -> Decimal:
        return self.balance("WBETH", account)

    @staticmethod
    def contracts(rules: str, changed: dict[str, Any]) -> tuple[Instrument, ...]:
        return (*MarginDesk.contracts(rules, changed), SPOT, SOL)


def equity(desk: CollateralDesk) -> float:
    margins = desk.venue.exchange.margin
    assert margins is not None
    unit = margins.cross(desk.venue.exchange.accounts["a"], "USDT")
    assert unit is not None
    return float(unit.equity)


def order(desk: CollateralDesk, size: float, side: int = 1) -> str:
    desk.requests += 1
    return str(desk.answer(submit(f"x{desk.requests}", side, size, instrument=LINEAR)).reason)


def test_a_coin_counts_at_its_index_less_its_haircut() -> None:
    """1,000 + 10 × 3,000 × 0.9 = 28,000; at 2,500 1,000 + 22,500."""
    desk = CollateralDesk()
    desk.trade(1, 0.1)
    assert equity(desk) == 28_000
    desk.tell(index(2_500.0))
    assert equity(desk) == 23_500


def test_no_more_than_the_cap_counts_and_each_row_less_its_own_haircut() -> None:
    """Cap: 1,000 + 12,000 × 0.9. Rows: 10,000 × 0.95 + 10,000 × 0.9 + nothing of the last 10,000."""
    desk = CollateralDesk(collateral=coin(cap=Decimal(12_000)))
    assert equity(desk) == 11_800
    rows = [HaircutConfig(cap=Decimal(cap), haircut=Decimal(cut)) for cap, cut in (("10000", "0.05"), ("20000", "0.1"))]
    desk = CollateralDesk(collateral=coin(haircut=None, tiers=rows))
    assert equity(desk) == 1_000 + 9_500 + 9_000


def test_orders_need_initial_margin_of_the_same_equity() -> None:
    """28,000 × 20 = 560,000, which are 9.33 BTC; with 28,000 less 10 × 300 × 0.9 they are 8.43."""
    assert order(CollateralDesk(), 9.333) == ""
    assert order(CollateralDesk(), 9.334).startswith("-2019")
    desk = CollateralDesk()
    desk.tell(index(2_700.0))
    assert order(desk, 8.434).startswith("-2019")
    assert order(desk, 8.433) == ""


def test_a_lost_peg_liquidates() -> None:
    """6 BTC at 60,000 need 360,000 × 0.01 − 1,300 = 2,300: 1,000 + 9 × index are just that at 144.44."""
    desk = CollateralDesk()
    desk.trade(1, 6.0)
    assert of_kind(desk.tell(index(144.5)), VenueFill) == []
    said = desk.tell(index(144.4))
    assert [alert.code for alert in of_kind(said, Alert)][:1] == ["liquidation"]
    assert {fill.origin for fill in of_kind(said, VenueFill)} == {"liquidation"}


def fallen(first: float = 54_000.0) -> CollateralDesk:
    """Long 4 from 60,000 with 1,000 and 10 × 3,000 × 0.9; at 54,000 4,000 of it are left."""
    desk = CollateralDesk()
    desk.trade(1, 4.0)
    desk.tell(quote(54_000.0, 54_000.1, 1_000.0, LINEAR), mark(first))
    assert desk.held() is not None
    return desk


def test_coins_are_sold_for_just_what_is_owed() -> None:
    """At 2,570 130 are left, less than 0.004 × 50,000 in the lowest tier. Closed at 54,000, 23,000 are owed, which at
    2,570 × 0.9 are 9.943795936 coins."""
    desk = fallen()
    said = desk.tell(index(2_570.0))
    (fill,) = of_kind(said, VenueFill)
    assert (fill.size, fill.price) == (4.0, 54_000.0)
    assert [str(each.amount) for each in of_kind(said, VenueCash)] == ["-9.94379594 WBETH", "23000.00000000 USDT"]
    assert (desk.usdt(), desk.held_coins()) == (0.0, Decimal("0.05620406"))
    assert [alert.code for alert in of_kind(said, Alert)] == ["liquidation"]


def test_a_part_that_is_closed_is_covered_while_the_rest_stands() -> None:
    """At 2,600 400 are left of 216,000 × 0.005 − 50 = 1,030: 3.075 are closed, 0.925 (49,950) need 199.8. Of 18,450
    lost 17,450 are owed: 7.457264957 coins at 2,340."""
    desk = fallen()
    (fill,) = of_kind(desk.tell(index(2_600.0)), VenueFill)
    assert (fill.size, fill.price) == (3.075, 54_000.0)
    assert (desk.usdt(), desk.held_coins()) == (0.0, Decimal(10) - Decimal("7.45726496"))
    assert equity(desk) == pytest.approx(400)
    held = desk.held()
    assert held is not None
    assert held.quantity == 0.925


def test_coins_are_sold_in_proportion_of_what_they_are_worth_also_beyond_a_cap() -> None:
    """10 × 3,000 × 0.9, of which 90 count, and 4 × 1,000 × 0.75. Closed at 56,750, 3,000 are owed: a tenth of each."""
    other = CollateralConfig(index=SOL.instrument, haircut=Decimal("0.25"))
    terms = {**coin(cap=Decimal(100)), "SOL": other}
    desk = CollateralDesk(collateral=terms, balance="10000", more={"SOL": "4"})
    desk.tell(index(1_000.0, SOL.instrument))
    assert equity(desk) == 10_000 + 90 + 3_000
    desk.trade(1, 4.0)
    desk.tell(quote(56_750.0, 56_750.1, 1_000.0, LINEAR))
    desk.tell(mark(56_760.0))
    assert (desk.usdt(), desk.held_coins(), desk.balance("SOL")) == (0.0, Decimal(9), Decimal("3.6"))


def test_what_the_market_does_not_take_is_taken_over_where_the_coins_are_used_up() -> None:
    """The bankruptcy price is 400 / 4 below 54,000: 23,400 are owed, which are all ten coins at 2,340."""
    desk = fallen()
    desk.tell(empty())
    (fill,) = of_kind(desk.tell(index(2_600.0)), VenueFill)
    assert (fill.size, fill.price) == (4.0, 53_900.0)
    assert (desk.usdt(), desk.held_coins()) == (0.0, Decimal(0))


def test_a_debt_counts_in_full() -> None:
    """Loses 5 × 1,000 of 1,000: −4,000 + 10 × 3,000 × 0.9."""
    desk = CollateralDesk()
    desk.trade(1, 5.0)
    desk.tell(quote(59_000.0, 59_000.1, 1_000.0, LINEAR))
    desk.trade(-1, 5.0)
    assert desk.usdt() == pytest.approx(-4_000, abs=1)
    assert equity(desk) == pytest.approx(23_000, abs=1)


def test_without_an_index_nothing_opens_on_the_coin_and_nobody_is_liquidated_for_want_of_a_price() -> None:
    """1,000 × 20 = 20,000 are a third of a BTC."""
    desk = CollateralDesk(first=0.0)
    assert order(desk, 0.334).startswith("-2019")
    assert order(desk, 0.333) == ""
    assert of_kind(desk.tell(mark(50_000.0)), VenueFill) == []
    assert of_kind(desk.tell(index(3_000.0)), VenueFill) == []
    assert of_kind(desk.tell(index(1.0)), VenueFill) != []


def test_a_price_that_is_none_leaves_the_last_index() -> None:
    desk = CollateralDesk()
    desk.trade(1, 0.1)
    desk.tell(index(float("nan")))
    assert equity(desk) == 28_000


def test_an_account_in_isolated_margin_is_backed_by_its_settle_currency_alone() -> None:
    desk = CollateralDesk(login={"margin_mode": "isolated"})
    assert order(desk, 0.334).startswith("-2019")
    assert order(desk, 0.333) == ""
    assert desk.ask("margin_mode", mode="isolated").code == "-4046"


def test_an_account_that_coins_back_has_cross_margin_alone() -> None:
    answer = CollateralDesk().ask("margin_mode", mode="isolated")
    assert (answer.refused, answer.code) == (True, "-4168")


def test_it_is_the_same_after_a_restart() -> None:
    desk = fallen()
    desk.restarted()
    (fill,) = of_kind(desk.tell(index(2_570.0)), VenueFill)
    assert (fill.size, desk.usdt()) == (4.0, 0.0)


def test_what_may_leave_is_what_the_contracts_do_not_need() -> None:
    """3 × 60,000 / 20 = 9,000 of 1,000 + 27,000: 19,000 are free. Of the settle currency no more than there is, of the
    coin 19,000 / 2,700; and nothing while no index is known."""
    desk = CollateralDesk()
    desk.trade(1, 3.0)
    floor = desk.venue.exchange
    account = floor.accounts["a"]
    assert spare(floor, account, "USDT") == 1_000
    assert spare(floor, account, "WBETH") == Fraction(19_000, 2_700)
    unknown = CollateralDesk(first=0.0)
    assert spare(unknown.venue.exchange, unknown.venue.exchange.accounts["a"], "WBETH") is None


def test_beyond_the_cap_a_coin_may_leave_without_being_missed() -> None:
    """12,000 × 0.9 count; with 10,800 + 1,000 − 9,000 = 2,800 free, 12,000 − 2,800 / 0.9 must stay of 30,000."""
    desk = CollateralDesk(collateral=coin(cap=Decimal(12_000)))
    desk.trade(1, 3.0)
    floor = desk.venue.exchange
    kept = (Fraction(12_000) - Fraction(2_800) / Fraction(9, 10)) / 3_000
    assert spare(floor, floor.accounts["a"], "WBETH") == 10 - kept


def test_lower_leverage_stands_on_the_coin_too() -> None:
    """60,000 / 2 = 30,000 are more than 28,000."""
    desk = CollateralDesk()
    desk.trade(1, 1.0)
    assert not desk.ask("leverage", 3).refused
    assert desk.ask("leverage", 2).code == "-2028"


@pytest.mark.parametrize(
    ("rules", "terms", "expected"),
    [
        ("bybit", {}, "bybit sells collateral for debts before it closes contracts"),
        ("okx", {}, "multi-currency margin is not modelled"),
        ("hyperliquid", {}, "hyperliquid backs contracts with their settle currency"),
        ("binance", {"haircut": None}, "expected either haircut or tiers"),
        ("binance", {"index": OTHER}, "expected an instrument of WBETH"),
        ("binance", {"index": "paper.WBETH-USDC"}, "add an \\[\\[instrument\\]\\]"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(rules: str, terms: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigurationError, match=expected):
        CollateralDesk(rules=rules, collateral=coin(**{"index": STAKED, **terms}))


def test_a_coin_that_contracts_settle_in_is_refused() -> None:
    both = {"BTC": CollateralConfig(index=BTC.instrument, haircut=Decimal("0.05"))}
    coin_settled = {"kind": "inverse", "settle": "BTC", "quote": "USD"}
    with pytest.raises(ConfigurationError, match="contracts of the venue settle in it"):
        CollateralDesk(collateral=both, contract=coin_settled)


def test_an_account_that_borrows_on_spot_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="borrow = false"):
        CollateralDesk(login={"borrow": True})
