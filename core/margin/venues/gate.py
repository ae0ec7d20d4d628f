"""Gate perpetual futures: isolated and cross, before and after its tiers became cumulative."""

from __future__ import annotations

import msgspec

from letrade.core.margin.rules import MarginRules

MARGIN_PAGE = "https://www.gate.com/futures-introduction/margin/perpetual-usdtm-BTC_USDT"
ANNOUNCEMENT = "https://www.gate.com/announcements/article/39469"

ISOLATED_FLAT = MarginRules(
    venue="gate",
    mode="isolated",
    contracts=("linear", "inverse"),
    margin_mode="isolated",
    unit="position",
    tier_basis="mark_notional",
    tier_form="flat",
    closing_fees="maintenance",
    initial_price="entry",
    ratio_name="maintenance margin ratio",
    formula=(
        "linear: liquidation = (E - s W / q) / (1 - s (m + f)); inverse: q E (1 + s (m + f)) / (q + s W E);"
        " f the taker fee"
    ),
    source=ANNOUNCEMENT,
    checked="2024-09-24",
    note="The trader chose the tier; it is taken to be the one of the value.",
    limits="open orders: how their margin adds up could not be confirmed",
)
ISOLATED = msgspec.structs.replace(
    ISOLATED_FLAT,
    tier_form="cumulative",
    since="2025-07-29",
    note="",
    formula="linear: liquidation = (E - s (W + deduction) / q) / (1 - s (m + f)); inverse likewise in coin",
    source=MARGIN_PAGE,
    checked="2025-07-29",
    limits="open orders: how their margin adds up could not be confirmed",
)
CROSS = msgspec.structs.replace(
    ISOLATED,
    mode="cross",
    margin_mode="cross",
    unit="wallet",
    hedge_legs="refused",
    initial_price="mark",
    formula="liquidated when wallet + all gains of one settle currency <= sum of mark value (m + f) - deduction",
    limits=(
        "hedge mode, of which the text says only that the rate of the larger position is used; open orders;"
        " multi-currency margin"
    ),
)
RULES = (ISOLATED_FLAT, ISOLATED, CROSS)
