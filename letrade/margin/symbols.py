"""What a unified symbol says of its contract, and the contract sizes that people do not want to look up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.margin.rules import Contract
from letrade.core.subjects import venue_symbol

_OWN = re.compile(r"(?:[a-z0-9]+\.)?[A-Za-z0-9]+-[A-Za-z0-9]+_[A-Za-z0-9-]+")
_PLAIN = re.compile(r"([A-Za-z0-9]+)[-_/]([A-Za-z0-9]+)")
_JOINED = re.compile(r"([A-Z0-9]+?)(USDT|USDC|USD)(?:_?PERP)?")
_SYMBOL = re.compile(r"([^/:\s]+)/([^/:\s]+):([^/:\s-]+)(-[0-9A-Za-z-]+)?")
LINEAR_UNITS: Mapping[tuple[str, str], str] = {
    ("okx", "BTC"): "0.01", ("okx", "ETH"): "0.1", ("okx", "SOL"): "1",
    ("htx", "BTC"): "0.001", ("htx", "ETH"): "0.01",
}  # fmt: skip
"""Base units of one contract, where a venue's tiers count contracts."""
COUNTING = frozenset({"okx", "gate", "kucoin", "htx"})
"""Venues of which a linear contract is some share, or number, of base units; elsewhere it is one."""
INVERSE_UNITS: Mapping[str, tuple[str, str]] = {"binance": ("100", "10"), "okx": ("100", "10"), "bybit": ("1", "1")}
"""USD of one coin-margined contract: of BTC, and of every other coin."""


class Parts(NamedTuple):
    """BTC/USDT:USDT is (BTC, USDT, USDT, linear); BTC/USD:BTC is inverse."""

    base: str
    quote: str
    settle: str
    contract: Contract


def parts_of(symbol: str, place: str) -> Parts:
    """DataError where the symbol names no futures contract whose gains are paid in its base or its quote."""
    found = _SYMBOL.fullmatch(symbol)
    if found is None:
        wanted = "expected a contract such as BTC/USDT:USDT or BTC/USD:BTC"
        raise DataError(f"{place}: {wanted}, found {symbol!r}{_meant(symbol)}")
    base, quote, settle = found.group(1, 2, 3)
    if settle != settle.upper():
        raise DataError(f'{place}: no currency is written {settle!r}, did you mean "{symbol.upper()}"?')
    if settle not in (base, quote):
        raise DataError(f"{place}: {symbol}: contracts that settle in a third currency are not modelled")
    return Parts(base, quote, settle, "inverse" if settle == base else "linear")


def _meant(symbol: str) -> str:
    """What a symbol without a settle currency can mean."""
    joined = _JOINED.fullmatch(symbol.upper())
    base, _, quote = symbol.partition("/") if joined is None else (joined[1], "/", joined[2])
    if joined is not None and quote != "USD":
        return f', did you mean "{base}/{quote}:{quote}"?'
    if not quote or symbol.count("/") > 1 or ":" in symbol:
        return ""
    return f": a perpetual is {base}/{quote}:{base if quote == 'USD' else quote}"


def unified(symbol: str, contract: Contract | None = None) -> str:
    """ccxt's form of an instrument's id (binance.BTC-USDT_USDT), or of base and quote alone where the kind of contract
    is known; anything else as it is."""
    if _OWN.fullmatch(symbol):
        symbol = venue_symbol(symbol if "." in symbol else f"any.{symbol}")[1]
    plain = _PLAIN.fullmatch(symbol)
    if plain is None or contract is None:
        return symbol
    base, quote = plain.groups()
    return f"{base}/{quote}:{base if contract == 'inverse' else quote}"


def multiplier_of(venue: str, parts: Parts, told: Fraction | None, *, counted: bool, place: str) -> Fraction:
    """What a size of 1 is: of an inverse contract its quote units, of a linear one its base units where the venue's
    tiers count contracts. DataError where nobody says it."""
    if told is not None:
        return told
    if parts.contract == "linear":
        known = LINEAR_UNITS.get((venue, parts.base)) if counted else "1"
    else:
        sizes = INVERSE_UNITS.get(venue)
        known = None if sizes is None else sizes[0] if parts.base == "BTC" else sizes[1]
    if known is None:
        raise DataError(f"{place}: the contract size at {venue} is not known: say it (--multiplier, or multiplier)")
    return read_fraction(known)


TAKER_FEES: Mapping[str, str] = {
    "binance": "0.0005", "okx": "0.0005", "bybit": "0.00055", "gate": "0.0005", "bitget": "0.0006", "kucoin": "0.0006",
    "hyperliquid": "0.00045", "htx": "0.0005", "phemex": "0.0006",
}  # fmt: skip
"""What an account without volume or rebates pays to take, in futures."""


def taker_fee(venue: str) -> Fraction:
    """Of a new account; 0 where it is not known here."""
    return read_fraction(TAKER_FEES.get(venue, "0"))
