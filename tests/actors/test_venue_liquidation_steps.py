"""One scripted case for each step of a liquidation at each venue that the table of docs/liquidation.md tells."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from letrade.actors.venue.margin_rules import RULES
from letrade.core.messages.events import Alert
from letrade.core.messages.market import FundingRate
from letrade.core.messages.venue import VenueCash, VenueFill, VenueOrder
from tests.actors.venue_margin_parts import LINEAR, OTHER, MarginDesk, empty, mark
from tests.actors.venue_parts import quote, submit
from tests.stage import of_kind

SECOND = 1_000_000_000
TAKER = Decimal("0.0005")
PAGE = (Path(__file__).parents[2] / "docs" / "liquidation.md").read_text()
VENUES = tuple(RULES)


def ruined(venue: str, mode: str = "isolated", **more: object) -> MarginDesk:
    """Long 0.5 with nobody who buys: 1,500 of isolated margin, or the whole balance of 1,500."""
    desk = MarginDesk(venue, **{"balance": "10000" if mode == "isolated" else "1500", **more})
    if mode == "isolated":
        desk.isolated(20)
    else:
        desk.ask("leverage", 20)
    desk.trade(1, 0.5)
    desk.tell(empty())
    return desk


def test_each_venues_steps_and_sources_stand_in_the_table() -> None:
    """Its column, with the pages that the rules were read from."""
    head = next(line for line in PAGE.splitlines() if line.startswith("| | Binance"))
    assert head == "| | Binance | Bybit | OKX | Hyperliquid |"
    for rules in RULES.values():
        for source in rules.sources[:2]:
            assert source in PAGE
    steps = ("first", "then in the market", "and then", "fee", "deleveraged first", "and it pays", "least notional")
    for step in steps:
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {step} |")]
        assert len(row.split("|")) == 7
        assert all(cell.strip() for cell in row.split("|")[1:-1])


# ---- open orders first


@pytest.mark.parametrize("mode", ["isolated", "cross"])
@pytest.mark.parametrize("venue", VENUES)
def test_open_orders_are_cancelled_first(venue: str, mode: str) -> None:
    """Isolated: those of the contract; cross: those of every contract of the wallet. They are told before any fill."""
    desk = MarginDesk(venue, balance="10000" if mode == "isolated" else "1900")
    if mode == "isolated":
        desk.isolated(20)
    else:
        desk.ask("leverage", 20)
    desk.ask("leverage", 50, instrument=OTHER)
    desk.trade(1, 0.5)
    desk.tell(
        submit("bid", 1, 0.002, 50_000.0, instrument=LINEAR),
        submit("ask", -1, 0.5, 70_000.0, instrument=LINEAR, reduce_only=True),
        submit("other", 1, 0.1, 2_000.0, instrument=OTHER),
    )
    assert len(desk.account().open_orders) == 3
    desk.tell(empty())
    said = desk.tell(mark(56_000.0 if mode == "isolated" else 56_300.0))
    ended = [order.client_order_id for order in of_kind(said, VenueOrder) if order.status == "cancelled"]
    assert ended == (["bid", "ask"] if mode == "isolated" else ["bid", "ask", "other"])
    first = of_kind(said, VenueFill)
    assert not first or said.index(of_kind(said, VenueOrder)[-1]) < said.index(first[0])


def test_what_the_cancelled_orders_had_set_aside_may_save_the_account() -> None:
    """Cross: initial margin of orders is no loss; only equity against maintenance counts, before and after."""
    desk = MarginDesk("binance", balance="3200")
    desk.ask("leverage", 20)
    desk.trade(1, 0.5)
    desk.tell(submit("bid", 1, 0.4, 59_000.0, instrument=LINEAR))
    assert of_kind(desk.tell(mark(54_000.0)), VenueFill) == [], "200 left against a maintenance of 108"


# ---- partial steps


def test_bybit_steps_down_where_the_market_takes_all_of_the_difference() -> None:
    """bybit.eu liquidation-summarize: a fill-or-kill order down to a tier in which the position is safe."""
    desk = MarginDesk("bybit", balance="20000")
    desk.ask("leverage", 50)
    desk.trade(1, 10.0)
    desk.tell(quote(58_440.0, 58_440.1, 100.0, LINEAR))
    (fill,) = of_kind(desk.tell(mark(58_450.0)), VenueFill)
    assert (fill.size, fill.price, fill.origin) == (5.723, 58_440.0, "liquidation")
    assert desk.held() is not None


def test_hyperliquid_closes_another_fifth_when_the_thirty_seconds_are_over() -> None:
    """Hyperliquid docs, liquidations: 30 s of cooldown, and then again a fifth of what is worth above 100k."""
    desk = MarginDesk("hyperliquid", balance="12000")
    desk.trade(1, 4.0)
    desk.tell(quote(57_200.0, 57_200.1, 100.0, LINEAR))
    (first,) = of_kind(desk.tell(mark(57_200.0)), VenueFill)
    assert first.size == 0.8
    said = desk.tell(quote(57_150.0, 57_150.1, 100.0, LINEAR), wait=29 * SECOND)
    assert of_kind(said, VenueFill) == [], "no mark, no step"
    (second,) = of_kind(desk.tell(wait=2 * SECOND), VenueFill)
    assert (second.size, second.price) == (0.64, 57_150.0)
    held = desk.held()
    assert held is not None
    assert held.quantity == 2.56


def test_binance_waits_for_nothing_between_two_steps() -> None:
    desk = MarginDesk("binance", liquidation_fee=0, balance="20000")
    desk.ask("leverage", 50)
    desk.trade(1, 10.0)
    desk.tell(quote(58_440.0, 58_440.1, 100.0, LINEAR))
    (first,) = of_kind(desk.tell(mark(58_450.0)), VenueFill)
    desk.tell(quote(55_700.0, 55_700.1, 100.0, LINEAR))
    (second,) = of_kind(desk.tell(mark(55_650.0)), VenueFill)
    assert first.size == 5.723
    assert second.size > 0


# ---- fee and takeover


@pytest.mark.parametrize(("venue", "fee"), [("bybit", TAKER), ("okx", TAKER), ("hyperliquid", 0), ("binance", 0)])
def test_what_is_taken_over_pays_the_venues_fee_out_of_its_margin(venue: str, fee: Decimal) -> None:
    """(E q − W) / (q (1 − f)): at the bankruptcy price with its fee all of the margin is lost, and no more."""
    desk = ruined(venue, taker_fee=TAKER)
    before, held = desk.usdt(), desk.held()
    assert held is not None
    assert held.isolated_margin is not None
    (fill,) = of_kind(desk.tell(mark(56_000.0)), VenueFill)
    margin = held.isolated_margin.decimal
    exact = (Decimal(30_000) - margin) / (Decimal("0.5") * (1 - fee))
    assert fill.price == pytest.approx(float(exact), abs=0.11), "on its tick"
    assert fill.fee.decimal == pytest.approx(Decimal(repr(fill.price)) / 2 * fee, abs=Decimal("1e-8"))
    assert desk.usdt() == pytest.approx(before - float(margin), abs=1e-8)


@pytest.mark.parametrize("venue", VENUES)
def test_only_binance_takes_a_fee_beside_the_takers_of_what_the_market_took(venue: str) -> None:
    """1.25 % of 0.5 × 57,200, which OKX and Bybit (they offer a lowest tier to no market) and Hyperliquid do not."""
    desk = MarginDesk(venue)
    desk.isolated(20)
    desk.trade(1, 0.5)
    desk.tell(quote(57_990.0, 57_990.1, 100.0, LINEAR))
    said = desk.tell(mark(57_200.0))
    cash = [str(each.amount) for each in of_kind(said, VenueCash)]
    assert cash == (["-357.50000000 USDT"] if venue == "binance" else [])
    (fill,) = of_kind(said, VenueFill)
    assert fill.price == (57_990.0 if venue in ("binance", "hyperliquid") else 57_000.0)


@pytest.mark.parametrize("mode", ["isolated", "cross"])
@pytest.mark.parametrize("venue", VENUES)
def test_whoever_is_taken_over_loses_the_margin_and_nothing_else(venue: str, mode: str) -> None:
    """Hyperliquid from below two thirds of maintenance on."""
    desk = ruined(venue, mode)
    (fill,) = of_kind(desk.tell(mark(56_000.0)), VenueFill)
    assert (fill.origin, fill.price, fill.size) == ("liquidation", 57_000.0, 0.5)
    assert desk.usdt() == (8_500 if mode == "isolated" else 0)


# ---- fund and deleveraging


@pytest.mark.parametrize("venue", VENUES)
def test_the_fund_has_what_is_left_above_the_mark_and_bears_what_is_lost_below(venue: str) -> None:
    """At 57,060 a takeover at 57,000 leaves it 30; at 56,000 it costs it 500."""
    for price, change in ((57_060.0, 30), (56_000.0, -500)):
        if venue in ("binance", "hyperliquid") and change > 0:
            price, change = 57_020.0, 10  # the one offers to the market first, the other waits for 2/3
        desk = ruined(venue, insurance_fund={"USDT": 10_000})
        assert of_kind(desk.tell(mark(price)), VenueFill)
        assert desk.venue.liquidation is not None
        assert desk.venue.liquidation._takeover.fund == {"USDT": 10_000 + change}


@pytest.mark.parametrize("venue", VENUES)
def test_an_empty_fund_deleverages_the_opposite_side_by_the_venues_rank(venue: str) -> None:
    """b: 0.3 short with 50 ×, c: 1 short with 20 ×, both at the same entry. By leverage b is first; by Binance's
    profit / balance × maintenance / equity the larger c is."""
    desk = ruined(venue, insurance_fund={"USDT": 0}, accounts=("a", "b", "c"))
    desk.tell(quote(60_000.0, 60_000.1, 100.0, LINEAR))
    for account, leverage, size in (("b", 50, 0.3), ("c", 20, 1.0)):
        if venue != "binance":
            desk.isolated(leverage, account)
        desk.trade(-1, size, account)
    desk.tell(submit("rests", -1, 0.001, 90_000.0, account="c", instrument=LINEAR), empty())
    said = desk.tell(mark(56_000.0))
    fills = [(fill.account, fill.origin, fill.price, fill.size) for fill in of_kind(said, VenueFill)]
    own = ("a", "liquidation", 57_000.0, 0.5)
    if venue == "binance":
        assert fills == [own, ("c", "adl", 57_000.0, 0.5)]
    else:
        assert fills == [own, ("b", "adl", 57_000.0, 0.3), ("c", "adl", 57_000.0, 0.2)]
    assert [order.client_order_id for order in of_kind(said, VenueOrder)] == ["rests"], "its orders went first"
    assert [alert.code for alert in of_kind(said, Alert)] == ["liquidation", "auto_deleveraging"]


# ---- funding


@pytest.mark.parametrize("venue", VENUES)
def test_funding_comes_out_of_isolated_margin_and_may_liquidate(venue: str) -> None:
    desk = MarginDesk(venue, funding=True)
    desk.isolated(20)
    desk.trade(1, 1.0)
    desk.tell(FundingRate(instrument=LINEAR, rate=0.03, funding_time=desk.time + 20_000_000))
    said = desk.tell(mark(60_000.0), wait=2 * SECOND)
    assert [(cash.origin, str(cash.amount)) for cash in of_kind(said, VenueCash)][:1] == [
        ("funding", "-1800.00000000 USDT")
    ]
    held = desk.held()
    assert held is not None
    assert str(held.isolated_margin) == "1200.00000000 USDT"
    desk.tell(empty())
    said = desk.tell(FundingRate(instrument=LINEAR, rate=0.0198, funding_time=desk.time + 1))
    said += desk.tell(mark(60_000.0), wait=2 * SECOND)
    assert [fill.origin for fill in of_kind(said, VenueFill)] == ["liquidation"], "12 left against 240 and more"
    assert desk.usdt() == pytest.approx(7_000, abs=0.2)


# ---- least notional


@pytest.mark.parametrize(("venue", "partial", "whole"), [(v, v != "hyperliquid", True) for v in VENUES])
def test_who_may_close_less_than_the_least_notional(venue: str, partial: bool, whole: bool) -> None:
    """Binance -4164 and Bybit 110094 except reduce-only orders; OKX knows a least number of contracts alone;
    Hyperliquid's MinTradeNtl but for what closes the whole position."""
    desk = MarginDesk(venue, contract={"notional_min": "1000"})
    desk.trade(1, 0.018)
    assert desk.answer(submit("small", 1, 0.001, instrument=LINEAR)).refused
    part = desk.answer(submit("part", -1, 0.001, instrument=LINEAR, reduce_only=True))
    assert part.refused is not partial
    rest = desk.answer(submit("rest", -1, 0.018, instrument=LINEAR, reduce_only=True))
    assert rest.refused is not whole
    assert desk.held() is None
