"""Rows of leverage tiers as venues, ccxt and people write them, brought to one form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.margin.records import Record, renamed
from letrade.core.margin.tiers import Tier

NAMES: Mapping[str, str] = {
    "symbol": "symbol", "tier": "tier", "bracket": "tier",
    "floor": "floor", "minNotional": "floor", "notionalFloor": "floor",
    "cap": "cap", "maxNotional": "cap", "notionalCap": "cap",
    "rate": "rate", "maintenance_rate": "rate", "maintenanceMarginRate": "rate", "maintMarginRatio": "rate",
    "amount": "amount", "maintenance_amount": "amount", "cum": "amount",
    "max_leverage": "max_leverage", "maxLeverage": "max_leverage", "initialLeverage": "max_leverage",
}  # fmt: skip
"""Our names, ccxt's and Binance's."""
IGNORED = ("info", "currency", "notionalCoef")
CUMULATIVE_OF_VENUE = ("cum", "mmDeduction", "maintAmount")
"""Where ccxt's unified tier keeps the venue's own maintenance amount: in `info`, under these names."""


def tier_rows(rows: Sequence[Mapping[str, Any]], place: str) -> tuple[Tier, ...]:
    """The tiers of one symbol. DataError that names the row and what is wrong with it."""
    found: list[Tier] = []
    for number, row in enumerate(rows, start=1):
        here = f"{place}: tier {number}"
        if not isinstance(row, Mapping):
            raise DataError(f"{here}: expected a table with named values, found {row!r}")
        record = renamed(Record(here, row), NAMES, IGNORED)
        info = row.get("info")
        info = info if isinstance(info, Mapping) else {}
        rate = record.needed("rate")
        found.append(
            Tier(
                floor=_floor(record, info, found),
                cap=record.number("cap"),
                rate=rate / 100 if _in_percent(info, here) else rate,
                amount=_amount(record, info, here),
                leverage_max=record.number("max_leverage"),
            )
        )
    if not found:
        raise DataError(f"{place}: has no tiers")
    return tuple(found)


def _floor(record: Record, info: Mapping[str, Any], before: Sequence[Tier]) -> Fraction:
    """OKX states the first size that a tier holds, one lot above the last tier's cap: there is nothing in between."""
    floor = record.needed("floor")
    if "minSz" in info and before and before[-1].cap is not None:
        return before[-1].cap
    return floor


def _amount(record: Record, info: Mapping[str, Any], place: str) -> Fraction | None:
    told = record.number("amount")
    if told is not None:
        return told
    name = next((each for each in CUMULATIVE_OF_VENUE if info.get(each) not in (None, "")), None)
    return None if name is None else Record(f"{place}: info", info).needed(name)


def _in_percent(info: Mapping[str, Any], place: str) -> bool:
    """Bybit's own answer states rates in percent: there, initial margin × highest leverage is 100 and not 1."""
    if not {"initialMargin", "maintenanceMargin", "maxLeverage"} <= info.keys():
        return False
    record = Record(f"{place}: info", info)
    return record.needed("initialMargin") * record.needed("maxLeverage") > 10
