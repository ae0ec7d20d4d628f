"""KuCoin futures, isolated margin: as it was until May 2025, and since."""

from __future__ import annotations

import msgspec

from letrade.core.margin.rules import MarginRules, RefusedMode

ANNOUNCEMENT = "https://www.kucoin.com/announcement/update-to-the-isolated-margin-calculation-formula"

ISOLATED_AT_ENTRY = MarginRules(
    venue="kucoin",
    mode="isolated",
    contracts=("linear", "inverse"),
    margin_mode="isolated",
    unit="position",
    tier_basis="entry_notional",
    tier_form="flat",
    maintenance_price="entry",
    initial_price="entry",
    closing_fees="leveraged_entry",
    reserved_fee="leveraged",
    ratio_name="risk ratio (maintenance / position margin)",
    formula=(
        "liquidation = E - s (margin - maintenance) / q (linear),"
        " maintenance = value at entry (m + (1 + 1 / L) f), margin with the fee; or the venue's own posMaint"
    ),
    source=ANNOUNCEMENT,
    checked="2025-05-20",
    limits="the estimated funding in the venue's maintenance, unless the venue's own is given; open orders",
)
ISOLATED_AT_MARK = msgspec.structs.replace(
    ISOLATED_AT_ENTRY,
    tier_basis="mark_notional",
    maintenance_price="mark",
    closing_fees="maintenance",
    reserved_fee="none",
    formula="linear: liquidation = (E - s W / q) / (1 - s (m + f)), f the liquidation fee rate",
    since="2025-05-22",
    note="The trader sets the risk limit; the tier is taken to be the one of the value.",
    limits=(
        "open orders; the estimated funding rate, which the venue's notice of 2025-05-29 says is still counted in"
        " maintenance until a later change: until then the venue's price is nearer by about that rate"
    ),
)
RULES = (ISOLATED_AT_ENTRY, ISOLATED_AT_MARK)
REFUSED = (
    RefusedMode(
        venue="kucoin",
        margin_mode="cross",
        why=(
            "cross margin is not modelled, as its maintenance rate is a continuous function of the size whose"
            " parameters could not be confirmed"
        ),
    ),
)
