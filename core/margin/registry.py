"""Finds the rules of a venue's margin mode at a date, or says why there are none."""

from __future__ import annotations

from collections.abc import Sequence

from letrade.core.margin.numbers import MarginError
from letrade.core.margin.rules import Contract, MarginMode, MarginRules, RefusedMode
from letrade.core.margin.venues import binance, bitget, bybit, gate, htx, hyperliquid, kucoin, okx, phemex

RULES: tuple[MarginRules, ...] = (
    *binance.RULES,
    *okx.RULES,
    *bybit.RULES,
    *gate.RULES,
    *bitget.RULES,
    *hyperliquid.RULES,
    *kucoin.RULES,
    *htx.RULES,
    *phemex.RULES,
)
REFUSED: tuple[RefusedMode, ...] = (
    *okx.REFUSED,
    *bybit.REFUSED,
    *bitget.REFUSED,
    *kucoin.REFUSED,
    *htx.REFUSED,
    *phemex.REFUSED,
)
OTHER_NAMES = {"kucoinfutures": "kucoin", "binanceusdm": "binance", "binancecoinm": "binance", "gateio": "gate"}
OTHER_NAMES |= {"huobi": "htx", "okex": "okx"}
FIRST_CHANGE = "2024-10-01"
"""Before any of the dated changes below: the day for recorded positions that carry no date of their own."""


def venue_named(venue: str) -> str:
    """As RULES call it."""
    return OTHER_NAMES.get(venue.lower(), venue.lower())


def rules_for(
    venue: str,
    *,
    contract: Contract,
    margin_mode: MarginMode,
    settle: str | None = None,
    account: str | None = None,
    date: str | None = None,
) -> MarginRules:
    """The rules in force at a date (YYYY-MM-DD; None: the newest); MarginError when the mode is not modelled.

    `account` is the venue's account type where it has several for one margin mode, as Binance's "multi_assets".
    """
    name = venue_named(venue)
    mode = f"{name} {margin_mode}{f' {account}' if account else ''}, {contract}, settled in {settle or 'any currency'}"
    known = [rules for rules in RULES if rules.venue == name]
    if not known:
        raise MarginError(f"{name}: expected one of {', '.join(venues())}; its margin rules are not modelled")
    fitting = [
        rules
        for rules in known
        if contract in rules.contracts
        and rules.margin_mode == margin_mode
        and rules.account == (account or "")
        and (settle is None or not rules.settles or settle in rules.settles)
    ]
    if not fitting:
        raise MarginError(f"{mode}: {_why(name, contract, margin_mode, account or '')}. Modelled: {_modes(known)}")
    dated = [rules for rules in fitting if date is None or rules.since <= date]
    if not dated:
        first = min(rules.since for rules in fitting)
        raise MarginError(f"{mode}: its rules before {first} are not modelled, found the date {date}")
    return max(dated, key=lambda rules: rules.since)


def venues() -> Sequence[str]:
    """Every venue that has rules."""
    return list(dict.fromkeys(rules.venue for rules in RULES))


def _why(venue: str, contract: Contract, margin_mode: MarginMode, account: str) -> str:
    for refused in REFUSED:
        asked = (refused.venue, refused.margin_mode, refused.account) == (venue, margin_mode, account)
        if asked and contract in refused.contracts:
            return refused.why
    return "this mode is not modelled"


def _modes(known: Sequence[MarginRules]) -> str:
    return ", ".join(dict.fromkeys(f"{rules.mode} ({' and '.join(rules.contracts)})" for rules in known))
