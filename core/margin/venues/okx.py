"""OKX futures mode (single-currency margin): isolated, and cross of one currency."""

from __future__ import annotations

import msgspec

from letrade.core.margin.rules import MarginRules, RefusedMode

TIERS_HELP = "https://www.okx.com/help/v-tiered-maintenance-margin-ratio-rules"

ISOLATED = MarginRules(
    venue="okx",
    mode="futures_isolated",
    contracts=("linear", "inverse"),
    margin_mode="isolated",
    unit="position",
    tier_basis="contracts",
    tier_form="flat",
    closing_fees="maintenance",
    initial_price="entry",
    ratio="equity_over_maintenance",
    ratio_name="margin ratio ((margin + gain) / (maintenance + liquidation fee))",
    formula=(
        "linear: liquidation = (E - s W / q) / (1 - s (m + f)); inverse: q C (m + f + s) / (W + s q C / E);"
        " m the rate of the tier that holds all contracts of the leg, f the taker fee"
    ),
    source=TIERS_HELP,
    checked="2025-05-16",
    limits="open orders: how their margin adds up could not be confirmed",
)
CROSS = msgspec.structs.replace(
    ISOLATED,
    mode="futures_cross",
    margin_mode="cross",
    unit="wallet",
    tier_size="legs",
    initial_price="mark",
    ratio_name="margin ratio ((balance + gain) / (maintenance + liquidation fee))",
    formula=(
        "liquidated when balance + all gains of one settle currency <= sum of mark value (m + f);"
        " the tier holds the long and short contracts of an instrument together"
    ),
    limits="open orders: their fees and margin could not be confirmed",
)
RULES = (ISOLATED, CROSS)
REFUSED = (
    RefusedMode(
        venue="okx",
        margin_mode="cross",
        account="multi_currency",
        why="multi-currency margin is not modelled, as its discount and borrowing rules could not be confirmed",
    ),
    RefusedMode(venue="okx", margin_mode="cross", account="portfolio", why="portfolio margin is not modelled"),
)
