"""Dated futures at their expiry: orders cancelled, positions settled at the average of the index, shares closed."""

from __future__ import annotations

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from letrade.actors.venue.faults import Faults
from letrade.assembly import assemble
from letrade.core.config.desk import FaultsConfig
from letrade.core.engine.blueprint import instrument_message
from letrade.core.fraction import Fraction
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert, Failure, Halt
from letrade.core.messages.market import IndexPrice, Instrument
from letrade.core.messages.orders import Fill
from letrade.core.messages.venue import VenueFill, VenueOrder
from tests.actors.desk_parts import TradingDesk, settings
from tests.actors.venue_margin_parts import COIN, DATED, CoinDesk, inverse, mark
from tests.actors.venue_parts import submit
from tests.stage import BTC, of_kind

SECOND = 1_000_000_000
EXPIRES = 4_000 * SECOND


class DatedDesk(CoinDesk):
    """Its dated future expires after 4,000 seconds."""

    @staticmethod
    def contracts(rules: str, changed: dict[str, Any]) -> tuple[Instrument, ...]:
        return inverse(rules, **changed), inverse(rules, DATED, expires=EXPIRES)

    def until(self, second: int) -> list[Message]:
        return self.tell(wait=second * SECOND - self.time)

    def index(self, price: float) -> list[Message]:
        return self.tell(IndexPrice(instrument=DATED, price=price))


def test_a_position_is_settled_at_the_average_of_the_index_over_the_last_half_hour() -> None:
    """60,000 in 900 of the 1,800 seconds and 61,000 in the others; 600 contracts from 60,000: 1 − 60,000 / 60,500 BTC,
    less 0.05 % of 60,000 / 60,500 BTC."""
    desk = DatedDesk(taker_fee=Decimal("0.0005"))
    desk.isolated(20, instrument=DATED)
    desk.trade(1, 600.0, instrument=DATED)
    before = desk.coins()
    desk.index(90_000.0)
    desk.until(1_000)
    desk.index(60_000.0)
    desk.until(3_100)
    desk.index(61_000.0)
    desk.tell(mark(59_000.0, DATED))
    said = desk.until(4_001)
    (fill,) = of_kind(said, VenueFill)
    assert (fill.origin, fill.side, fill.price, fill.size) == ("settlement", -1, 60_500.0, 600.0)
    fee = round(Fraction(60_000, 60_500) * Fraction(5, 10_000) * 10**8)
    gain = round((1 - Fraction(60_000, 60_500)) * 10**8)
    assert str(fill.fee) == f"{Decimal(fee).scaleb(-8)} BTC"
    assert desk.coins() == before + Decimal(gain - fee).scaleb(-8)
    assert desk.held(instrument=DATED) is None


def test_orders_are_cancelled_and_no_new_one_is_taken() -> None:
    desk = DatedDesk()
    desk.tell(submit("rests", 1, 10.0, 50_000.0, instrument=DATED), submit("other", 1, 10.0, 50_000.0, instrument=COIN))
    said = desk.until(4_001)
    assert [(each.client_order_id, each.status, each.reason) for each in of_kind(said, VenueOrder)] == [
        ("rests", "cancelled", "the contract has expired")
    ]
    answer = desk.answer(submit("late", 1, 10.0, 60_000.0, instrument=DATED))
    assert (answer.refused, answer.reason) == (True, "the contract has expired")
    assert [order.client_order_id for order in desk.account().open_orders] == ["other"], "the perpetual goes on"


def test_marks_stand_in_where_no_index_is_told_and_without_either_that_is_said() -> None:
    desk = DatedDesk()
    desk.trade(1, 600.0, instrument=DATED)
    desk.until(3_000)
    desk.tell(mark(62_000.0, DATED))
    (fill,) = of_kind(desk.until(4_001), VenueFill)
    assert fill.price == pytest.approx((60_000 * 800 + 62_000 * 1_000) / 1_800, rel=1e-11)
    bare = DatedDesk()
    bare.venue.delivery._averages.clear()
    bare.trade(-1, 600.0, instrument=DATED)
    said = bare.until(4_001)
    assert [alert.code for alert in of_kind(said, Alert)] == ["settlement_price"]
    assert [fill.price for fill in of_kind(said, VenueFill)] == [60_000.0]


