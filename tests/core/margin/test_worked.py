"""Positions worked out by hand in docs/margin-cases.md, one test a derivation, and the examples that venues print."""

from __future__ import annotations

import msgspec
import pytest

from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, CollateralTier, MarginAccount, OrderState
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.registry import rules_for
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.margin.venues import binance, bitget, bybit, gate, kucoin, okx, phemex
from tests.core.margin.accounts import (
    LONG,
    SHORT,
    assess,
    exact,
    first,
    instrument,
    maybe,
    position,
    price,
    rate,
    table,
    wallet,
)

BINANCE_2026 = table(
    (0, 300_000, "0.004"), (300_000, 800_000, "0.005"), (800_000, 3_000_000, "0.0065"), (3_000_000, None, "0.01")
)
OKX_FLAT = table((0, 1000, "0.004"), (1000, 2000, "0.006"), (2000, 4000, "0.01"))


def test_third_tier_long_is_solved_in_the_tier_of_the_liquidation_price() -> None:
    held = position(LONG, 20, 60_000, leverage=50)
    found = first(binance.USDM_ISOLATED, [instrument(BINANCE_2026, 60_000)], [held])
    assert found.tier == 3
    assert found.amount == 1500
    assert found.maintenance == 1_200_000 * exact("0.0065") - 1500
    assert found.liquidation_price == Fraction(1_176_000 - 1500) / (20 * (1 - exact("0.0065")))
    assert found.bankruptcy_price == 58_800


def test_a_short_grows_into_the_fourth_tier_before_it_is_liquidated() -> None:
    held = position(SHORT, 40, 70_000, margin=400_000)
    found = first(binance.USDM_ISOLATED, [instrument(BINANCE_2026, 70_000)], [held])
    assert found.tier == 3
    assert found.liquidation_price == Fraction(400_000 + 2_800_000 + 12_000) / (40 * exact("1.01"))
    assert price(found) == pytest.approx(79_504.950495, abs=1e-6)


def test_a_long_falls_from_the_third_tier_into_the_second() -> None:
    held = position(LONG, 20, 60_000, margin=460_000)
    found = first(binance.USDM_ISOLATED, [instrument(BINANCE_2026, 60_000)], [held])
    assert found.liquidation_price == Fraction(1_200_000 - 460_000 - 300) / (20 * exact("0.995"))
    assert price(found) == pytest.approx(37_170.854271, abs=1e-6)


def test_hedge_mode_moves_both_legs_with_the_mark() -> None:
    legs = [position(LONG, 1, 60_000, leverage=10), position(SHORT, 1, 60_000, leverage=10)]
    found = assess(binance.USDM_CROSS, [instrument(rate("0.004"), 60_000)], legs, [wallet(5000)])
    assert [leg.liquidation_price for leg in found.positions] == [625_000, 625_000]
    assert found.units[0].maintenance == 480
    assert found.positions[0].bankruptcy_price is None


def test_hedge_mode_with_unequal_legs_has_one_price_for_both() -> None:
    legs = [position(LONG, 3, 50_000), position(SHORT, 1, 60_000)]
    found = assess(binance.USDM_CROSS, [instrument(rate("0.005"), 55_000)], legs, [wallet(20_000)])
    assert {leg.liquidation_price for leg in found.positions} == {
        Fraction(20_000 - 150_000 + 60_000) / (4 * exact("0.005") - 2)
    }


def test_other_positions_of_a_cross_wallet_count_at_their_marks_not_their_entries() -> None:
    legs = [position(LONG, 5, 3000, "ETH"), position(LONG, 1, 60_000)]
    prices = [
        price(
            first(
                binance.USDM_CROSS,
                [instrument(rate("0.01"), 3000, "ETH"), instrument(rate("0.005"), mark)],
                legs,
                [wallet(12_000)],
            )
        )
        for mark in (60_000, 58_000)
    ]
    assert prices[1] - prices[0] == pytest.approx((2000 - 10) / (5 * 0.99))


