"""What the calculator answers: one object of plain values, for JSON, for a table, and for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from letrade.core.fraction import Fraction
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.numbers import MarginError
from letrade.core.margin.results import Margins, PositionMargin, UnitMargin
from letrade.margin.deductions import check_deductions
from letrade.margin.largest import largest_by_margin, largest_by_tiers
from letrade.margin.questions import Group, Question
from letrade.margin.specs import OrderSpec, PositionSpec
from letrade.margin.tier_choice import Chosen

Answer = dict[str, Any]


def answer(question: Question, groups: Sequence[Group]) -> Answer:
    """The first position's figures at the top, then every position and every unit, and where the rules come from."""
    assessed = [(group, _assessed(group)) for group in groups]
    positions = [each for group, margins in assessed for each in _positions(group, margins)]
    warnings = [note for group, margins in assessed for note in (*group.notes, *_position_notes(margins))]
    return {
        "venue": question.venue,
        **positions[0],
        "positions": positions,
        "units": _units(assessed),
        "rules": [_rules(group, margins) for group, margins in assessed],
        "warnings": warnings,
        "notes": warnings,
    }


def _position_notes(margins: Margins) -> list[str]:
    return [each.note for each in margins.positions if each.note]


def _assessed(group: Group) -> Margins:
    """MarginError that names a position or an order by where it was said."""
    try:
        margins = MarginCalculator(group.rules).assess(group.account)
    except MarginError as error:
        places: dict[str, Sequence[PositionSpec | OrderSpec]] = {"positions": group.specs, "orders": group.orders}
        told = re.sub(
            r"(positions|orders)\[(\d+)\](?:\.|: )?",
            lambda found: f"{places[found[1]][int(found[2])].place}: ",
            str(error),
        )
        raise MarginError(told) from error
    check_deductions(margins, group.rules, group.account, [spec.place for spec in group.specs])
    return margins


def _positions(group: Group, margins: Margins) -> list[Answer]:
    units = {unit.name: unit for unit in margins.units}
    return [_position(found, units[found.unit], group, place) for place, found in enumerate(margins.positions)]


def _position(found: PositionMargin, unit: UnitMargin, group: Group, place: int) -> Answer:
    spec = group.specs[place]
    instrument = next(each for each in group.account.instruments if each.name == spec.symbol)
    return {
        "symbol": spec.symbol,
        "side": "long" if spec.side > 0 else "short",
        "size": float(spec.size),
        "entry": float(spec.entry),
        "mark": float(found.mark),
        "leverage": number(spec.leverage),
        "mode": group.rules.mode,
        "margin_mode": group.rules.margin_mode,
        "contract": instrument.contract,
        "currency": instrument.settle,
        "value": float(found.value),
        "unrealised": float(found.unrealised),
        "initial_margin": number(found.initial),
        "maintenance_margin": float(found.maintenance),
        "margin_ratio": number(unit.ratio),
        "margin_ratio_name": unit.ratio_name,
        "liquidation_price": number(found.liquidation_price),
        "liquidation_note": found.liquidation_note or None,
        "liquidated": found.liquidated,
        "bankruptcy_price": number(found.bankruptcy_price),
        "distance_percent": _percent(found.distance),
        "common_move_percent": _percent(unit.common_move) if group.rules.margin_mode == "cross" else None,
        **_largest(unit, group, place),
        "tier": _tier(found, group.tiers[place], group),
    }


def _largest(unit: UnitMargin, group: Group, place: int) -> Answer:
    """In the unit that the size was said in: by the tiers at this leverage, and by the margin that is there."""
    spec, held = group.specs[place], group.account.positions[place]
    said = spec.size / held.size
    instrument = next(each for each in group.account.instruments if each.name == spec.symbol)
    by_tiers = largest_by_tiers(group.rules, instrument, held)
    said_margin = held.margin is not None or group.rules.margin_mode == "cross"
    alone = len(unit.positions) == 1 and not group.account.orders
    by_margin = largest_by_margin(group.rules, instrument, held, unit.equity) if said_margin and alone else None
    both = [each for each in (by_tiers, by_margin) if each is not None]
    return {
        "largest_size": number(min(both) * said) if both else None,
        "largest_size_by_tiers": None if by_tiers is None else float(by_tiers * said),
        "largest_size_by_margin": None if by_margin is None else float(by_margin * said),
    }


def _tier(found: PositionMargin, chosen: Chosen, group: Group) -> Answer:
    row = chosen.table.tiers[found.tier - 1]
    return {
        "number": found.tier,
        "floor": float(row.floor),
        "cap": number(row.cap),
        "basis": group.rules.tier_basis,
        "rate": float(found.rate),
        "amount": float(found.amount),
        "max_leverage": number(row.leverage_max),
        "from": chosen.origin,
        "source": chosen.source,
        "date": chosen.table.dated or None,
    }


def _units(assessed: Sequence[tuple[Group, Margins]]) -> list[Answer]:
    """A wallet is told once, where it backs something: each group of a venue with several sees all balances."""
    found = [(unit, group) for group, margins in assessed for unit in margins.units]
    told = {unit.name for unit, group in found if unit.positions}
    shown: list[Answer] = []
    for unit, group in found:
        if unit.positions or unit.name not in told:
            shown.append(_unit(unit, group))
            told.add(unit.name)
    return shown


def _unit(unit: UnitMargin, group: Group) -> Answer:
    return {
        "name": unit.name,
        "mode": group.rules.mode,
        "currency": unit.currency,
        "equity": float(unit.equity),
        "initial_margin": number(unit.initial),
        "maintenance_margin": float(unit.maintenance),
        "margin_ratio": number(unit.ratio),
        "margin_ratio_name": unit.ratio_name,
        "available": number(unit.available),
        "liquidated": unit.liquidated,
        "common_move_percent": _percent(unit.common_move),
    }


def _rules(group: Group, margins: Margins) -> Answer:
    return {
        "venue": margins.venue,
        "mode": margins.mode,
        "formula": margins.formula,
        "source": margins.source,
        "checked": margins.checked,
        "note": group.rules.note or None,
        "limits": margins.limits or None,
        "liquidated_when": "slack <= 0" if group.rules.liquidated_at == "reached" else "slack < 0",
    }


def number(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _percent(value: Fraction | None) -> float | None:
    return None if value is None else float(value * 100)
