"""A position of which our liquidation price and the venue's differ, as a case for `letrade margin --cases`."""

from __future__ import annotations

import json
from typing import Any

from letrade.actors.liquidation.watched import Watched
from letrade.core.config.values import show_instant
from letrade.core.fraction import Fraction
from letrade.core.instruments import Catalogue
from letrade.core.margin.numbers import ONE, ZERO
from letrade.core.margin.results import PositionMargin
from letrade.core.margin.tiers import Tier


def case_line(unit: Watched, place: int, venues_price: float, catalogue: Catalogue, now: int) -> str:
    """One line of JSON; what the venue says is what is expected."""
    margins = unit.assess()
    own = margins.positions[place]
    wallet = unit.book.positions[place].margin if unit.isolated else _balance(unit)
    rules = catalogue.at(own.instrument, now)
    case: dict[str, Any] = {
        "id": f"{unit.account}-{unit.names[place].replace(' ', '-')}-{now}",
        "source": "recorded by the liquidation monitor",
        "oracle": "exchange",
        "exchange": unit.rules.venue,
        "contract": rules.kind,
        "contract_size": float(rules.multiplier) if rules.inverse else None,
        "margin_mode": unit.rules.margin_mode,
        "fee_rate": float(unit.book.instruments[0].fee_rate),
        **_position(unit, place, margins.positions[place], catalogue, now),
        "wallet_balance": float(wallet or 0),
        "other_positions": [
            _position(unit, number, other, catalogue, now)
            for number, other in enumerate(margins.positions)
            if number != place
        ],
        "date": max(show_instant(now)[:10], unit.rules.since),
        "expected_liquidation_price": venues_price,
    }
    return json.dumps({name: value for name, value in case.items() if value not in (None, [])})


def _balance(unit: Watched) -> Any:
    settle = unit.settle
    return next((held.balance for held in unit.book.collaterals if held.currency == settle), ZERO)


def _position(
    unit: Watched, place: int, held: PositionMargin, catalogue: Catalogue, now: int
) -> dict[str, Any]:
    """Amounts of linear contracts are in base units, and so are their tiers where these count contracts."""
    rules = catalogue.at(held.instrument, now)
    leverage = unit.contracts[place].leverage
    unit_size = ONE if rules.inverse else rules.multiplier
    size, tier_unit = held.size * unit_size, unit_size if unit.rules.tier_basis == "contracts" else ONE
    return {
        "symbol": f"{rules.base}/{rules.quote}:{rules.settle}",
        "side": "long" if held.side > 0 else "short",
        "entry_price": float(held.entry),
        "mark_price": float(held.mark),
        "amount": float(size),
        **({} if leverage is None else {"leverage": float(leverage)}),
        "mm_rate": float(held.rate),
        "maint_amount": float(held.amount),
        "tiers": [_tier(tier, tier_unit) for tier in (rules.tiers.tiers if rules.tiers else ())],
    }


def _tier(tier: Tier, unit: Fraction) -> dict[str, float]:
    values = {
        "floor": tier.floor * unit, "cap": None if tier.cap is None else tier.cap * unit, "rate": tier.rate,
        "amount": tier.amount, "max_leverage": tier.leverage_max,
    }  # fmt: skip
    return {name: float(value) for name, value in values.items() if value is not None}