def test_bybit_isolated_with_added_margin_and_fees() -> None:
    tiers = TierTable("BTC", (Tier(Fraction(0), None, exact("0.005"), exact(50)),), whole=False)
    market = instrument(tiers, 60_000, fee="0.00055")
    held = position(LONG, 2, 60_000, leverage=10, added=1000)
    found = first(bybit.ISOLATED_AT_MARK, [market], [held])
    added = 1000 / (1 - exact("0.00055"))
    assert found.liquidation_price == (120_000 - 12_000 - added - 50) / (2 * exact("0.995"))
    assert price(found) == pytest.approx(53_743.442059, abs=1e-6)
    assert found.bankruptcy_price == (108_000 - added) / 2
    short = first(bybit.ISOLATED_AT_MARK, [market], [position(SHORT, 2, 60_000, leverage=10, added=1000)])
    added = 1000 / (1 + exact("0.00055"))
    assert short.liquidation_price == (120_000 + 12_000 + added + 50) / (2 * exact("1.005"))


def test_bybit_inverse_isolated_as_its_help_prints_it() -> None:
    market = instrument(rate("0.005"), 50_000, contract="inverse", settle="BTC", fee="0.00055")
    size, entry, added, fee = 60_000, 50_000, exact("0.01"), exact("0.00055")
    long = first(bybit.ISOLATED_AT_MARK, [market], [position(LONG, size, entry, leverage=10, added=added)])
    opened = Fraction(size, entry)
    assert long.liquidation_price == size * exact("1.005") / (opened + opened / 10 + added / (1 + fee))
    short = first(bybit.ISOLATED_AT_MARK, [market], [position(SHORT, size, entry, leverage=10, added=added)])
    assert short.liquidation_price == size * exact("0.995") / (opened - opened / 10 - added / (1 - fee))


def test_bybit_isolated_at_entry_as_its_help_prints_it() -> None:
    market = instrument(rate("0.005"), 20_000)
    assert price(first(bybit.ISOLATED_AT_ENTRY, [market], [position(LONG, 1, 20_000, leverage=50)])) == 19_700
    held = position(SHORT, 1, 20_000, leverage=50, added=3000)
    assert price(first(bybit.ISOLATED_AT_ENTRY, [market], [held])) == 23_300


def test_okx_tiers_are_flat_and_by_contracts() -> None:
    market = instrument(OKX_FLAT, 60_000, multiplier="0.01", fee="0.0005")
    below = first(okx.ISOLATED, [market], [position(LONG, 1000, 60_000, leverage=20)])
    above = first(okx.ISOLATED, [market], [position(LONG, 1001, 60_000, leverage=20)])
    assert (below.tier, above.tier) == (1, 2)
    assert below.liquidation_price == 57_000 / (1 - exact("0.0045"))
    assert above.liquidation_price == 57_000 / (1 - exact("0.0065"))
    assert above.maintenance == 1001 * exact("0.01") * 60_000 * exact("0.0065")


def test_okx_cross_looks_its_tier_up_by_both_legs_together() -> None:
    market = instrument(OKX_FLAT, 60_000, multiplier="0.01", fee="0.0005")
    legs = [position(LONG, 1500, 60_000), position(SHORT, 600, 60_000)]
    found = assess(okx.CROSS, [market], legs, [wallet(50_000)])
    assert [leg.tier for leg in found.positions] == [3, 3]
    assert found.positions[0].liquidation_price == Fraction(50_000 - 540_000) / (21 * exact("0.0105") - 9)


def test_a_flat_table_liquidates_a_short_at_the_edge_where_its_maintenance_jumps() -> None:
    """10 short at 100, margin 40: at a value of 1,010 the rate goes from 2 % to 4 %: 20.2 becomes 40.4."""
    tiers = table((0, 1010, "0.02"), (1010, 5000, "0.04"))
    found = first(gate.ISOLATED_FLAT, [instrument(tiers, 100)], [position(SHORT, 10, 100, margin=40)])
    assert found.liquidation_price == 101


def test_bybit_unified_cross_cuts_its_coins_and_moves_them_with_the_mark() -> None:
    ratios = tuple(
        CollateralTier(exact(low), exact(high), exact(ratio))
        for low, high, ratio in ((0, 10, "0.98"), (10, 20, "0.95"), (20, 30, "0.9"))
    )
    coins = CollateralState(currency="BTC", balance=exact(15), index=exact(50_000), ratios=ratios)
    market = instrument(rate("0.005"), 50_000, underlying="BTC")
    found = assess(
        bybit.UNIFIED_CROSS,
        [market],
        [position(LONG, 30, 52_000, leverage=10)],
        [coins, CollateralState(currency="USDT", balance=exact(100_000), pegged=True)],
    )
    counting = 10 * exact("0.98") + 5 * exact("0.95")
    assert found.units[0].equity == counting * 50_000 + 100_000 - 60_000
    assert found.units[0].maintenance == 30 * 50_000 * exact("0.005")
    assert found.positions[0].liquidation_price == (30 * 52_000 - 100_000) / (counting + 30 - 30 * exact("0.005"))
    alone = found.positions[0].liquidation_price
    assert alone is not None
    assert found.common_move == alone / 50_000 - 1


