"""What is refused, by name and with what to do: bad numbers, broken tables, unknown collateral and modes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, CollateralTier, MarginAccount, OrderState
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.numbers import MarginError, Number, number
from letrade.core.margin.registry import REFUSED, RULES, rules_for
from letrade.core.margin.rules import MarginRules, RefusedMode
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.margin.venues import binance, bybit, gate, htx, okx
from tests.core.margin.accounts import LONG, SHORT, assess, exact, instrument, position, rate, table, wallet


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(MarginError) as caught:
        call()
    assert isinstance(caught.value, DataError)
    return str(caught.value)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), "nan", "Infinity", Decimal("NaN"), "ten", ""]
)
def test_a_number_that_is_none_is_refused_by_its_name(value: Number) -> None:
    assert "BTC: mark: expected a" in refused(lambda: number(value, "BTC: mark"))


@pytest.mark.parametrize("value", ["1/3", "0.1", 0.1, 7, Decimal("1e-7"), "-2"])
def test_numbers_are_the_decimals_they_say(value: Number) -> None:
    known = {"1/3": Fraction(1, 3), "0.1": Fraction(1, 10), 0.1: Fraction(1, 10), 7: Fraction(7), "-2": Fraction(-2)}
    assert number(value, "x") == known.get(value, Fraction(1, 10**7))


def one_long(**changes: object) -> Callable[[], object]:
    """A fine isolated account with one thing changed."""
    market, held = instrument(rate("0.004"), 60_000), position(LONG, 1, 60_000, leverage=10)
    fields = {**msgspec.structs.asdict(market), **msgspec.structs.asdict(held)}
    for name in changes:
        assert name in fields
    market = msgspec.structs.replace(market, **{k: v for k, v in changes.items() if hasattr(market, k)})
    held = msgspec.structs.replace(held, **{k: v for k, v in changes.items() if hasattr(held, k)})
    return lambda: assess(binance.USDM_ISOLATED, [market], [held])


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("mark", Fraction(0), "mark: expected a number above 0, found 0"),
        ("mark", Fraction(-1), "mark: expected a number above 0, found -1"),
        ("mark", float("nan"), "mark: expected an exact fraction, found nan"),
        ("multiplier", Fraction(0), "multiplier: expected a number above 0"),
        ("fee_rate", Fraction(1), "expected a fee rate from 0 to below 1"),
        ("contract", "inverse", "modelled for linear contracts"),
        ("size", Fraction(0), "positions[0].size: expected a number above 0"),
        ("entry", Fraction(-5), "positions[0].entry: expected a number above 0"),
        ("leverage", Fraction(1, 2), "positions[0].leverage: expected 1 or more"),
        ("margin", Fraction(-1), "positions[0].margin: expected 0 or more"),
        ("added", Fraction(-1), "positions[0].added: expected 0 or more"),
        ("side", 0, "positions[0].side: expected 1 or -1"),
        ("maintenance", Fraction(1), "computes it at the mark"),
        ("leverage", None, "expected the isolated margin or the leverage"),
    ],
)
def test_a_position_with_one_bad_number_is_refused(name: str, value: object, says: str) -> None:
    assert says in refused(one_long(**{name: value}))


def test_a_position_in_an_instrument_without_a_mark_is_refused() -> None:
    held = [position(LONG, 1, 60_000, "ETH", leverage=10)]
    says = refused(lambda: assess(binance.USDM_ISOLATED, [instrument(rate("0.004"), 60_000)], held))
    assert "'ETH'; give its mark and tiers" in says


def test_a_size_above_the_last_tier_is_refused() -> None:
    tiers = table((0, 50_000, "0.004"), (50_000, 600_000, "0.005"))
    held = [position(LONG, 11, 60_000, leverage=10)]
    says = refused(lambda: assess(binance.USDM_ISOLATED, [instrument(tiers, 60_000)], held))
    assert "660000 is above the last tier, which ends at 600000" in says


def test_a_leverage_above_that_of_its_tier_is_refused() -> None:
    tiers = TierTable("BTC", (Tier(Fraction(0), None, exact("0.01"), None, exact(25)),))
    held = [position(LONG, 1, 60_000, leverage=50)]
    says = refused(lambda: assess(binance.USDM_ISOLATED, [instrument(tiers, 60_000)], held))
    assert "allows 25 at this size, found 50" in says


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([], "at least one tier"),
        ([(10, None, "0.01")], "tier 1 to begin at 0"),
        ([(0, 100, "0.01"), (110, None, "0.02")], "tier 2: expected it to begin at 100, found 110: a gap"),
        ([(0, 100, "0.01"), (90, None, "0.02")], "found 90: an overlap"),
        ([(0, 100, "0.02"), (100, None, "0.01")], "a rate of 0.02 or more, found 0.01"),
        ([(0, None, "0.01"), (100, None, "0.02")], "expected a cap, as another tier follows"),
        ([(0, 0, "0.01")], "expected a cap above 0"),
        ([(0, None, "1")], "a maintenance rate from 0 to below 1"),
        ([(0, None, "-0.1")], "a maintenance rate from 0 to below 1"),
    ],
)
def test_a_broken_tier_table_is_refused(rows: list[tuple[int, int | None, str]], says: str) -> None:
    assert says in refused(lambda: table(*rows).ready("cumulative", "lower"))


def test_amounts_that_do_not_belong_to_the_rates_are_refused() -> None:
    rows = (
        Tier(Fraction(0), exact(300_000), exact("0.004"), Fraction(0)),
        Tier(exact(300_000), None, exact("0.005"), exact(50)),
    )
    says = refused(lambda: TierTable("BTC", rows).ready("cumulative", "lower"))
    assert "tier 2: expected the amount 300" in says


def cross(rules: MarginRules, *collaterals: CollateralState) -> Callable[[], object]:
    market = instrument(rate("0.004"), 60_000)
    return lambda: assess(rules, [market], [position(LONG, 1, 60_000, leverage=10)], list(collaterals))


def test_a_settle_currency_without_a_balance_is_refused() -> None:
    assert "settles in USDT, whose balance is not given" in refused(cross(binance.USDM_CROSS, wallet(1, "USDC")))


def test_a_negative_wallet_is_refused_where_the_mode_knows_no_debt() -> None:
    assert "collaterals[USDT].balance: expected 0 or more" in refused(cross(binance.USDM_CROSS, wallet(-1)))
    usd = wallet(10**5, "USD")
    pegged = msgspec.structs.replace(wallet(-1), pegged=True)
    cross(bybit.UNIFIED_CROSS, pegged, usd)()


def test_a_coin_whose_haircut_is_not_given_is_refused_where_haircuts_are_cut() -> None:
    pegged = msgspec.structs.replace(wallet(1000), pegged=True)
    says = refused(cross(bybit.UNIFIED_CROSS, pegged, wallet(1, "PEPE", 60_000)))
    assert "collaterals[PEPE].ratios: expected the venue's haircut table" in says


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"index": Fraction(0)}, "index: expected a number above 0"),
        ({"debt_buffer": Fraction(-1)}, "debt_buffer: expected 0 or more"),
        ({"cap": Fraction(-1)}, "cap: expected 0 or more"),
        ({"ratios": (CollateralTier(Fraction(0), None, Fraction(2)),)}, "a ratio from 0 to 1"),
        ({"ratios": (CollateralTier(Fraction(1), None, Fraction(1)),)}, "the first row to begin at 0"),
        (
            {"ratios": tuple(CollateralTier(Fraction(low), Fraction(low + 1), Fraction(1)) for low in (0, 2))},
            "no gap and no overlap",
        ),
    ],
)
def test_a_collateral_with_one_bad_number_is_refused(changes: dict[str, object], says: str) -> None:
    assert says in refused(cross(bybit.UNIFIED_CROSS, msgspec.structs.replace(wallet(1), **changes)))


def test_a_currency_given_twice_and_a_wallet_beside_isolated_margins_are_refused() -> None:
    assert "every currency once" in refused(cross(bybit.UNIFIED_CROSS, wallet(1), wallet(2)))
    assert "no shared wallet" in refused(cross(binance.USDM_ISOLATED, wallet(1)))
    assert "knows no haircuts" in refused(
        cross(
            binance.USDM_CROSS,
            msgspec.structs.replace(wallet(1), ratios=(CollateralTier(Fraction(0), None, Fraction(1)),)),
        )
    )


def test_two_legs_are_refused_where_the_rule_for_them_is_not_known() -> None:
    legs = [position(LONG, 1, 60_000, leverage=10), position(SHORT, 1, 60_000, leverage=10)]
    market = [instrument(rate("0.004"), 60_000)]
    for rules in (gate.CROSS, bybit.UNIFIED_CROSS):
        says = refused(functools.partial(assess, rules, market, legs, [wallet(1000)]))
        assert f"under {rules.venue} {rules.mode} are not modelled" in says
    assert "htx isolated" in refused(lambda: assess(htx.ISOLATED, market, legs))
    twice = [position(LONG, 1, 60_000), position(LONG, 2, 60_000)]
    assert "one position a side" in refused(lambda: assess(binance.USDM_CROSS, market, twice, [wallet(1)]))


def test_open_orders_are_refused_where_their_margin_is_not_known() -> None:
    order = OrderState(instrument="BTC", side=LONG, size=exact(1), price=exact(60_000), leverage=exact(10))
    account = MarginAccount(
        instruments=(instrument(rate("0.004"), 60_000),), positions=(), collaterals=(wallet(1000),), orders=(order,)
    )
    assert "open orders under okx futures_cross is not modelled" in refused(
        lambda: MarginCalculator(okx.CROSS).assess(account)
    )
    unknown = msgspec.structs.replace(account, orders=(msgspec.structs.replace(order, leverage=None),))
    assert "expected its leverage" in refused(lambda: MarginCalculator(binance.USDM_CROSS).assess(unknown))


def test_an_order_that_no_isolated_position_counts_is_refused() -> None:
    markets = (instrument(rate("0.004"), 60_000), instrument(rate("0.004"), 3000, "ETH"))
    order = OrderState(instrument="ETH", side=LONG, size=exact(1), price=exact(3000), leverage=exact(10))
    held = (position(LONG, 1, 60_000, leverage=10),)
    account = MarginAccount(instruments=markets, positions=held, orders=(order,))
    says = refused(lambda: MarginCalculator(binance.USDM_ISOLATED).assess(account))
    assert "orders[0]: under binance usdm_isolated" in says
    assert "no position in ETH" in says


def test_an_unknown_venue_is_refused_with_those_there_are() -> None:
    says = refused(lambda: rules_for("nowhere", contract="linear", margin_mode="cross"))
    assert "nowhere: expected one of binance, okx, bybit" in says


@pytest.mark.parametrize("mode", REFUSED, ids=lambda mode: f"{mode.venue}-{mode.margin_mode}-{mode.account}")
def test_a_mode_that_is_not_modelled_is_refused_with_the_reason_and_what_is(mode: RefusedMode) -> None:
    contract, account = mode.contracts[0], mode.account or None
    says = refused(lambda: rules_for(mode.venue, contract=contract, margin_mode=mode.margin_mode, account=account))
    assert mode.why in says
    assert "Modelled: " in says


def test_rules_are_found_by_venue_contract_mode_account_settle_and_date() -> None:
    for rules in RULES:
        settle = rules.settles[0] if rules.settles else None
        found = rules_for(
            rules.venue,
            contract=rules.contracts[0],
            margin_mode=rules.margin_mode,
            account=rules.account or None,
            settle=settle,
            date=rules.since or "2020-01-01",
        )
        assert found is rules
    assert rules_for("huobi", contract="linear", margin_mode="isolated") is htx.ISOLATED
    assert "before 2025-07-29 are not modelled" in refused(
        lambda: rules_for("gate", contract="linear", margin_mode="cross", date="2024-01-01")
    )
