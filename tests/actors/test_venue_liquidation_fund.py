"""Who bears what a liquidated account cannot: the insurance fund, then opposite positions by rank."""

from __future__ import annotations

from decimal import Decimal

import pytest

from letrade.core.fraction import Fraction
from letrade.core.messages.events import Alert
from letrade.core.messages.venue import VenueFill, VenueOrder
from letrade.core.quantities import exact
from tests.actors.venue_margin_parts import LINEAR, MarginDesk, empty, mark
from tests.actors.venue_parts import quote, submit
from tests.stage import of_kind


def test_a_mark_beyond_the_bankruptcy_price_costs_the_fund_and_not_the_trader() -> None:
    desk = MarginDesk(insurance_fund={"USDT": 5_000})
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.tell(empty())
    desk.tell(mark(55_000.0))
    assert desk.usdt() == 7_000
    assert desk.venue.liquidation is not None
    assert desk.venue.liquidation._takeover.fund == {"USDT": 3_000}


def test_when_the_fund_is_empty_the_opposite_side_is_deleveraged_by_rank() -> None:
    """FAQ 360033525471: ranked by profit and margin ratio, at the bankruptcy price, without a fee, orders cancelled."""
    desk = MarginDesk(insurance_fund={"USDT": 0}, accounts=("a", "b", "c"))
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.trade(-1, 0.2, "b")
    desk.trade(-1, 1.5, "c")
    desk.tell(submit("rests", -1, 0.1, 90_000.0, account="c", instrument=LINEAR))
    desk.tell(empty())
    said = desk.tell(mark(55_000.0))
    fills = [(fill.account, fill.origin, fill.side, fill.price, fill.size) for fill in of_kind(said, VenueFill)]
    assert fills == [("a", "liquidation", -1, 57_000.0, 1.0), ("c", "adl", 1, 57_000.0, 1.0)]
    assert [order.client_order_id for order in of_kind(said, VenueOrder)] == ["rests"]
    assert [alert.code for alert in of_kind(said, Alert)] == ["liquidation", "auto_deleveraging"]
    assert desk.usdt("c") == 10_000 + 2_999.9
    held = desk.held("c")
    assert held is not None
    assert held.quantity == -0.5


def test_the_fund_takes_what_it_can_pay_for_and_the_rest_is_deleveraged() -> None:
    desk = MarginDesk(insurance_fund={"USDT": 500})
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.trade(-1, 1.0, "b")
    desk.tell(empty())
    fills = of_kind(desk.tell(mark(55_000.0)), VenueFill)
    assert [(fill.account, fill.size) for fill in fills] == [("a", 1.0), ("b", 0.75)], "500 of the 2,000 that are lost"


def test_bybit_deleverages_by_profit_and_leverage_and_takes_the_makers_fee() -> None:
    """help.bybit.com 900000031623: the highest profit and effective leverage first; a maker's fee is charged."""
    desk = MarginDesk("bybit", insurance_fund={"USDT": 0}, accounts=("a", "b", "c"), maker_fee=Decimal("0.0002"))
    desk.isolated(20)
    desk.isolated(50, "b")
    desk.trade(1, 0.5)
    desk.trade(-1, 0.2, "b")
    desk.trade(-1, 1.0, "c")
    desk.tell(empty())
    said = desk.tell(mark(55_000.0))
    fills = [(fill.account, fill.origin, fill.price, fill.size, str(fill.fee)) for fill in of_kind(said, VenueFill)]
    assert fills == [
        ("a", "liquidation", 57_000.0, 0.5, "0.00000000 USDT"),
        ("b", "adl", 57_000.0, 0.2, "2.28000000 USDT"),
        ("c", "adl", 57_000.0, 0.3, "3.42000000 USDT"),
    ]


def test_where_no_account_of_the_desk_is_opposite_somebody_else_is_deleveraged() -> None:
    desk = MarginDesk(insurance_fund={"USDT": 0})
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.trade(1, 0.1, "b")
    desk.tell(empty())
    said = desk.tell(mark(55_000.0))
    assert [(fill.account, fill.origin) for fill in of_kind(said, VenueFill)] == [("a", "liquidation")]
    assert of_kind(said, Alert)[1].text.endswith("for 1.0 of it; 1.0 went to accounts that are not of this desk")
    assert desk.usdt() == 7_000


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx", "hyperliquid"])
@pytest.mark.parametrize("price", [57_100.0, 56_999.93, 55_000.0])
def test_what_the_account_loses_the_fund_the_fee_and_the_other_side_gain(venue: str, price: float) -> None:
    """The fund's position is worth its gain at the mark; the fee that the bankruptcy price allows for is not the
    fund's, nor is what the tick leaves counted twice."""
    desk = MarginDesk(venue, insurance_fund={"USDT": 50_000}, taker_fee=Decimal("0.0006"))
    desk.isolated(20)
    desk.trade(1, 1.0)
    before = desk.balance("USDT")
    desk.tell(empty())
    (fill,) = of_kind(desk.tell(mark(price)), VenueFill)
    assert fill.fee is not None
    assert desk.venue.liquidation is not None
    fund = desk.venue.liquidation._takeover.fund["USDT"] - 50_000
    lost = Fraction(desk.balance("USDT") - before) + Fraction(fill.fee.decimal)
    assert lost + fund + Fraction(60_000) - exact(price) == 0


def test_as_many_accounts_as_there_are_are_liquidated_by_one_mark() -> None:
    names = tuple(f"a{number}" for number in range(205))
    desk = MarginDesk(accounts=names)
    for name in names:
        desk.trade(1, 1.0, name)
    desk.tell(empty())
    assert len(of_kind(desk.tell(mark(49_000.0)), VenueFill)) == len(names)


def test_nobody_is_deleveraged_into_a_debt() -> None:
    """Bought far above the mark, 1 is bankrupt at 62,370 at once: short at 59,000 with 2,360 behind 0.8 of it, one
    would lose 2,696 by that price. Who has more behind it is next."""
    desk = MarginDesk(insurance_fund={"USDT": 0}, accounts=("a", "b", "c"))
    desk.isolated(100)
    desk.isolated(20, "b")
    desk.tell(quote(59_000.0, 59_000.1, 100.0, LINEAR))
    desk.trade(-1, 0.8, "b")
    desk.trade(-1, 0.4, "c")
    desk.tell(quote(1.0, 63_000.0, 100.0, LINEAR))
    fills = of_kind(desk.tell(submit("far", 1, 1.0, account="a", instrument=LINEAR)), VenueFill)
    assert [(fill.account, fill.origin, fill.price, fill.size) for fill in fills] == [
        ("a", "desk", 63_000.0, 1.0),
        ("a", "liquidation", 62_370.0, 1.0),
        ("c", "adl", 62_370.0, 0.4),
    ]
    assert desk.usdt("b") == 10_000