def test_a_restart_within_the_window_changes_nothing() -> None:
    prices = []
    for restarts in (False, True):
        desk = DatedDesk()
        desk.trade(1, 600.0, instrument=DATED)
        desk.index(60_000.0)
        desk.until(3_000)
        desk.index(60_500.0)
        if restarts:
            desk.restarted()
        desk.until(3_500)
        desk.index(61_700.0)
        (fill,) = of_kind(desk.until(4_001), VenueFill)
        prices.append(fill.price)
        assert of_kind(desk.until(9_000), VenueFill) == [], "once"
    assert prices[0] == prices[1]


def test_both_legs_are_settled_in_hedge_mode() -> None:
    desk = DatedDesk(login={"position_mode": "hedge"})
    for leg, side, size in (("long", 1, 600.0), ("short", -1, 200.0)):
        desk.tell(msgspec.structs.replace(submit(leg, side, size, instrument=DATED), leg=leg))
    said = desk.until(4_001)
    fills = [(fill.leg, fill.side, fill.size) for fill in of_kind(said, VenueFill)]
    assert fills == [("long", -1, 600.0), ("short", 1, 200.0)]
    assert desk.account().positions == ()


@pytest.mark.parametrize("seed", range(5))
def test_every_strategys_share_is_closed_and_the_ledger_has_the_venues_coins(seed: int) -> None:
    """Also where shares of both sides cover each other, and only their net is at the venue."""
    rng = random.Random(seed)
    dated = msgspec.structs.replace(inverse("binance", DATED), brackets=(), expires=EXPIRES)
    config = settings(balances={"BTC": Decimal(5)}, max_leverage=Decimal(5), taker_fee=Decimal("0.0005"))
    desk = TradingDesk(config, instruments=(BTC, dated))
    desk.trade(60_000.0)
    desk.trade(60_000.0, instrument=DATED, size=1_000_000.0)
    for strategy, way in (("alpha", 1), ("beta", -1)):
        desk.target(float(way * rng.randint(100, 900)), strategy=strategy, instrument=DATED)
    desk.target(float(rng.randint(-300, 900)), strategy="alpha", instrument=DATED)
    said = desk.tell(
        IndexPrice(instrument=DATED, price=61_234.5, source="feed", epoch=1), wait=EXPIRES + SECOND - desk.time
    )
    assert {fill.origin for fill in of_kind(said, Fill)} == {"settlement"}
    assert [desk.held(name, DATED) for name in ("alpha", "beta")] == [0.0, 0.0]
    venue: Any = desk.venue
    book = desk.actor("ledger").books["main"]
    assert book.wallets["BTC"] == venue.exchange.accounts["main"].wallet.total("BTC").value
    assert book.positions[DATED].quantity == 0
    desk.tell(wait=60 * SECOND)
    assert of_kind(desk.said, Halt) == []


@pytest.mark.parametrize(
    ("sizes", "parts"),
    [((500.0, -500.0), [("alpha", -1, 500.0), ("beta", 1, 500.0)]), ((500.0, 0.0), [("-", 1, 0.0)])],
)
def test_shares_that_cover_each_other_are_closed_where_the_venue_holds_nothing(
    sizes: tuple[float, float], parts: list[tuple[str, int, float]]
) -> None:
    """The venue says at what price, by a fill of nothing; and the account goes on."""
    dated = msgspec.structs.replace(inverse("binance", DATED), brackets=(), expires=EXPIRES)
    desk = TradingDesk(settings(balances={"BTC": Decimal(5)}, max_leverage=Decimal(5)), instruments=(BTC, dated))
    desk.trade(60_000.0)
    desk.trade(60_000.0, instrument=DATED, size=1_000_000.0)
    for strategy, size in zip(("alpha", "beta"), sizes, strict=True):
        desk.target(500.0, strategy=strategy, instrument=DATED)
        desk.target(size, strategy=strategy, instrument=DATED)
    if not sizes[1]:
        desk.target(0.0, instrument=DATED)
    said = desk.tell(
        IndexPrice(instrument=DATED, price=75_000.0, source="feed", epoch=1), wait=EXPIRES + SECOND - desk.time
    )
    fills = of_kind(said, Fill)
    assert [(each.strategy, each.side, each.size) for each in sorted(fills, key=lambda each: each.strategy)] == parts
    assert {(each.price, each.origin, each.fee.integer) for each in fills} == {(75_000.0, "settlement", 0)}
    assert [desk.held(name, DATED) for name in ("alpha", "beta")] == [0.0, 0.0]
    assert desk.actor("capital").purse.holdings.shares == {}
    book = desk.actor("ledger").books["main"]
    venue: Any = desk.venue
    assert book.wallets["BTC"] == venue.exchange.accounts["main"].wallet.total("BTC").value
    desk.tell(wait=60 * SECOND)
    assert of_kind(desk.said, Halt) == []
    assert of_kind(desk.said, Failure) == []
    assert desk.actor("ledger").fill_numbers["main"] == len(venue.exchange.accounts["main"].fills)