def test_bybit_unified_cross_counts_a_debt_in_full() -> None:
    """Below 100,000 of loss the USDT wallet is a debt, and the haircut no longer applies to it."""
    half = (CollateralTier(Fraction(0), None, exact("0.5")),)
    usdt = CollateralState(currency="USDT", balance=exact(1000), ratios=half, pegged=True)
    coin = CollateralState(currency="ETH", balance=exact(1), index=exact(3000), ratios=half)
    market = instrument(rate("0.01"), 100)
    found = first(bybit.UNIFIED_CROSS, [market], [position(LONG, 50, 100, leverage=10)], [usdt, coin])
    assert found.liquidation_price == Fraction(5000 - 1000 - 1500) / (50 * exact("0.99"))


def test_inverse_cross_has_one_price_for_both_legs_and_counts_the_other_contract() -> None:
    marks = [
        instrument(rate("0.004"), 60_000, "BTCUSD", contract="inverse", settle="BTC", multiplier=100),
        instrument(rate("0.01"), 61_000, "BTCUSD_Q", contract="inverse", settle="BTC", multiplier=100),
    ]
    legs = [position(LONG, 1200, 50_000, "BTCUSD"), position(SHORT, 610, 60_000, "BTCUSD_Q")]
    found = assess(binance.COINM_CROSS, marks, legs, [wallet("0.5", "BTC")])
    other = Fraction(61_000, 61_000) - Fraction(61_000, 60_000) - exact("0.01")
    opened = Fraction(120_000, 50_000)
    assert found.positions[0].liquidation_price == 120_000 * exact("1.004") / (exact("0.5") + other + opened)


def test_a_coin_that_is_shorted_for_its_whole_value_is_never_liquidated() -> None:
    market = instrument(rate("0.004"), 60_000, contract="inverse", settle="BTC")
    held = [position(SHORT, 60_000, 60_000, leverage=1)]
    found = assess(binance.COINM_CROSS, [market], held, [wallet(1, "BTC")])
    assert found.positions[0].liquidation_price is None
    assert found.positions[0].liquidation_note
    assert found.common_move is None


def orders(*listed: tuple[int, str, str]) -> tuple[OrderState, ...]:
    return tuple(
        OrderState(
            instrument="BTC", side=LONG if side > 0 else SHORT, size=exact(size), price=exact(at), leverage=exact(2)
        )
        for side, size, at in listed
    )


def test_binance_open_orders_take_the_larger_side_as_its_help_prints_it() -> None:
    account = MarginAccount(
        instruments=(instrument(rate("0.004"), 20_000),),
        positions=(position(LONG, "0.5", 20_000, leverage=2),),
        collaterals=(wallet(10_000),),
        orders=orders((1, "0.1", "19000"), (-1, "0.1", "22000")),
    )
    unit = MarginCalculator(binance.USDM_CROSS).assess(account).units[0]
    assert unit.initial == 5950
    assert unit.available == 4050


def test_binance_open_orders_of_a_short_take_the_larger_side() -> None:
    """Short 1 at 10,000 and a buy of 1.5 at 10,000: |−10,000 + 15,000| is less than the position itself."""
    account = MarginAccount(
        instruments=(instrument(rate("0.004"), 10_000),),
        positions=(position(SHORT, 1, 10_000, leverage=2),),
        collaterals=(wallet(10_000),),
        orders=orders((1, "1.5", "10000")),
    )
    assert MarginCalculator(binance.USDM_CROSS).assess(account).units[0].initial == 5000


