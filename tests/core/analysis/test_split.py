"""Profit by where it came from: exact parts whose sum is what equity changed by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgspec import structs

from letrade.core.analysis.builder import RecordBuilder
from letrade.core.analysis.ends import ShortDays, ends_of
from letrade.core.analysis.record import InstrumentNote, RunRecord, RunSettings
from letrade.core.analysis.split import ProfitSplit, SplitLine, Unvalued, split_of
from letrade.core.fraction import Fraction
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import LiquidationNear
from letrade.core.messages.orders import OrderUpdate
from letrade.core.valuation import PriceBoard
from letrade.report.splits import is_telling, page_section, table_lines

PERP = InstrumentNote(name="a.BTC-USDT_USDT", kind="linear", base="BTC", quote="USDT", settle="USDT")
SPOT = InstrumentNote(name="b.BTC-USDC", kind="spot", base="BTC", quote="USDC", settle="USDC")
COIN = InstrumentNote(name="c.BTC-USD_BTC", kind="inverse", base="BTC", quote="USD", settle="BTC", multiplier=100.0)
DAY = 86_400_000_000_000
SETTINGS = RunSettings(
    equity_start="1000", equity_end="1100.5",
    prices_end={PERP.name: 110.0, SPOT.name: 120.0, COIN.name: 125.0},
    rates_end={"USDT": "1/1", "USDC": "1/2", "BTC": "100/1"},
    venues={"main": "a", "other": "b"},
    short_days={"main": ("2025-07-14",)},
)  # fmt: skip


def record() -> RunRecord:
    """Short 1 perpetual at 100, long 2 spot at 100 with a fee in the coin, 5 inverse contracts at 100 sold again at
    125; funding, interest, a transfer and its fee."""
    builder = RecordBuilder([PERP, SPOT, COIN], ["carry", "coin"], ["main", "other"])
    places = {name: builder.currencies.place(name) for name in ("USDT", "USDC", "BTC")}
    trades: tuple[tuple[int, int, int, int, float, float, int, str], ...] = (
        (0, 0, 0, -1, 100.0, 1.0, 5_000_000, "USDT"), (0, 1, 1, 1, 100.0, 2.0, 1_000_000, "BTC"),
        (1, 1, 2, 1, 100.0, 5.0, 0, "BTC"), (1, 1, 2, -1, 125.0, 5.0, 0, "BTC"),
    )  # fmt: skip
    for count, (strategy, account, instrument, side, price, size, fee, currency) in enumerate(trades, 1):
        builder.row(
            "fills", order=count, time=count, strategy=strategy, account=account, instrument=instrument, side=side,
            price=price, size=size, fee=0.0, fee_units=fee, fee_currency=places[currency],
        )  # fmt: skip
    for origin, account, instrument, currency, units in (
        ("funding", 0, 0, "USDT", 300_000_000), ("interest", 0, -1, "USDT", -25_000_000),
        ("transfer", 0, -1, "USDT", -5_000_000_000), ("fee", 0, -1, "USDT", -100_000_000),
        ("transfer", 1, -1, "USDT", 4_900_000_000), ("airdrop", 1, -1, "USDC", 200_000_000),
    ):  # fmt: skip
        builder.row("cash", time=9, account=account, instrument=instrument, currency=places[currency],
                    amount=units / 1e8, amount_units=units, origin=builder.origins.place(origin),
                    strategy=0 if origin == "funding" else -1)  # fmt: skip
    return builder.record(SETTINGS)


def test_each_part_is_told_exactly_by_strategy_and_by_venue() -> None:
    split = split_of(record())
    assert split is not None
    carry, coin, nobody = split.strategies
    assert carry == SplitLine(
        name="carry", price="10", funding="3", fees="-1.05", borrow="-0.25", transfers="-1", profit="10.7"
    )
    assert coin == SplitLine(name="coin", price="100", profit="100")  # 500 / 100 - 500 / 125 = 1 coin
    assert nobody == SplitLine(name="(unassigned)", cash="1", profit="1")
    by_venue = {line.name: line for line in split.venues}
    assert (by_venue["a"].price, by_venue["a"].profit) == ("-10", "-8.3")
    assert (by_venue["b"].price, by_venue["b"].fees, by_venue["b"].profit) == ("20", "-1", "20")
    assert by_venue["c"].profit == "100"


def test_the_parts_and_the_rest_are_all_of_the_change_of_equity() -> None:
    split = split_of(record())
    assert split is not None
    assert (split.total.profit, split.other) == ("111.7", "-11.2")
    assert is_telling(split)
    page = page_section(split, "USDT")
    assert "2025-07-14" in page
    assert "-11.20 USDT" in page


def ended(**ends: Any) -> ProfitSplit:
    split = split_of(replace(record(), settings=structs.replace(SETTINGS, **ends)))
    assert split is not None
    return split


def test_amounts_without_a_rate_are_told_apart_and_are_in_no_line() -> None:
    """A coin earned on inverse contracts and a fee of 0.01 coins are not worth nothing: nobody knows what they are."""
    split = ended(rates_end={"USDT": "1/1", "USDC": "1/2"}, equity_end=None)
    assert split.unvalued == (
        Unvalued(strategy="carry", venue="b", part="fees", amount="-0.01", unit="BTC"),
        Unvalued(strategy="coin", venue="c", part="price", amount="1", unit="BTC"),
    )
    assert (split.total.price, split.total.fees, split.total.profit, split.other) == ("10", "-0.05", "12.7", None)
    assert "1 BTC" in page_section(split, "USDT")
    assert table_lines(split, "USDT")[-2][2][1] == ("1 BTC", "price", "coin", "c")
    assert not split_of(record()).unvalued  # type: ignore[union-attr]


def test_a_position_without_a_price_is_no_loss_of_what_it_cost() -> None:
    split = ended(prices_end={PERP.name: 110.0, COIN.name: 125.0})
    assert [(each.part, each.amount, each.unit) for each in split.unvalued] == [
        ("price", "-200", "USDC for b.BTC-USDC"), ("price", "2", "b.BTC-USDC"),
    ]  # fmt: skip
    assert split.total.price == "90"


def test_what_was_earned_and_paid_in_a_currency_without_a_rate_leaves_nothing_to_value() -> None:
    assert not ended(prices_end={PERP.name: 110.0, SPOT.name: 120.0}).unvalued


def test_rates_that_the_desk_file_states_count_for_currencies_that_no_market_trades() -> None:
    catalogue = Catalogue()
    catalogue.state_rate("BNB", "USDT", Fraction(600))
    assert ends_of(PriceBoard(), catalogue, "USDT")["rates_end"] == {"USDT": "1/1", "BNB": "600/1"}


def test_a_record_without_the_prices_of_its_end_has_no_split() -> None:
    assert split_of(RunRecord.empty()) is None


def test_days_short_of_margin_are_those_that_a_strategy_a_monitor_or_a_venue_told_of() -> None:
    about: dict[str, Any] = {"strategy": "s", "instrument": "a.BTC-USDT_USDT"}
    update: dict[str, Any] = {
        **about, "account": "c", "order_id": "1", "client_order_id": "", "venue_order_id": "", "side": 1,
        "size": 1.0, "filled": 0.0, "price": None, "reduce_only": False,
    }  # fmt: skip
    told: list[Message] = [
        Alert(time=1, level="warning", code="margin_short", text="", account="a"),
        Alert(time=1, level="warning", code="other", text="", account="z"),
        LiquidationNear(time=DAY, **about, account="b", level="act", distance=0.01, mark=1.0),
        LiquidationNear(time=DAY, **about, account="z", level="watch", distance=0.1, mark=1.0),
        OrderUpdate(time=2 * DAY, **update, state="rejected", reason="-2019 MARGIN_NOT_SUFFICIENT"),
        OrderUpdate(time=3 * DAY, **update, state="rejected", reason="-1111 BAD_PRECISION"),
        Alert(time=DAY + 1, level="warning", code="margin_short", text="", account="a"),
    ]
    days = ShortDays()
    for message in told:
        days.hear(message)
    assert days.told() == {"a": ("1970-01-01", "1970-01-02"), "b": ("1970-01-02",), "c": ("1970-01-03",)}
