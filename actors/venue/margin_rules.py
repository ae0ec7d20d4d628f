"""What the margin rules of each venue say, in words: one VenueRules a venue, each step with its source."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from letrade.core.clock import MINUTE
from letrade.core.fraction import Fraction

SECOND = 1_000_000_000


class VenueRules(Struct, frozen=True, kw_only=True):
    """A unit is an isolated position, or what a settle currency's wallet backs, with coins that count beside it."""

    name: str
    leverage: int
    """Of a contract until it is set."""
    tiers_by: Literal["notional", "contracts"] = "notional"
    cumulative: bool = True
    """maintenance = rate × value − amount; else rate × value, the rate of the whole tier."""
    closing_fee: Literal["none", "maintenance", "reserved"] = "none"
    """maintenance: the taker fee of the value is part of maintenance. reserved: a closing fee is in both margins."""
    liquidated_below: bool = False
    """Whether a unit whose equity equals its maintenance is left alone."""
    lower_isolated: Literal["refused", "adds"] = "refused"
    """What lowering the leverage of an isolated position does: nothing, or add margin to it."""
    small_orders: Literal["reducing", "closing"] = "reducing"
    """Which orders need no least notional: all reduce-only ones, or those that close the whole position."""
    # ---- liquidation, after the unit's open orders were cancelled
    partial: Literal["safe_tier", "two_tiers", "fifth"]
    """safe_tier: down to the first lower tier in which the unit is safe. two_tiers: two tiers down, from the third on.
    fifth: 20 % of what is worth more than `partial_above`."""
    partial_above: Fraction = Fraction(0)
    all_or_none: bool = False
    """The partial order is fill-or-kill, not immediate-or-cancel."""
    whole_in_market: bool = True
    """Whether a whole position is offered to the market before it is taken over."""
    cooldown: int = 0
    """ns after a partial step: the unit waits for the next (two_tiers), or goes as a whole meanwhile (fifth)."""
    taken_over_below: Fraction | None = None
    """Taken over only when equity is below this share of maintenance; None: as soon as the market did not help."""
    fee: Fraction = Fraction(0)
    """Of the value liquidated in the market, beside the taker fee; it goes to the insurance fund."""
    fee_at_takeover: bool = False
    """Whether what is taken over pays the taker fee, which its bankruptcy price then allows for."""
    ranked_by: Literal["margin_ratio", "leverage"] = "leverage"
    """Auto-deleveraging takes first the highest profit share × maintenance / equity, or × value / equity."""
    deleveraged_pay: Literal["nothing", "maker"] = "nothing"
    hedge: Literal["legs", "isolated", "none"] = "legs"
    """Whether a long and a short leg may be held side by side: each with its own maintenance; isolated ones alone."""
    has_inverse: bool = True
    """Whether contracts that settle in their base are traded at all."""
    no_collateral: str = ""
    """Why no coin but the settle currency backs cross positions; "" where they may."""
    sources: tuple[str, ...]


BINANCE = VenueRules(
    name="binance",
    leverage=20,
    partial="safe_tier",
    fee=Fraction(5, 400),
    ranked_by="margin_ratio",
    sources=(
        "https://www.binance.com/en/support/faq/360033525271",  # cancel, one immediate-or-cancel order, then the fund
        "https://www.binance.com/en/support/faq/360033525471",  # auto-deleveraging: LeveragePnL, no fee
        "https://www.binance.com/en/support/faq/f80415bea8124f6494566f23c0bf9c38",  # multi-assets: automatic exchange
        "https://fapi.binance.com/fapi/v1/exchangeInfo",  # liquidationFee 0.0125 of BTCUSDT
    ),
)
BYBIT = VenueRules(
    name="bybit",
    leverage=10,
    closing_fee="reserved",
    lower_isolated="adds",
    partial="safe_tier",
    all_or_none=True,
    whole_in_market=False,
    fee_at_takeover=True,
    deleveraged_pay="maker",
    hedge="isolated",
    no_collateral="bybit sells collateral for debts before it closes contracts, which is not modelled",
    sources=(
        "https://www.bybit.eu/en-EU/announcement-info/liquidation-summarize",  # cancel, fill-or-kill, bankruptcy price
        "https://help.bybit.com/hc/en-us/articles/900000031623-What-is-Auto-Deleveraging-ADL-",
    ),
)
OKX = VenueRules(
    name="okx",
    leverage=3,
    tiers_by="contracts",
    cumulative=False,
    closing_fee="maintenance",
    lower_isolated="adds",
    partial="two_tiers",
    whole_in_market=False,
    cooldown=MINUTE,
    fee_at_takeover=True,
    no_collateral="okx: multi-currency margin is not modelled, as its discounts and borrowing could not be confirmed",
    sources=(
        "https://www.okx.com/help/v-tiered-maintenance-margin-ratio-rules",
        "https://www.okx.com/learn/when-would-my-order-be-liquidated",
    ),
)
HYPERLIQUID = VenueRules(
    name="hyperliquid",
    leverage=20,
    liquidated_below=True,
    lower_isolated="adds",
    small_orders="closing",
    partial="fifth",
    partial_above=Fraction(100_000),
    cooldown=30 * SECOND,
    taken_over_below=Fraction(2, 3),
    has_inverse=False,
    hedge="none",
    no_collateral="hyperliquid backs contracts with their settle currency; anything else is not modelled",
    sources=(
        "https://hyperliquid.gitbook.io/hyperliquid-docs/trading/liquidations",
        "https://hyperliquid.gitbook.io/hyperliquid-docs/trading/auto-deleveraging",
    ),
)
RULES = {rules.name: rules for rules in (BINANCE, BYBIT, OKX, HYPERLIQUID)}


def hedge_refusal(rules: str, margin_mode: str) -> str:
    """Why an account cannot have legs side by side in a margin mode; '' where it can."""
    found = RULES[rules].hedge
    if found == "none":
        return f"{rules} has one-way positions alone"
    if found == "isolated" and margin_mode != "isolated":
        return f"how {rules} margins two legs across could not be confirmed: hedge mode needs isolated margin"
    return ""
