"""Instruments from the names that venues and file names give them."""

from __future__ import annotations

import re
from typing import NamedTuple

from letrade.core.errors import DataError
from letrade.core.instruments import Catalogue
from letrade.core.messages.market import Instrument
from letrade.core.subjects import instrument_id, venue_symbol

_QUOTES = (
    "USDT USDC FDUSD TUSD BUSD USDP USDS USD1 DAI PAX VAI UST AEUR EURI USD EUR GBP TRY BRL JPY AUD UAH RUB IDRT BIDR "
    "NGN ZAR PLN RON ARS MXN CZK COP BVND BKRW VND BTC ETH BNB XRP TRX DOGE DOT SOL"
)
QUOTES = tuple(_QUOTES.split())
"""What other assets are priced in; the longest that ends a symbol is its quote."""


class Market(NamedTuple):
    """What a name says: base and quote, and the settlement currency of a perpetual ('' for spot)."""

    base: str
    quote: str
    settle: str = ""

    def instrument(self, venue: str) -> str:
        symbol = f"{self.base}/{self.quote}"
        return instrument_id(venue, f"{symbol}:{self.settle}" if self.settle else symbol)


def split_symbol(symbol: str, linear: bool) -> Market | None:
    """BTCUSDT is BTC and USDT; None when no known quote currency ends it."""
    quotes = [quote for quote in QUOTES if symbol.endswith(quote) and len(symbol) > len(quote)]
    if not quotes:
        return None
    quote = max(quotes, key=len)
    return Market(symbol.removesuffix(quote), quote, quote if linear else "")


_PARTS = re.compile(r"[-_/:]")
_PERPETUAL = frozenset({"SWAP", "PERP", "PERPETUAL"})
_FUTURES_WORDS = ("futures", "swap", "perp", "linear", "usdm", "delivery")


def market_named(text: str, exchange: str = "") -> Market | None:
    """What a vendor calls a market: BTCUSDT, BTC/USDT:USDT, btc-usdt, BTC-USDT-SWAP; linear where the exchange's name
    says so (binance-futures). None when it cannot be told."""
    parts = [part for part in _PARTS.split(text.upper()) if part]
    linear = any(word in exchange.lower() for word in _FUTURES_WORDS)
    if len(parts) == 1:
        return split_symbol(parts[0], linear)
    if len(parts) > 3 or parts[1] not in QUOTES or not all(part.isalnum() for part in parts):
        return None
    if len(parts) == 2:
        return Market(parts[0], parts[1], parts[1] if linear else "")
    if parts[2] in _PERPETUAL:
        return Market(parts[0], parts[1], parts[1])
    return Market(parts[0], parts[1], parts[2]) if parts[2] in QUOTES else None


def market_of(instrument: str) -> Market:
    """Base, quote and settlement currency of an instrument id. DataError when it does not show them."""
    symbol = venue_symbol(instrument)[1]
    pair, _, settle = symbol.partition(":")
    base, slash, quote = pair.partition("/")
    if not (base and slash and quote):
        raise DataError(f"expected an instrument such as 'binance.BTC-USDT', found {instrument!r}")
    return Market(base, quote, settle)


def known_instrument(catalogue: Catalogue, venue: str, symbol: str, linear: bool) -> str | None:
    """The desk's own instrument of this venue whose base and quote make the symbol."""
    kind = "linear" if linear else "spot"
    for instrument in catalogue.ids():
        rules = catalogue.at(instrument, 0)
        if instrument.startswith(f"{venue}.") and rules.kind == kind and rules.base + rules.quote == symbol:
            return instrument
    return None


def described(instrument: str, tick: str, lot: str) -> Instrument:
    """The instrument with the rules that its id and its data show. DataError for inverse and dated contracts."""
    market = market_of(instrument)
    if market.settle not in ("", market.quote):
        raise DataError(
            f"{instrument} settles in {market.settle}, not in its quote {market.quote}: "
            "only spot and linear instruments are known; give it as an [[instrument]]"
        )
    return Instrument(
        instrument=instrument,
        kind="linear" if market.settle else "spot",
        base=market.base,
        quote=market.quote,
        settle=market.settle or market.quote,
        tick=tick,
        lot=lot,
    )
