"""Bitget futures, classic account, one margin coin: isolated and cross, before and after cumulative tiers."""

from __future__ import annotations

import msgspec

from letrade.core.margin.rules import MarginRules, RefusedMode

TIERS_HELP = "https://www.bitget.com/support/articles/12560603777225"
POSITION_TIER_HELP = "https://www.bitget.com/support/articles/360052911052"
CHANGE_NOTICE = "https://www.bitget.com/support/articles/12560603841952"

ISOLATED_FLAT = MarginRules(
    venue="bitget",
    mode="isolated",
    contracts=("linear", "inverse"),
    margin_mode="isolated",
    unit="position",
    tier_basis="mark_notional",
    tier_form="flat",
    closing_fees="maintenance",
    initial_price="entry",
    ratio_name="margin ratio (maintenance with fee / equity)",
    formula="linear: liquidation = (W - s q E) / (q (m + f - s)); inverse: q C (m + f + s) / (W + s q C / E)",
    source=TIERS_HELP,
    checked="2025-06-25",
    limits="open orders: how their margin adds up could not be confirmed",
)
CROSS_FLAT = msgspec.structs.replace(
    ISOLATED_FLAT,
    mode="cross",
    margin_mode="cross",
    unit="wallet",
    tier_size="legs",
    initial_price="mark",
    formula=(
        "liquidated when wallet + all gains of one margin coin <= sum of mark value (m + f);"
        " the tier holds the long and short value of a symbol together"
    ),
    source=POSITION_TIER_HELP,
)
ISOLATED = msgspec.structs.replace(
    ISOLATED_FLAT,
    tier_form="cumulative",
    since="2025-11-10",
    formula="linear: liquidation = (W + deduction - s q E) / (q (m + f - s)); inverse likewise in coin",
    source=CHANGE_NOTICE,
    checked="2025-11-10",
    note="Positions opened before 2025-11-10 keep the older rules: give the date of the opening.",
)
CROSS = msgspec.structs.replace(
    CROSS_FLAT,
    tier_form="cumulative",
    since="2025-11-10",
    formula="liquidated when wallet + all gains of one margin coin <= sum of mark value (m + f) - deduction",
    source=CHANGE_NOTICE,
    checked="2025-11-10",
    note=ISOLATED.note,
)
RULES = (ISOLATED_FLAT, CROSS_FLAT, ISOLATED, CROSS)
REFUSED = (
    RefusedMode(
        venue="bitget",
        margin_mode="cross",
        account="multi_assets",
        why="multi-asset mode is not modelled, as its haircuts could not be confirmed",
    ),
)