def test_binance_hedge_mode_adds_the_orders_of_each_side() -> None:
    account = MarginAccount(
        instruments=(instrument(rate("0.004"), 20_000),),
        positions=(position(LONG, 1, 20_000, leverage=2), position(SHORT, 1, 20_000, leverage=2)),
        collaterals=(wallet(100_000),),
        orders=orders((1, "0.1", "19000"), (-1, "0.1", "22000")),
    )
    assert MarginCalculator(binance.USDM_CROSS).assess(account).units[0].initial == 20_000 + 950 + 1100


def test_orders_beside_two_isolated_legs_count_once_each_with_the_leg_that_they_add_to() -> None:
    account = MarginAccount(
        instruments=(instrument(rate("0.004"), 20_000),),
        positions=(position(LONG, 1, 20_000, leverage=2), position(SHORT, 1, 20_000, leverage=2)),
        orders=orders((1, "0.1", "19000"), (-1, "0.1", "22000")),
    )
    units = MarginCalculator(binance.USDM_ISOLATED).assess(account).units
    assert [unit.initial for unit in units] == [10_000 + 950, 10_000 + 1100]


def test_a_leverage_that_was_allowed_at_the_entry_is_kept_and_noted() -> None:
    """4.9 at 60,000 is 294,000, where 150x is allowed; at 62,000 it is 303,800, where only 100x is."""
    rows = ((0, 300_000, 150), (300_000, None, 100))
    tiers = TierTable("BTC", tuple(Tier(exact(a), maybe(b), exact("0.004"), None, exact(most)) for a, b, most in rows))
    for rules, funds in ((binance.USDM_ISOLATED, []), (binance.USDM_CROSS, [wallet(10_000)])):
        found = first(rules, [instrument(tiers, 62_000)], [position(LONG, "4.9", 60_000, leverage=150)], funds)
        assert found.liquidation_price is not None
        assert found.note == "BTC allows 100 at this size, but 150 was allowed at its entry: it cannot be added to"
        held = position(LONG, "4.9", 60_000, leverage=100)
        assert not first(rules, [instrument(tiers, 62_000)], [held], funds).note


def test_the_note_of_the_rules_is_told_with_the_margins() -> None:
    market, held = instrument(rate("0.004"), 60_000), position(LONG, 1, 60_000, leverage=10)
    for rules in (kucoin.ISOLATED_AT_MARK, binance.USDM_ISOLATED):
        assert assess(rules, [market], [held]).note == rules.note


def test_binance_multi_assets_as_its_help_prints_it() -> None:
    marks = [
        instrument(rate("0.008"), 20_000, "BTCUSDT"),
        instrument(rate("0.01"), 600, "ETHBUSD", settle="BUSD"),
    ]
    legs = [position(LONG, "0.5", 20_000, "BTCUSDT", leverage=100), position(LONG, 20, 600, "ETHBUSD", leverage=50)]
    usdt = CollateralState(
        currency="USDT",
        balance=exact(200),
        index=exact("0.99"),
        ratios=(CollateralTier(Fraction(0), None, exact("0.99")),),
        debt_buffer=exact("0.005"),
        pegged=True,
    )
    busd = CollateralState(currency="BUSD", balance=exact(220), pegged=True)
    unit = assess(binance.USDM_MULTI_ASSETS, marks, legs, [usdt, busd]).units[0]
    assert unit.equity == exact("416.02")
    assert unit.maintenance == exact("199.596")
    assert unit.available == exact("76.525")
    assert unit.ratio is not None
    assert float(unit.ratio) == pytest.approx(0.4798, abs=1e-4)


def test_bitget_tiers_before_and_after_november_2025_as_its_notice_prints_them() -> None:
    market = instrument(table((0, 200_000, "0.004"), (200_000, None, "0.005")), 110_000, fee="0.0006")
    held = [position(LONG, 3, 110_000, leverage=10)]
    assert first(bitget.ISOLATED_FLAT, [market], held).maintenance == 1848
    assert first(bitget.ISOLATED, [market], held).maintenance == 1648
    for date, form in (("2025-11-09", "flat"), ("2025-11-10", "cumulative")):
        assert rules_for("bitget", contract="linear", margin_mode="isolated", date=date).tier_form == form


