"""Hyperliquid perpetuals: isolated and cross."""

from __future__ import annotations

import msgspec

from letrade.core.margin.rules import MarginRules

LIQUIDATIONS = "https://hyperliquid.gitbook.io/hyperliquid-docs/trading/liquidations"

ISOLATED = MarginRules(
    venue="hyperliquid",
    mode="isolated",
    contracts=("linear",),
    margin_mode="isolated",
    unit="position",
    tier_basis="mark_notional",
    tier_form="cumulative",
    ratio_name="maintenance / margin with gain",
    liquidated_at="passed",
    formula=(
        "liquidation = P - s available / q / (1 - l s), available = margin with gain - maintenance at mark P,"
        " l the maintenance rate of the tier, half of the initial rate at its maximum leverage"
    ),
    source=LIQUIDATIONS,
    checked="2026-11-23",
    limits="open orders: how much they reserve could not be confirmed",
)
CROSS = msgspec.structs.replace(
    ISOLATED,
    mode="cross",
    margin_mode="cross",
    unit="wallet",
    ratio_name="cross margin ratio (maintenance / account value)",
    formula=(
        "liquidation = P - s available / q / (1 - l s), available = account value - maintenance of all cross positions"
    ),
)
RULES = (ISOLATED, CROSS)
