"""An exchange's public market data through ccxt: markets, and pages of bars, trades, rates, fetched with patience."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from letrade.core import clock
from letrade.core.clock import MILLISECOND, SECOND
from letrade.core.config.describe import did_you_mean
from letrade.core.config.secrets import without_user_info
from letrade.core.data.columns import Kind
from letrade.core.errors import DataError, ResourceError, UsageError
from letrade.core.messages.market import Instrument
from letrade.core.subjects import instrument_id

TRIES = 8
WAIT_SECONDS, WAIT_SECONDS_MAX = 1.0, 60.0
PAGE_ROWS = 1_000
TICK_SIZE, DECIMAL_PLACES = 4, 2
"""ccxt's ways to state a precision."""
METHODS: Mapping[Kind, str] = {
    Kind.BARS: "fetchOHLCV",
    Kind.TRADES: "fetchTrades",
    Kind.FUNDING: "fetchFundingRateHistory",
    Kind.MARKS: "fetchMarkOHLCV",
    Kind.INDEX: "fetchIndexOHLCV",
}
_QUERY = re.compile(r"\?[^\s=]*=\S*")
"""Of a URL, or of a path as an error of a connection tells it."""
Result = TypeVar("Result")


class Market(NamedTuple):
    """A market of the exchange: ccxt's unified symbol, our id, and its rules where we know such instruments."""

    symbol: str
    instrument: str
    rules: Instrument | None


