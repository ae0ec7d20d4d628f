"""Writes small recordings in the format of Binance streams."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from letrade.actors.feeds.binance_capture import BinanceCapture, BinanceCaptureConfig
from letrade.core.actor import Context
from letrade.core.instruments import Catalogue
from letrade.core.messages.market import Instrument

START = 1_700_000_000_000_000_000
Level = tuple[str, str]


def wrapped(stream: str, **data: Any) -> dict[str, Any]:
    return {"stream": stream, "data": data}


def diff(
    first: int, last: int, bids: list[Level], asks: list[Level], symbol: str = "BTCUSDT", **more: Any
) -> dict[str, Any]:
    return wrapped(
        "depth@100ms", e="depthUpdate", E=1_700_000_001_000, s=symbol, U=first, u=last, b=bids, a=asks, **more
    )


def ticker(update: int, bid: Level, ask: Level, symbol: str = "BTCUSDT", **more: Any) -> dict[str, Any]:
    return wrapped("bookTicker", u=update, s=symbol, b=bid[0], B=bid[1], a=ask[0], A=ask[1], **more)


def spot_trade(number: int, price: str, size: str, maker: bool, symbol: str = "BTCUSDT") -> dict[str, Any]:
    return wrapped(
        "trade",
        e="trade",
        E=1_700_000_001_001,
        s=symbol,
        t=number,
        p=price,
        q=size,
        T=1_700_000_001_000,
        m=maker,
        M=True,
    )


def linear_trade(number: int, price: str, size: str, execution: str = "MARKET") -> dict[str, Any]:
    return wrapped("trade", e="trade", E=2_000, T=1_000, s="BTCUSDT", t=number, p=price, q=size, X=execution, m=False)


def snapshot(last: int, bids: list[Level], asks: list[Level]) -> dict[str, Any]:
    return {"lastUpdateId": last, "bids": bids, "asks": asks}


def written(path: Path, *events: dict[str, Any], start: int = START) -> str:
    """One line a millisecond."""
    lines = [f"{start + k * 1_000_000} {json.dumps(event)}\n" for k, event in enumerate(events)]
    path.write_bytes(gzip.compress("".join(lines).encode()))
    return str(path)


def capture(*files: str, known: tuple[Instrument, ...] = (), **config: Any) -> BinanceCapture:
    """A feed of the files whose context knows these instruments, and those that the feed infers."""
    context = Context("test", "test-uid", 1, Catalogue(known), None)
    return BinanceCapture("recording", BinanceCaptureConfig(files=files, **config), context)
