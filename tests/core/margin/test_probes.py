"""What other bots get wrong, with the numbers that they and we give."""

from __future__ import annotations

import json
from typing import Any

import pytest

from letrade.core.margin.account import InstrumentState, PositionState
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.margin.venues import binance, bybit
from tests.core.margin.accounts import LONG, SHORT, exact, first, instrument, position, price, rate, table, wallet
from tests.core.margin.recorded import golden
from tests.data import shared_data


def binance_tiers(symbol: str, date: str = "2026-09") -> TierTable:
    rows = json.loads(shared_data(f"tiers/binance_leverage_tiers_{date}.json").read_text())[symbol]
    tiers = (
        Tier(
            exact(row["minNotional"]),
            exact(row["maxNotional"]),
            exact(row["maintenanceMarginRate"]),
            exact(row["info"]["cum"]),
            exact(row["maxLeverage"]),
        )
        for row in rows
    )
    return TierTable(symbol, tuple(tiers), dated=date)


@pytest.mark.parametrize(
    ("symbol", "size", "entry", "leverage", "by_notional", "by_collateral"),
    [
        ("BTC/USDT:USDT", 20, 60_000, 50, 59_109.21, 59_036.14),
        ("WIF/USDT:USDT", 200_000, 1, 10, 0.92591, 0.91798),
    ],
)
def test_the_tier_is_that_of_the_notional_not_of_the_collateral(
    symbol: str, size: int, entry: int, leverage: int, by_notional: float, by_collateral: float
) -> None:
    tiers = binance_tiers(symbol)
    held = position(LONG, size, entry, symbol, leverage=leverage)
    found = first(binance.USDM_ISOLATED, [instrument(tiers, entry, symbol)], [held])
    assert price(found) == pytest.approx(by_notional, rel=1e-5)
    row = tiers.ready("cumulative", "lower").held(exact(size * entry) / leverage)
    assert row.amount is not None
    wrong = (size * entry * (1 - 1 / leverage) - float(row.amount)) / (size * (1 - float(row.rate)))
    assert wrong == pytest.approx(by_collateral, rel=1e-5)


def hedged(btc_mark: int) -> tuple[list[InstrumentState], list[PositionState]]:
    marks = [instrument(rate("0.004"), 3000, "ETH"), instrument(rate("0.004"), btc_mark)]
    return marks, [position(LONG, 10, 3000, "ETH"), position(SHORT, 1, 60_000)]


def test_a_losing_short_beside_a_long_counts_with_its_sign() -> None:
    """The short loses 6,000 of the wallet of 12,000; as a gain it would put the long's price at 1,231.33."""
    marks, legs = hedged(66_000)
    found = first(binance.USDM_CROSS, marks, legs, [wallet(12_000)])
    assert found.liquidation_price == exact(30_000 - (12_000 - 6000 - 264)) / (10 * exact("0.996"))
    assert price(found) == pytest.approx(2436.14, abs=0.005)


def test_other_positions_of_a_cross_wallet_count_at_their_marks_not_their_entries() -> None:
    prices = [price(first(binance.USDM_CROSS, *hedged(mark), [wallet(12_000)])) for mark in (60_000, 66_000)]
    assert prices[1] - prices[0] == pytest.approx((6000 + 6000 * 0.004) / 9.96)


def test_every_recorded_table_is_whole_and_of_one_date() -> None:
    for date in ("2024-10", "2026-09"):
        for symbol in ("BTC/USDT:USDT", "ETH/USDT:USDT", "WIF/USDT:USDT"):
            ready = binance_tiers(symbol, date).ready("cumulative", "lower")
            for below, above in zip(ready.tiers, ready.tiers[1:], strict=False):
                edge = above.floor
                assert below.amount is not None
                assert above.amount is not None
                assert edge * below.rate - below.amount == edge * above.rate - above.amount


def test_amounts_are_computed_from_the_floors_and_rates_where_the_table_has_none() -> None:
    """Binance's BNB of 2022: at 5 M the next tier's amount of 233,035, and the same maintenance by either tier."""
    ready = table(
        (0, 10_000, "0.0065"),
        (10_000, 50_000, "0.01"),
        (50_000, 250_000, "0.02"),
        (250_000, 1_000_000, "0.05"),
        (1_000_000, 2_000_000, "0.1"),
        (2_000_000, 5_000_000, "0.125"),
        (5_000_000, 10_000_000, "0.15"),
    ).ready("cumulative", "upper")
    above = ready.held(exact(5_000_000))
    assert above.rate == exact("0.15")
    assert above.amount == 233_035
    below = (
        table((0, 5_000_000, "0.125"), (5_000_000, None, "0.15")).ready("cumulative", "lower").held(exact(5_000_000))
    )
    assert below.rate == exact("0.125")


def test_okx_caps_are_inclusive_and_its_amounts_are_none() -> None:
    ready = table((0, 2000, "0.01"), (2000, 4000, "0.015"), (4000, 8000, "0.02")).ready("flat", "lower")
    assert [ready.held(exact(size)).rate for size in (2000, 2001, 4000, 4001)] == [
        exact(each) for each in ("0.01", "0.015", "0.015", "0.02")
    ]
    assert all(row.amount == 0 for row in ready.tiers)


INITIAL_MARGINS = (golden("funding_and_margin_cases.json") or {}).get("initial_margin", [])


@pytest.mark.parametrize("case", INITIAL_MARGINS, ids=lambda case: f"{case['symbol']}-{case['leverage']}x")
def test_bybit_initial_margin_is_what_the_venue_showed(case: dict[str, Any]) -> None:
    """The number shown was read by hand at about that price: within 2.5 %."""
    inverse = case["symbol"] == "BTCUSD"
    market = instrument(
        rate("0.005"),
        case["price"],
        contract="inverse" if inverse else "linear",
        settle="BTC" if inverse else "USDT",
        fee="0.00055",
    )
    held = position(LONG, case["amount"], case["price"], leverage=case["leverage"])
    initial = first(bybit.ISOLATED_AT_MARK, [market], [held]).initial
    assert initial is not None
    assert float(initial) == pytest.approx(case["exchange_shown"], rel=0.025)
