"""Positions and open orders as people write them: by option, or as rows of JSON, TOML and CSV, ccxt's own included."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.margin.account import Side
from letrade.core.margin.records import Record, read_records, renamed
from letrade.margin.symbols import unified

POSITION_NAMES: Mapping[str, str] = {
    "symbol": "symbol", "side": "side",
    "size": "size", "amount": "size", "contracts": "size",
    "entry": "entry", "entry_price": "entry", "entryPrice": "entry",
    "mark": "mark", "mark_price": "mark", "markPrice": "mark",
    "leverage": "leverage", "mode": "mode", "margin_mode": "mode", "marginMode": "mode",
    "margin": "margin", "wallet": "margin", "wallet_balance": "margin",
    "added": "added", "added_margin": "added",
    "multiplier": "multiplier", "contract_size": "multiplier", "contractSize": "multiplier",
    "contract": "contract", "fee": "fee", "fee_rate": "fee",
    "rate": "rate", "maintenance_rate": "rate", "mm_rate": "rate",
    "maintenance_amount": "maintenance_amount", "maint_amount": "maintenance_amount",
    "maintenance": "maintenance", "position_maintenance": "maintenance",
    "max_leverage": "max_leverage",
}  # fmt: skip
ORDER_NAMES: Mapping[str, str] = {
    "symbol": "symbol", "side": "side", "price": "price", "leverage": "leverage",
    "size": "size", "amount": "size", "remaining": "size",
    "reduce_only": "reduce_only", "reduceOnly": "reduce_only",
}  # fmt: skip
CCXT_POSITION = (
    "info", "id", "timestamp", "datetime", "lastUpdateTimestamp", "lastPrice", "initialMargin",
    "initialMarginPercentage", "maintenanceMargin", "maintenanceMarginPercentage", "notional", "unrealizedPnl",
    "realizedPnl", "collateral", "liquidationPrice", "marginRatio", "percentage", "hedged", "stopLossPrice",
    "takeProfitPrice", "positionMargin", "exitPrice", "isolated",
)  # fmt: skip
"""What ccxt's unified position says beside: the venue's own results, which are computed here anew;
`collateral`, `positionMargin` and `unrealizedPnl` are read apart."""
CCXT_ORDER = (
    "info", "id", "clientOrderId", "timestamp", "datetime", "lastTradeTimestamp", "lastUpdateTimestamp", "type",
    "status", "timeInForce", "postOnly", "triggerPrice", "stopPrice", "stopLossPrice", "takeProfitPrice", "cost",
    "average", "filled", "fee", "fees", "trades",
)  # fmt: skip
SIDES: Mapping[str, Side] = {"long": 1, "buy": 1, "short": -1, "sell": -1}


class PositionSpec(Struct, frozen=True, kw_only=True):
    """One position as it was said; None is what was not."""

    place: str
    symbol: str
    side: Side
    size: Fraction
    """Base units of a linear contract (contracts, where `multiplier` says what one is), contracts of an inverse one."""
    in_contracts: bool = False
    """Whether it was said as `contracts`."""
    entry: Fraction
    mark: Fraction | None = None
    leverage: Fraction | None = None
    mode: str | None = None
    margin: Fraction | None = None
    added: Fraction | None = None
    multiplier: Fraction | None = None
    fee: Fraction | None = None
    rate: Fraction | None = None
    """Maintenance rate of the tier in force, in place of a table."""
    maintenance_amount: Fraction | None = None
    maintenance: Fraction | None = None
    max_leverage: Fraction | None = None
    collateral: Fraction | None = None
    """What ccxt says is behind an isolated position."""
    own_wallet: Fraction | None = None
    """What ccxt says its margin is without gains."""
    gains: Fraction = Fraction(0)
    """Unrealised, as ccxt tells them beside it."""


class OrderSpec(Struct, frozen=True, kw_only=True):
    """One open order as it was said."""

    place: str
    symbol: str
    side: Side
    size: Fraction
    price: Fraction
    leverage: Fraction | None = None
    reduces: bool = False


def read_positions(path: Path) -> list[PositionSpec]:
    """Rows of a file. DataError for an unknown name, a missing or impossible number."""
    return [position_of(each) for each in read_records(path, ("positions", "position"))]


def position_of(raw: Record) -> PositionSpec:
    ccxt = "entryPrice" in raw.values
    record = renamed(raw, POSITION_NAMES, CCXT_POSITION if ccxt else ())
    size, side = record.needed("size"), record.text("side")
    if size < 0 and side is None:
        size, side = -size, "short"
    elif side is None:
        raise DataError(f"{record.place}: side is missing: expected long or short")
    elif size <= 0:
        raise DataError(f"{record.place}: size: expected a number above 0, found {float(size):g}")
    return PositionSpec(
        place=record.place,
        symbol=_symbol(record),
        side=side_of(side, record.place),
        size=size,
        in_contracts=raw.values.get("contracts") not in (None, ""),
        entry=record.needed_positive("entry"),
        mark=record.positive("mark"),
        mode=record.text("mode"),
        rate=record.number("rate"),
        collateral=(raw.number("collateral") or None) if ccxt else None,
        own_wallet=(raw.number("positionMargin") or None) if ccxt else None,
        gains=(raw.number("unrealizedPnl") or Fraction(0)) if ccxt else Fraction(0),
        **{name: record.number(name) for name in _OPTIONAL},
    )


_OPTIONAL = (
    "leverage", "margin", "added", "multiplier", "fee", "maintenance_amount", "maintenance", "max_leverage",
)  # fmt: skip


def read_orders(path: Path) -> list[OrderSpec]:
    return [_order_of(each) for each in read_records(path, ("orders", "order"))]


def _order_of(raw: Record) -> OrderSpec:
    values = {name: value for name, value in raw.values.items() if not (name == "amount" and "remaining" in raw.values)}
    record = renamed(Record(raw.place, values), ORDER_NAMES, CCXT_ORDER if "clientOrderId" in raw.values else ())
    return OrderSpec(
        place=record.place,
        symbol=_symbol(record),
        side=side_of(record.text("side") or "", record.place),
        size=record.needed_positive("size"),
        price=record.needed_positive("price"),
        leverage=record.number("leverage"),
        reduces=record.flag("reduce_only"),
    )


def side_of(word: str, place: str) -> Side:
    found = SIDES.get(word.strip().lower())
    if found is None:
        raise DataError(f"{place}: side: expected long or short, found {word!r}")
    return found


def _symbol(record: Record) -> str:
    symbol = record.text("symbol")
    if symbol is None:
        raise DataError(f"{record.place}: symbol is missing")
    return unified(symbol)
