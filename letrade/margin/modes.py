"""The rules that a venue, a word for its mode, a kind of contract and a date name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from letrade.core.config.describe import did_you_mean
from letrade.core.errors import UsageError
from letrade.core.margin.registry import OTHER_NAMES, REFUSED, RULES, rules_for, venues
from letrade.core.margin.rules import Contract, MarginMode, MarginRules

MODE_ALIASES: Mapping[str, str] = {
    "crossed": "cross", "cross_margin": "cross", "isolated_margin": "isolated", "multi_asset": "multi_assets",
}  # fmt: skip


def known_venue(word: str) -> str | None:
    """Our name of a venue that is modelled, whoever's name of it this is."""
    name = word.strip().lower().replace("gate.io", "gate")
    name = OTHER_NAMES.get(name, name)
    return name if name in venues() else None


def venue_of(word: str) -> str:
    """UsageError, with a did-you-mean, where no such venue is modelled."""
    venue = known_venue(word)
    if venue is None:
        raise UsageError(f"--venue: {word!r} is not modelled{did_you_mean(word, venues())}")
    return venue


def rules_of(venue: str, mode: str, contract: Contract, settle: str | None, date: str | None) -> MarginRules:
    """By isolated or cross, by an account type, or by the mode's own name. UsageError that lists what there is;
    MarginError, with the reason, for a mode that the venue has and that is not modelled."""
    wanted = mode.strip().lower().replace("-", "_").replace(" ", "_")
    wanted = MODE_ALIASES.get(wanted, wanted)
    margin_mode, account = _meant(venue, wanted)
    own = [rules for rules in RULES if rules.venue == venue and rules.mode == wanted]
    if own and wanted not in ("isolated", "cross") and not any(contract in rules.contracts for rules in own):
        kinds = " and ".join(own[0].contracts)
        raise UsageError(f"--mode: {wanted} is for {kinds} contracts, and this one is {contract}")
    found = rules_for(
        venue, contract=contract, margin_mode=margin_mode, settle=settle, account=account or None, date=date
    )
    named = [rules for rules in own if contract in rules.contracts]
    if wanted in ("isolated", "cross") or not named or found in named:
        return found
    if date is not None:
        raise UsageError(f"--mode: on {date} the rules of {venue} were those of {found.mode}, and not of {wanted}")
    return max(named, key=lambda rules: rules.since)


def modes(venue: str | None) -> list[dict[str, Any]]:
    """Every mode that is modelled, of one venue or of all: who is liquidated together, by which text of which day."""
    return [
        {
            "venue": rules.venue, "mode": rules.mode, "margin_mode": rules.margin_mode,
            "account": rules.account or None, "contracts": list(rules.contracts),
            "since": rules.since or None, "unit": rules.unit,
            "ratio_name": rules.ratio_name, "formula": rules.formula, "source": rules.source, "checked": rules.checked,
            "note": rules.note or None, "limits": rules.limits or None,
        }
        for rules in RULES
        if venue in (None, rules.venue)
    ]  # fmt: skip


def _meant(venue: str, wanted: str) -> tuple[MarginMode, str]:
    """(isolated or cross, account type)."""
    words: dict[str, tuple[MarginMode, str]] = {"isolated": ("isolated", ""), "cross": ("cross", "")}
    for refused in REFUSED:
        if refused.venue == venue and refused.account:
            words[refused.account] = (refused.margin_mode, refused.account)
    for rules in RULES:
        if rules.venue == venue:
            words[rules.mode] = (rules.margin_mode, rules.account)
            words[rules.account or rules.margin_mode] = (rules.margin_mode, rules.account)
    if wanted not in words:
        raise UsageError(f"--mode: {wanted!r} is not modelled at {venue}{did_you_mean(wanted, words)}")
    return words[wanted]
