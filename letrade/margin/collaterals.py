"""Balances that stand behind a cross account: rows of a file, or one wallet, with their index prices and haircuts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, CollateralTier
from letrade.core.margin.records import Record, read_records, renamed
from letrade.core.margin.rules import LiquidationUnit

NAMES: Mapping[str, str] = {
    "currency": "currency", "coin": "currency", "asset": "currency",
    "balance": "balance", "wallet": "balance", "wallet_balance": "balance",
    "index": "index", "price": "index", "index_price": "index",
    "haircut": "haircut", "ratio": "ratio", "ratios": "ratios", "cap": "cap", "debt_buffer": "debt_buffer",
    "pegged": "pegged",
}  # fmt: skip
TIER_NAMES: Mapping[str, str] = {"floor": "floor", "cap": "cap", "ratio": "ratio", "haircut": "haircut"}
PEGGED = frozenset({"USD", "USDT", "USDC", "FDUSD", "USDE", "DAI", "BUSD", "TUSD", "PYUSD", "USD1", "USDH", "BFUSD"})
"""Coins of one dollar: in a common move of all markets they stand still, unless `pegged` says otherwise."""


def read_collaterals(path: Path, valued_in: str, unit: LiquidationUnit) -> tuple[CollateralState, ...]:
    """Rows of a file; in an account that is valued as a whole, every currency but the one that it is valued in needs
    its index and its haircut."""
    found: dict[str, CollateralState] = {}
    for raw in read_records(path, ("collateral", "collaterals", "balances")):
        state = _state(renamed(raw, NAMES), valued_in if unit == "account" else None)
        if state.currency in found:
            raise DataError(f"{raw.place}: {state.currency} stands there twice")
        found[state.currency] = state
    return tuple(found.values())


def wallet(currency: str, balance: Fraction) -> CollateralState:
    """One balance in the currency that the account is valued in."""
    return CollateralState(currency=currency, balance=balance, pegged=currency in PEGGED)


def _state(record: Record, valued_in: str | None) -> CollateralState:
    """None: each currency is a wallet of its own."""
    currency = record.text("currency")
    if currency is None:
        raise DataError(f"{record.place}: currency is missing")
    index = record.number("index")
    if index is None and valued_in not in (None, currency):
        raise DataError(f"{record.place}: {currency}: say its index price in {valued_in}")
    ratios = _ratios(record)
    if ratios is None and valued_in not in (None, currency):
        raise DataError(f"{record.place}: {currency}: say its haircut, 0 where it counts in full")
    pegged = record.flag("pegged") if "pegged" in record.values else currency in PEGGED
    return CollateralState(
        currency=currency,
        balance=record.needed("balance"),
        index=Fraction(1) if index is None else index,
        ratios=ratios or (),
        cap=record.number("cap"),
        debt_buffer=record.number("debt_buffer") or Fraction(0),
        pegged=pegged,
    )


def _ratios(record: Record) -> tuple[CollateralTier, ...] | None:
    """One ratio for all of it, or rows; None where nothing is said."""
    rows = record.values.get("ratios")
    if rows is None:
        whole = _ratio(record)
        return None if whole is None else (CollateralTier(Fraction(0), None, whole),)
    if not isinstance(rows, list) or not rows:
        raise DataError(f"{record.place}: ratios: expected a list of {{floor, cap, ratio}}, found {rows!r}")
    return tuple(_tier(f"{record.place}: ratio {number}", row) for number, row in enumerate(rows, start=1))


def _tier(place: str, row: Any) -> CollateralTier:
    if not isinstance(row, dict):
        raise DataError(f"{place}: expected a table with floor, cap and ratio, found {row!r}")
    record = renamed(Record(place, row), TIER_NAMES)
    ratio = _ratio(record)
    if ratio is None:
        raise DataError(f"{place}: ratio is missing")
    return CollateralTier(record.needed("floor"), record.number("cap"), ratio)


def _ratio(record: Record) -> Fraction | None:
    haircut, ratio = record.number("haircut"), record.number("ratio")
    if haircut is not None and ratio is not None:
        raise DataError(f"{record.place}: say haircut or ratio, not both")
    found = ratio if haircut is None else 1 - haircut
    if found is not None and not 0 <= found <= 1:
        raise DataError(f"{record.place}: expected a haircut from 0 to 1, found {float(1 - found):g}")
    return found
