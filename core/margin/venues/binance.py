"""Binance futures: USD-M single-asset and multi-assets, COIN-M."""

from __future__ import annotations

import msgspec

from letrade.core.margin.rules import MarginRules

LIQUIDATION_FAQ = "https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93"
MULTI_ASSETS_FAQ = "https://www.binance.com/en/support/faq/how-to-calculate-margin-in-multi-assets-mode-c983a9268cfa4e70a4916c276bb3b7bc"
COIN_M_FAQ = "https://www.binance.com/en/support/faq/be2c7d9d95b04a7e8044ed02dd7dfe5c"

USDM_ISOLATED = MarginRules(
    venue="binance",
    mode="usdm_isolated",
    contracts=("linear",),
    margin_mode="isolated",
    unit="position",
    tier_basis="mark_notional",
    tier_form="cumulative",
    orders="larger_side",
    ratio_name="margin ratio (maintenance / margin balance)",
    formula="liquidation = (W + cum - s q E) / (q m - s q), W the isolated wallet",
    source=LIQUIDATION_FAQ,
    checked="2026-01-05",
)
USDM_CROSS = msgspec.structs.replace(
    USDM_ISOLATED,
    mode="usdm_cross",
    margin_mode="cross",
    unit="wallet",
    formula=(
        "liquidation = (W + sum cum + sum of other symbols (gain - maintenance) - sum s q E) / (sum q m - sum s q),"
        " sums over all legs of the symbol, W the cross wallet of the settle currency"
    ),
)
USDM_MULTI_ASSETS = msgspec.structs.replace(
    USDM_CROSS,
    mode="usdm_multi_assets",
    account="multi_assets",
    unit="account",
    numeraire="USD",
    negative_wallet=True,
    collateral_moves=True,
    requirements_at="ask",
    ratio_name="account margin ratio (maintenance / equity)",
    formula=(
        "equity = sum over assets of min((wallet + gain) bid, (wallet + gain) ask); maintenance = sum maintenance ask;"
        " bid = index (1 - bid buffer), ask = index (1 + ask buffer)"
    ),
    source=MULTI_ASSETS_FAQ,
    checked="2022-07-06",
    limits="the automatic exchange of negative balances",
)
COINM_ISOLATED = msgspec.structs.replace(
    USDM_ISOLATED,
    mode="coinm_isolated",
    contracts=("inverse",),
    formula="liquidation = q C (m + s) / (W + cum + s q C / E), W the isolated wallet in coin",
    source=COIN_M_FAQ,
    checked="2021-02-05",
)
COINM_CROSS = msgspec.structs.replace(
    COINM_ISOLATED,
    mode="coinm_cross",
    margin_mode="cross",
    unit="wallet",
    formula=(
        "liquidation = sum q C (m + s) / (W + sum cum + sum of other contracts (gain - maintenance) + sum s q C / E),"
        " sums over all legs of the contract, W the wallet of the coin"
    ),
)
RULES = (USDM_ISOLATED, USDM_CROSS, USDM_MULTI_ASSETS, COINM_ISOLATED, COINM_CROSS)