def test_gate_tiers_before_and_after_july_2025_as_it_announced_them() -> None:
    """1.2 M of BTC: 6,000 as one rate of 0.5 %, and 4,900 as 0.4 % of the first million and 0.5 % less of the rest."""
    flat = first(gate.ISOLATED_FLAT, [instrument(rate("0.005"), 60_000)], [position(LONG, 20, 60_000, leverage=10)])
    tiers = table((0, 1_100_000, "0.004"), (1_100_000, None, "0.005"))
    graded = first(gate.ISOLATED, [instrument(tiers, 60_000)], [position(LONG, 20, 60_000, leverage=10)])
    assert flat.maintenance == 6000
    assert graded.maintenance == 4900


def test_phemex_usdt_isolated_as_its_help_prints_it() -> None:
    market = instrument(rate("0.01"), "0.4", fee="0.0006")
    found = first(phemex.USDT_ISOLATED, [market], [position(LONG, 500, "0.4", leverage=5)])
    assert found.liquidation_price == (200 - exact("40.096")) / (exact("0.9894") * 500)
    assert found.initial == exact("40.096")


def test_kucoin_isolated_at_entry_with_its_fee_reserved_is_its_printed_formula() -> None:
    """The fee stands in margin and maintenance alike, so that entry − (initial − maintenance) / size remains."""
    market = instrument(rate("0.004"), 28_000, fee="0.0006")
    found = first(kucoin.ISOLATED_AT_ENTRY, [market], [position(SHORT, "0.005", 28_000, leverage=100)])
    assert price(found) == pytest.approx(28_168)


def test_kucoin_since_may_2025_counts_the_mark_and_a_liquidation_fee() -> None:
    rules = rules_for("kucoin", contract="linear", margin_mode="isolated")
    market = instrument(rate("0.004"), 28_000, fee="0.0006")
    found = first(rules, [market], [position(LONG, 1, 28_000, leverage=10)])
    assert found.liquidation_price == 25_200 / (1 - exact("0.0046"))
    assert "estimated funding rate" in rules.limits


def test_hyperliquid_third_tier_has_the_deduction_of_its_docs() -> None:
    """0-20k 10x, 20-100k 5x, above 3x: rates of 5, 10 and 16.67 %, deductions of 1,000 and 7,666.67."""
    rates = [Fraction(1, 20), Fraction(1, 10), Fraction(1, 6)]
    tiers = TierTable(
        "DOGE",
        tuple(
            Tier(exact(low), high, each)
            for low, high, each in zip((0, 20_000, 100_000), (exact(20_000), exact(100_000), None), rates, strict=True)
        ),
    )
    rules = rules_for("hyperliquid", contract="linear", margin_mode="cross")
    market = instrument(tiers, "0.25", "DOGE", settle="USDC")
    found = first(rules, [market], [position(LONG, 500_000, "0.25", "DOGE")], [wallet(40_000, "USDC")])
    deduction = 1000 + Fraction(100_000, 15)
    assert (found.tier, found.amount) == (3, deduction)
    assert found.maintenance == Fraction(125_000, 6) - deduction
    assert found.liquidation_price == Fraction(125_000 - 40_000 - 1000) / (500_000 * (1 - Fraction(1, 10)))


def test_the_largest_size_is_what_funds_open_within_the_tier_of_the_leverage() -> None:
    rows = ((0, 50_000, 125), (50_000, 600_000, 100), (600_000, None, 50))
    tiers = TierTable(
        "BTC",
        tuple(
            Tier(exact(low), None if high is None else exact(high), exact("0.004"), None, exact(most))
            for low, high, most in rows
        ),
    )
    market = instrument(tiers, 60_000, fee="0.0005")
    calculator = MarginCalculator(binance.USDM_CROSS)
    assert calculator.largest_size(market, LONG, exact(60_000), exact(100), exact(100_000)) == 10
    assert calculator.largest_size(market, LONG, exact(60_000), exact(50), exact(100_000)) == Fraction(
        5_000_000, 60_000
    )
    assert calculator.largest_size(market, LONG, exact(60_000), exact(125), exact(120)) == exact("0.25")


def test_every_mode_says_its_formula_source_and_date() -> None:
    for rules in (*binance.RULES, *okx.RULES, *bybit.RULES, *gate.RULES, *bitget.RULES, *kucoin.RULES, *phemex.RULES):
        assert rules.source.startswith("https://")
        assert len(rules.checked) == len("2026-01-01")
        assert rules.formula
        assert rules.ratio_name
        assert msgspec.structs.asdict(rules)["venue"] == rules.venue
