"""HTX USDT-margined swaps, isolated: an adjustment factor instead of a maintenance rate."""

from __future__ import annotations

from letrade.core.margin.rules import MarginRules, RefusedMode

LIQUIDATION_HELP = "https://www.huobi.com/support/en-us/detail/900001325083"

ISOLATED = MarginRules(
    venue="htx",
    mode="isolated",
    contracts=("linear",),
    margin_mode="isolated",
    unit="position",
    tier_basis="contracts",
    tier_form="flat",
    rate_is="adjustment",
    hedge_legs="refused",
    ratio="equity_over_initial_less_adjustment",
    ratio_name="margin ratio (equity / used margin - adjustment factor)",
    formula="liquidation = (P - s equity / q) / (1 - s adjustment / L), equity at mark P",
    source=LIQUIDATION_HELP,
    checked="2026-11-23",
    limits="two legs at once, whose tier is that of their net; open orders",
)
RULES = (ISOLATED,)
REFUSED = (
    RefusedMode(
        venue="htx",
        margin_mode="cross",
        contracts=("linear",),
        why="cross margin is not modelled, as no recorded position confirms how frozen margin counts",
    ),
    RefusedMode(
        venue="htx", margin_mode="isolated", contracts=("inverse",), why="coin-margined swaps are not modelled"
    ),
)