class Exchange:
    """One venue. `wait` is what it sleeps with between tries; `on_retry` hears of each."""

    def __init__(
        self,
        venue: str,
        settings: Mapping[str, Any],
        wait: Callable[[float], None] = clock.sleep,
        on_retry: Callable[[str], None] | None = None,
        tries: int = TRIES,
    ) -> None:
        self.venue = venue
        self._tries = tries
        self.advice = "the same command goes on where it stopped"
        """What to do after all tries failed."""
        self._errors, self.client = _client(venue, settings)
        self._wait = wait
        self._on_retry = on_retry
        self._markets: dict[str, Any] = {}

    def market(self, text: str) -> Market:
        """By unified symbol (BTC/USDT:USDT), by our id or its tail (BTC-USDT_USDT), or by the exchange's own name."""
        if not self._markets:
            self._markets = self._patiently("load markets", lambda: self.client.load_markets())
        known = {instrument_id(self.venue, symbol): symbol for symbol in self._markets}
        tail = text.removeprefix(f"{self.venue}.")
        own = [symbol for symbol, market in self._markets.items() if market["id"] == text]
        symbol = text if text in self._markets else known.get(f"{self.venue}.{tail}") or next(iter(own), None)
        if symbol is None:
            raise UsageError(f"{self.venue} has no market {text!r}{did_you_mean(text, list(self._markets))}")
        return Market(symbol, instrument_id(self.venue, symbol), self._rules(symbol))

    def can(self, kind: Kind) -> bool:
        method = METHODS.get(kind)
        return method is not None and bool(self.client.has.get(method))

    def timeframe(self, interval_ns: int) -> str:
        """The exchange's own word for an interval. UsageError that lists those it has."""
        # A calendar month (1M) has no duration.
        known = [word for word in self.client.timeframes or {} if not word.endswith("M")]
        words = {self.client.parse_timeframe(word) * SECOND: word for word in known}
        if interval_ns not in words:
            raise UsageError(f"{self.venue} has no bars of that interval: {', '.join(words.values())}")
        return str(words[interval_ns])

    def page_rows(self, market: Market, kind: Kind) -> int:
        """How many rows a page has at most."""
        told = self.client.feature_value(market.symbol, METHODS[kind], "limit")
        return int(told) if told else PAGE_ROWS

    def bars(self, market: Market, kind: Kind, timeframe: str, since: int, rows: int) -> list[list[Any]]:
        """[start ms, open, high, low, close, volume] from `since` (ns) on; of mark and index prices too."""
        price = {Kind.MARKS: "mark", Kind.INDEX: "index"}.get(kind)
        parameters = {"price": price} if price else {}
        return self._patiently(
            f"{market.symbol} {timeframe}",
            lambda: self.client.fetch_ohlcv(market.symbol, timeframe, since // MILLISECOND, rows, parameters),
        )

    def trades(self, market: Market, since: int, rows: int, after_id: str) -> list[dict[str, Any]]:
        """From `since` (ns) on; where the exchange pages by ids, those after `after_id`, so that none is left out."""
        by_id = after_id.isdigit() and self.venue.startswith("binance")
        parameters = {"fromId": int(after_id) + 1} if by_id else {}
        start = None if by_id else since // MILLISECOND
        return self._patiently(
            f"{market.symbol} trades", lambda: self.client.fetch_trades(market.symbol, start, rows, parameters)
        )

    def funding(self, market: Market, since: int, rows: int) -> list[dict[str, Any]]:
        return self._patiently(
            f"{market.symbol} funding",
            lambda: self.client.fetch_funding_rate_history(market.symbol, since // MILLISECOND, rows),
        )

    def leverage_tiers(self, symbols: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """ccxt's unified tiers of these symbols, or of all linear ones that the exchange tells at once."""
        has = self.client.has
        if has.get("fetchLeverageTiers") is True:
            return self._tiers_at_once(symbols)
        if has.get("fetchMarketLeverageTiers") is not True:
            raise UsageError(f"ccxt cannot fetch leverage tiers of {self.venue}: write them into a file for --tiers")
        if not symbols:
            raise UsageError(f"{self.venue} tells leverage tiers of one symbol at a time: name the symbols")
        return {each: self._market_tiers(each) for each in symbols}

    def _tiers_at_once(self, symbols: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Linear and inverse contracts are asked for apart."""
        inverse = [each for each in symbols if each.partition("/")[0] == each.partition(":")[2].partition("-")[0]]
        linear = [each for each in symbols if each not in inverse]
        asked = [(linear, "linear")] if linear or not symbols else []
        found: dict[str, list[dict[str, Any]]] = {}
        for wanted, kind in [*asked, *([(inverse, "inverse")] if inverse else [])]:
            found |= self._tiers_of_kind(wanted, kind)
        return found

    def _tiers_of_kind(self, symbols: list[str], kind: str) -> dict[str, list[dict[str, Any]]]:
        return self._patiently(
            "leverage tiers", lambda: self.client.fetch_leverage_tiers(symbols or None, {"subType": kind})
        )

    def _market_tiers(self, symbol: str) -> list[dict[str, Any]]:
        return self._patiently(f"{symbol} leverage tiers", lambda: self.client.fetch_market_leverage_tiers(symbol))

    def _patiently(self, what: str, ask: Callable[[], Result]) -> Result:
        """Again after 1, 2, 4 … seconds while the network or the exchange is busy. ResourceError in the end.

        What ccxt raised is told by `_brief` alone: its own text, in a traceback too, holds signed questions.
        """
        errors = self._errors
        for attempt in range(self._tries):
            try:
                return ask()
            except errors.NetworkError as error:
                if attempt == self._tries - 1:
                    text = f"{self.venue}: {what}: no answer after {self._tries} tries: {_brief(error)}"
                    raise ResourceError(f"{text}; {self.advice}") from None
                pause = min(WAIT_SECONDS * 2**attempt, WAIT_SECONDS_MAX)
                if self._on_retry is not None:
                    self._on_retry(f"{self.venue}: {what}: {_brief(error)}; again in {pause:g} s")
                self._wait(pause)
            except (errors.BadSymbol, errors.NotSupported, errors.BadRequest) as error:
                raise UsageError(f"{self.venue}: {what}: {_brief(error)}") from None
            except errors.BaseError as error:
                raise DataError(f"{self.venue}: {what}: the exchange refused: {_brief(error)}") from None
        raise ResourceError(f"{self.venue}: {what}: no answer")

    def _rules(self, symbol: str) -> Instrument | None:
        """None for inverse contracts, options, and where the exchange states no steps."""
        market = self._markets[symbol]
        kind = "spot" if market.get("spot") else "linear" if market.get("linear") and not market.get("option") else ""
        tick, lot = (self._step(market["precision"].get(what)) for what in ("price", "amount"))
        if not kind or tick is None or lot is None:
            return None
        limits = market.get("limits") or {}
        return Instrument(
            instrument=instrument_id(self.venue, symbol),
            kind=kind,
            base=market["base"],
            quote=market["quote"],
            settle=market.get("settle") or market["quote"],
            tick=tick,
            lot=lot,
            multiplier=_decimal(market.get("contractSize") or 1) if kind == "linear" else "1",
            size_min=_decimal((limits.get("amount") or {}).get("min") or 0),
            notional_min=_decimal((limits.get("cost") or {}).get("min") or 0),
        )

    def _step(self, precision: Any) -> str | None:
        if precision is None:
            return None
        if self.client.precisionMode == TICK_SIZE:
            return _decimal(precision)
        return f"{Decimal(1).scaleb(-int(precision)):f}" if self.client.precisionMode == DECIMAL_PLACES else None


def _client(venue: str, settings: Mapping[str, Any]) -> tuple[Any, Any]:
    """(ccxt's errors, the client of one exchange)."""
    try:
        import ccxt
    except ImportError as error:
        raise ResourceError("downloads need ccxt: `pip install 'letrade[live]'`") from error
    if venue not in ccxt.exchanges:
        raise UsageError(f"ccxt knows no exchange {venue!r}{did_you_mean(venue, ccxt.exchanges)}")
    return ccxt, getattr(ccxt, venue)({"enableRateLimit": True, **settings})


def _decimal(value: Any) -> str:
    """Of ccxt's doubles the decimal that they stand for."""
    return f"{Decimal(str(value)).normalize():f}"


def _brief(error: Exception) -> str:
    """ccxt repeats whole pages of an exchange's answer, and whole questions: with the signature, at times the key."""
    told = _QUERY.sub("?…", without_user_info(" ".join(str(error).split())))
    return f"{type(error).__name__}: {told[:200]}"
