"""Bybit: isolated as it was and as it is, and the unified account's cross margin."""

from __future__ import annotations

import msgspec

from letrade.core.margin.rules import MarginRules, RefusedMode

ISOLATED_HELP = (
    "https://www.bybit.com/en/help-center/article/"
    "Liquidation-Price-Calculation-under-Isolated-Mode-Unified-Trading-Account"
)
CHANGE_HELP = (
    "https://www.bybit.com/en/help-center/article/Understanding-the-Adjustment-and-Impact-of-the-New-Margin-Calculation"
)
GLOSSARY = "https://www.bybit.com/en/help-center/article/Glossary-Unified-Trading-Account"

ISOLATED_AT_ENTRY = MarginRules(
    venue="bybit",
    mode="isolated",
    contracts=("linear", "inverse"),
    margin_mode="isolated",
    unit="position",
    tier_basis="entry_notional",
    tier_form="cumulative",
    maintenance_price="entry",
    initial_price="entry",
    ratio_name="maintenance / position margin",
    formula=(
        "linear: liquidation = E - s (initial - maintenance + added) / q, both of the value at entry;"
        " inverse: q C / (q C / E + s (initial - maintenance + added))"
    ),
    source=ISOLATED_HELP,
    checked="2024-09-10",
    note="The margin is told without the closing fee that the venue shows in it.",
    limits="open orders: how their margin adds up could not be confirmed",
)
ISOLATED_AT_MARK = msgspec.structs.replace(
    ISOLATED_AT_ENTRY,
    mode="unified_isolated",
    tier_basis="mark_notional",
    maintenance_price="mark",
    closing_fees="bankruptcy",
    reserved_fee="bankruptcy",
    formula=(
        "linear: liquidation = (q E - s (q E / L + added / (1 - s f) + deduction)) / (q (1 - s m));"
        " inverse: q C (1 + s m) / (q C / E + s (q C / E / L + added / (1 + s f) + deduction))"
    ),
    checked="2026-05-27",
    since="2025-09-02",
    note="The margin is told with the closing fee, as the venue shows it.",
    limits="open orders, which count towards the tier",
)
UNIFIED_CROSS = MarginRules(
    venue="bybit",
    mode="unified_cross",
    contracts=("linear", "inverse"),
    margin_mode="cross",
    unit="account",
    numeraire="USD",
    tier_basis="mark_notional",
    tier_form="cumulative",
    closing_fees="leveraged",
    reserved_fee="bankruptcy",
    hedge_legs="refused",
    collateral_moves=True,
    haircut_by="amount",
    negative_wallet=True,
    ratio_name="account maintenance margin rate (total maintenance / margin balance)",
    formula=(
        "liquidated when total maintenance >= margin balance, in USD; margin balance = sum over coins of"
        " (balance + gains) x index x collateral value ratio, a debt in full; maintenance = value m - deduction"
        " + taker fee x value at mark (1 - s / L)"
    ),
    source=GLOSSARY,
    checked="2026-03-13",
    since="2025-09-02",
    note="The closing fee is taken as in isolated margin, at the price moved by 1/leverage.",
    limits="open orders, hedge mode, the maintenance of spot borrowing, options: their rules could not be confirmed",
)
UNIFIED_CROSS_AT_ENTRY = msgspec.structs.replace(
    UNIFIED_CROSS,
    mode="unified_cross_at_entry",
    tier_basis="entry_notional",
    maintenance_price="entry",
    initial_price="entry",
    formula=UNIFIED_CROSS.formula.replace("maintenance = value", "maintenance = entry value").replace(
        "at mark", "at entry"
    ),
    source=CHANGE_HELP,
    checked="2025-09-18",
    since="",
)
RULES = (ISOLATED_AT_ENTRY, ISOLATED_AT_MARK, UNIFIED_CROSS_AT_ENTRY, UNIFIED_CROSS)
REFUSED = (
    RefusedMode(venue="bybit", margin_mode="cross", account="portfolio", why="portfolio margin is not modelled"),
)