def test_a_settlement_whose_news_is_lost_is_asked_for() -> None:
    """Neither an order nor a later fill tells of it: the expiry itself makes execution compare the account."""
    dated = msgspec.structs.replace(inverse("binance", DATED), brackets=(), expires=EXPIRES)
    desk = TradingDesk(settings(balances={"BTC": Decimal(5)}, max_leverage=Decimal(5)), instruments=(BTC, dated))
    desk.trade(60_000.0)
    desk.trade(60_000.0, instrument=DATED, size=1_000_000.0)
    desk.target(500.0, instrument=DATED)
    venue: Any = desk.venue
    whole, venue.faults = venue.faults, Faults(FaultsConfig(lose=1.0))
    desk.tell(wait=EXPIRES + SECOND - desk.time)
    assert desk.held(instrument=DATED) == 500.0
    desk.tell(wait=60 * SECOND)
    venue.faults = whole
    assert of_kind(desk.tell(wait=120 * SECOND), Fill)[0].origin == "settlement"
    assert desk.held(instrument=DATED) == 0.0
    assert desk.tell(wait=3_000 * SECOND) == [], "all is known: nothing more is asked"


@pytest.mark.parametrize(
    ("shares", "prices"), [((365, 664), (57343.3, 64956.4)), ((687, 373), (57849.6, 55634.6)), ((375, 584), (6e4, 6e4))]
)
def test_what_parts_of_a_settlement_realise_is_rounded_together_as_the_venue_rounds_it(
    shares: tuple[int, int], prices: tuple[float, float]
) -> None:
    dated = msgspec.structs.replace(inverse("binance", DATED), brackets=(), expires=EXPIRES)
    desk = TradingDesk(settings(balances={"BTC": Decimal(5)}, max_leverage=Decimal(5)), instruments=(BTC, dated))
    desk.trade(60_000.0)
    for strategy, size, price in zip(("alpha", "beta"), shares, prices, strict=True):
        desk.trade(price, instrument=DATED, size=1_000_000.0)
        desk.target(float(size), strategy=strategy, instrument=DATED)
    desk.tell(IndexPrice(instrument=DATED, price=61_234.5, source="feed", epoch=1), wait=EXPIRES + SECOND - desk.time)
    venue: Any = desk.venue
    for name in ("ledger", "risk"):
        assert desk.actor(name).books["main"].wallets["BTC"] == (
            venue.exchange.accounts["main"].wallet.total("BTC").value
        )


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf"), 1e300])
def test_no_settlement_price_is_made_of_what_is_no_price(value: float) -> None:
    desk = DatedDesk()
    desk.trade(1, 600.0, instrument=DATED)
    desk.tell(mark(60_000.0, DATED))
    desk.index(value)
    desk.until(3_000)
    desk.tell(mark(61_800.0, DATED))
    desk.index(value)
    (fill,) = of_kind(desk.until(4_001), VenueFill)
    assert fill.price == 61_000.0, "the mark, as no index was told that is one"


def test_the_id_of_a_dated_future_says_its_expiry(tmp_path: Path) -> None:
    """At 08:00 UTC of its day, unless the desk file says another time."""
    text = (Path(__file__).parents[2] / "desks" / "futures.toml").read_text()
    dated = '\n[[instrument]]\nname = "paper.BTC-USD_BTC-271231"\ntick = "0.1"\nlot = "1"\nmultiplier = "100"\n'
    file = tmp_path / "desk.toml"
    file.write_text(f"{text}{dated}")
    told = {each.name: instrument_message(each) for each in assemble([file], {}).instruments}
    found = told["paper.BTC-USD_BTC-271231"]
    assert (found.kind, found.settle, found.expires) == ("inverse", "BTC", 1_830_240_000 * SECOND)
    assert told["paper.BTC-USDT_USDT"].expires == 0
    file.write_text(f'{text}{dated}expires = "2027-12-31T16:00:00Z"\n')
    told = {each.name: instrument_message(each) for each in assemble([file], {}).instruments}
    assert told["paper.BTC-USD_BTC-271231"].expires == (1_830_240_000 + 8 * 3_600) * SECOND
