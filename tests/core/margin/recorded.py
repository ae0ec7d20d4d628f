"""Reads recorded positions with their liquidation prices, and assesses each by its own venue's rules."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from letrade.core.fraction import Fraction
from letrade.core.margin.account import InstrumentState, PositionState, Side
from letrade.core.margin.registry import FIRST_CHANGE, rules_for
from letrade.core.margin.results import PositionMargin
from letrade.core.margin.rules import MarginRules
from letrade.core.margin.tiers import one_tier
from tests.core.margin.accounts import LONG, SHORT, exact, first, instrument, position, wallet
from tests.data import ROOT

Case = dict[str, Any]
VENUES = {"(jesse: bybit formula, hard-coded mm 0.4%)": "bybit", "(octobot generic)": "bybit"}
"""Bots' own formulas, which are those of this venue."""


def golden(name: str) -> Any:
    """A file of the recorded cases; None where there are none, as tests are collected without them too."""
    shared = Path(os.environ.get("LETRADE_SHARED") or ROOT.parent / "shared")
    path = shared / "data" / "golden" / name
    return json.loads(path.read_text()) if path.exists() else None


def recorded(*oracles: str) -> list[Case]:
    """The cases that these say."""
    return [case for case in golden("liquidation_cases.json") or [] if case["oracle"] in oracles]


def assessed(case: Case) -> PositionMargin:
    """What the venue's rules of that time say of the case's position."""
    rules = rules_of(case)
    cases = [case, *({**case, **other} for other in case["other_positions"])]
    instruments, legs = [_instrument(one, rules) for one in cases], [_position(one, rules) for one in cases]
    if rules.unit == "position":
        return first(rules, instruments, legs)
    return first(rules, instruments, legs, [wallet(_balance(case), _settle(case))])


def rules_of(case: Case) -> MarginRules:
    """By venue, contract, margin mode, settle currency and date, never by case."""
    exchange: str = case["exchange"]
    venue = VENUES.get(exchange, exchange)
    return rules_for(
        venue, contract=case["contract"], margin_mode=case["margin_mode"], settle=_settle(case), date=FIRST_CHANGE
    )


def error(case: Case, price: Fraction | None) -> float:
    """How far the price is off, as a multiple of what the case tolerates."""
    expected = case["expected_liquidation_price"]
    if price is None or expected is None:
        return 0.0 if price is None and expected is None else float("inf")
    tolerance = case["tolerance"]
    allowed: float = tolerance["abs"] if "abs" in tolerance else tolerance["rel"] * expected
    return abs(float(price) - float(expected)) / allowed


def _settle(case: Case) -> str:
    _, _, settle = case["symbol"].partition(":")
    return settle.partition("-")[0] or "USDT"


def _instrument(case: Case, rules: MarginRules) -> InstrumentState:
    rate = case["adjust_factor"] if rules.rate_is == "adjustment" else case["mm_rate"]
    return instrument(
        one_tier(case["symbol"], exact(rate), exact(case.get("maint_amount") or 0)),
        case.get("mark_price") or case["entry_price"],
        case["symbol"],
        contract=case["contract"],
        settle=_settle(case),
        multiplier=case["contract_size"] if case["contract"] == "inverse" else 1,
        fee=case.get("fee_rate") or 0,
    )


def _position(case: Case, rules: MarginRules) -> PositionState:
    return position(
        _side(case),
        case["amount"],
        case["entry_price"],
        case["symbol"],
        leverage=case.get("leverage"),
        margin=None if _margin_unknown(case, rules) else _balance(case),
        maintenance=case.get("position_maintenance"),
    )


def _margin_unknown(case: Case, rules: MarginRules) -> bool:
    """Bybit shows the margin with a closing fee that the case does not state: the leverage says it without."""
    return rules.mode == "isolated" and rules.venue == "bybit" and case.get("fee_rate") is None


def _balance(case: Case) -> Fraction:
    """The wallet without unrealised gains, which some venues put into the number they show."""
    balance = exact(case["wallet_balance"])
    if not _with_gains(case):
        return balance
    for leg in (case, *case["other_positions"]):
        side, size = _side(leg), exact(leg["amount"])
        balance -= side * size * (exact(leg["mark_price"]) - exact(leg["entry_price"]))
    return balance


def _with_gains(case: Case) -> bool:
    says = case.get("wallet_balance_is", "")
    return "incl." in says or "raw_usd" in case


def _side(case: Case) -> Side:
    return LONG if case["side"] == "long" else SHORT
