"""Phemex, isolated: contracts settled in USD, and USDT-margined ones."""

from __future__ import annotations

from letrade.core.margin.rules import MarginRules, RefusedMode

USDT_HELP = "https://phemex.com/help-center/liq-price-for-USDTM"

USD_ISOLATED = MarginRules(
    venue="phemex",
    mode="usd_isolated",
    contracts=("linear",),
    settles=("USD",),
    margin_mode="isolated",
    unit="position",
    tier_basis="entry_notional",
    tier_form="flat",
    maintenance_price="entry",
    initial_price="entry",
    ratio_name="maintenance / position margin",
    formula="liquidation = E - s (W / q - E m)",
    source="https://github.com/ccxt/ccxt/blob/master/python/ccxt/phemex.py",
    checked="2026-11-23",
    note="Read off one position that the venue returned, as no text could be found.",
    limits="open orders",
)
USDT_ISOLATED = MarginRules(
    venue="phemex",
    mode="usdt_isolated",
    contracts=("linear",),
    settles=("USDT",),
    margin_mode="isolated",
    unit="position",
    tier_basis="mark_notional",
    tier_form="cumulative",
    initial_price="entry",
    closing_fees="maintenance",
    reserved_fee="bankruptcy",
    ratio_name="maintenance / position margin",
    formula="liquidation = (q E - s (W + deduction)) / (q (1 - s (m + f))), W with the closing fee",
    source=USDT_HELP,
    checked="2026-11-23",
    limits="open orders: how their margin adds up could not be confirmed",
)
RULES = (USD_ISOLATED, USDT_ISOLATED)
REFUSED = (
    RefusedMode(
        venue="phemex",
        margin_mode="cross",
        why="cross margin is not modelled, as how orders' margin reduces the equity could not be confirmed",
    ),
    RefusedMode(
        venue="phemex", margin_mode="isolated", contracts=("inverse",), why="coin-margined contracts are not modelled"
    ),
)
