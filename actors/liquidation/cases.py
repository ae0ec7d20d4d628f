"""A position of which our liquidation price and the venue's differ, as a case for `letrade margin --cases`."""

from __future__ import annotations

import json
from typing import Any

from letrade.actors.liquidation.watched import Watched
from letrade.core.config.values import show_instant
from letrade.core.instruments import Catalogue
from letrade.core.margin.numbers import ZERO
from letrade.core.margin.results import PositionMargin


def case_line(unit: Watched, place: int, venues_price: float, catalogue: Catalogue, now: int) -> str:
    """One line of JSON; what the venue says is what is expected."""
    margins = unit.assess()
    own = margins.positions[place]
    wallet = unit.book.positions[place].margin if unit.isolated else _balance(unit)
    rules = catalogue.at(own.instrument, now)
    case: dict[str, Any] = {
        "id": f"{unit.account}-{own.instrument}-{now}",
        "source": "recorded by the liquidation monitor",
        "oracle": "exchange",
        "exchange": unit.rules.venue,
        "contract": rules.kind,
        "margin_mode": unit.rules.margin_mode,
        **_position(own, catalogue, now),
        "leverage": None if unit.contracts[place].leverage is None else float(unit.contracts[place].leverage or 0),
        "wallet_balance": float(wallet or 0),
        "other_positions": [
            _position(other, catalogue, now) for number, other in enumerate(margins.positions) if number != place
        ],
        "date": show_instant(now)[:10],
        "expected_liquidation_price": venues_price,
    }
    return json.dumps({name: value for name, value in case.items() if value not in (None, [])})


def _balance(unit: Watched) -> Any:
    settle = unit.settle
    return next((held.balance for held in unit.book.collaterals if held.currency == settle), ZERO)


def _position(held: PositionMargin, catalogue: Catalogue, now: int) -> dict[str, Any]:
    """Amounts of linear contracts are in base units."""
    rules = catalogue.at(held.instrument, now)
    size = held.size * rules.multiplier if rules.kind == "linear" else held.size
    return {
        "symbol": f"{rules.base}/{rules.quote}:{rules.settle}",
        "side": "long" if held.side > 0 else "short",
        "entry_price": float(held.entry),
        "mark_price": float(held.mark),
        "amount": float(size),
        "mm_rate": float(held.rate),
        "maint_amount": float(held.amount),
    }
