"""A small exchange on a local socket that speaks Binance's public REST, with faults on demand: ccxt talks to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

HOUR_MS = 3_600_000
INTERVALS_MS = {"1m": 60_000, "1h": HOUR_MS, "1d": 24 * HOUR_MS}
LISTED_MS = 1_704_067_200_000
"""2024-01-01: nothing is known before."""
PAGE = 1_000


def bar(start: int, interval: int) -> list[Any]:
    """A function of its start alone, so that any page can be checked."""
    step = start // interval % 1_000
    low, high = f"{40_000 + step}.10", f"{40_020 + step}.30"
    return [
        start,
        f"{40_001 + step}.20",
        high,
        low,
        f"{40_010 + step}.00",
        "1.500",
        start + interval - 1,
        "1",
        9,
        "1",
        "1",
        "0",
    ]


def trade(number: int) -> dict[str, Any]:
    """Ten in each second, the first three of them within one millisecond."""
    second, place = divmod(number, 10)
    stamp = LISTED_MS + second * 1_000 + (0 if place < 3 else place * 100)
    return {
        "a": number + 1,
        "p": f"{40_000 + number % 7}.5",
        "q": "0.002",
        "T": stamp,
        "m": number % 2 == 0,
        "f": number,
        "l": number,
    }


class FakeExchange:
    """What it answers, what it was asked, and how often it fails before it answers again."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.failures: list[int] = []
        """HTTP codes of the next answers; 0 closes the connection without one."""
        self.trades = 5_000
        self.missing: range = range(0)
        """Bars that start within are not there."""
        self.stop_after: int | None = None
        """From this many pages on nothing is answered."""
        self.port = 0

    def answer(self, path: str, query: dict[str, str]) -> Any:
        name = path.rsplit("/", 1)[-1]
        if name == "exchangeInfo":
            return {"symbols": [_listing("fapi" in path)]}
        if name in ("klines", "markPriceKlines"):
            return self._bars(query)
        if name == "aggTrades":
            return self._trades(query)
        if name == "fundingRate":
            first = max(int(query["startTime"]), LISTED_MS)
            stamps = range(-(-first // (8 * HOUR_MS)) * 8 * HOUR_MS, LISTED_MS + 30 * 24 * HOUR_MS, 8 * HOUR_MS)
            return [
                {"symbol": "BTCUSDT", "fundingRate": "0.00010000", "fundingTime": each + 7} for each in stamps[:100]
            ]
        raise KeyError(path)

    def _bars(self, query: dict[str, str]) -> list[Any]:
        interval = INTERVALS_MS[query["interval"]]
        first = -(-max(int(query["startTime"]), LISTED_MS) // interval) * interval
        starts = range(first, first + int(query["limit"]) * interval, interval)
        return [bar(start, interval) for start in starts if start not in self.missing]

    def _trades(self, query: dict[str, str]) -> list[Any]:
        limit = min(int(query.get("limit", 500)), PAGE)
        every = map(trade, range(self.trades))
        if "fromId" in query:
            found = [each for each in every if each["a"] >= int(query["fromId"])]
        else:
            found = [each for each in every if int(query["startTime"]) <= each["T"] <= int(query["endTime"])]
        return found[:limit]

    def pages(self) -> int:
        return sum(not path.endswith("exchangeInfo") for path, _ in self.asked)

    def settings(self, folder: Path) -> Path:
        """What `--settings` takes: ccxt's addresses of Binance, here."""
        base = f"http://127.0.0.1:{self.port}"
        path = folder / "exchange.toml"
        path.write_text(
            f'rateLimit = 1\n[options]\nfetchMarkets = {{ types = ["spot", "linear"] }}\n'
            f'[urls.api]\npublic = "{base}/api/v3"\nfapiPublic = "{base}/fapi/v1"\n'
        )
        return path


def _listing(perpetual: bool) -> dict[str, Any]:
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.10", "maxPrice": "1000000", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
        {"filterType": "MIN_NOTIONAL", "notional": "100", "minNotional": "100"},
    ]
    listing = {
        "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "filters": filters,
        "orderTypes": ["LIMIT", "MARKET"], "isSpotTradingAllowed": True, "permissions": ["SPOT"],
    }  # fmt: skip
    contract = {"contractType": "PERPETUAL", "marginAsset": "USDT", "pair": "BTCUSDT", "deliveryDate": 4133404800000}
    return {**listing, **contract} if perpetual else listing


@contextmanager
def serving() -> Iterator[FakeExchange]:
    """The exchange behind a free port."""
    exchange = FakeExchange()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            split = urlsplit(self.path)
            query = dict(parse_qsl(split.query))
            exchange.asked.append((split.path, query))
            silent = exchange.stop_after is not None and exchange.pages() > exchange.stop_after
            code = exchange.failures.pop(0) if exchange.failures else 0 if silent else 200
            if code == 0:
                self.close_connection = True
                return
            # A gateway before the exchange answers in no format of the exchange's own.
            body = json.dumps(exchange.answer(split.path, query)) if code == 200 else "<html>try again later</html>"
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is told on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    exchange.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield exchange
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
