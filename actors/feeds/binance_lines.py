"""Lines of recorded Binance streams, `<receive ns> <json>`, decoded to what they say; gzip or plain files, in order."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, TypeAlias, cast

import msgspec

from letrade.core.clock import LATEST, SECOND
from letrade.core.errors import DataError

GZIP_MAGIC = b"\x1f\x8b"
BUFFER_BYTES = 1 << 18
BACKWARDS_NS_MAX = 10 * SECOND
"""Receive stamps may jitter; beyond this the files are in the wrong order."""

Levels: TypeAlias = list[tuple[float, float]]
"""(price, size); the decoder reads the decimals' texts as their nearest doubles."""


class Payload(
    msgspec.Struct,
    gc=False,
    rename={
        "kind": "e",
        "event_time_ms": "E",
        "venue_time_ms": "T",
        "symbol": "s",
        "first_update": "U",
        "last_update": "u",
        "previous_update": "pu",
        "bid": "b",
        "bid_size": "B",
        "ask": "a",
        "ask_size": "A",
        "trade_id": "t",
        "price": "p",
        "size": "q",
        "buyer_is_maker": "m",
        "execution": "X",
        "spot_flag": "M",
    },
):
    """One event of any stream; `bid` and `ask` are levels in a depthUpdate, a price in a bookTicker;
    `ask` is the id of an aggTrade."""

    kind: str = ""
    event_time_ms: int = 0
    venue_time_ms: int = 0
    symbol: str = ""
    first_update: int = 0
    last_update: int = 0
    previous_update: int | None = None
    bid: Levels | float = 0.0
    bid_size: float = 0.0
    ask: Levels | float = 0.0
    ask_size: float = 0.0
    trade_id: int = 0
    price: float = 0.0
    size: float = 0.0
    buyer_is_maker: bool = False
    execution: str = ""
    spot_flag: bool | None = None

    @property
    def is_linear(self) -> bool:
        """USD-M events say what spot events do not: pu of a diff, the type of a ticker, no M flag on a trade."""
        if self.kind in ("trade", "aggTrade"):
            return self.spot_flag is None
        return self.previous_update is not None or self.kind == "bookTicker"


class Line(Payload, gc=False, rename={"snapshot_update": "lastUpdateId"}):
    """A combined-stream message (`data`), a raw one (the payload's own fields) or a REST snapshot."""

    data: Payload | None = None
    snapshot_update: int = 0
    bids: Levels = []
    asks: Levels = []


class Position:
    """Where a reader is, for the words of an error."""

    def __init__(self) -> None:
        self.path = ""
        self.line = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def open_recorded(path: str) -> IO[bytes]:
    """A file, unpacked when it is gzip. DataError when it is missing or unreadable."""
    try:
        with Path(path).open("rb") as peeked:
            packed = peeked.read(2) == GZIP_MAGIC
        if not packed:
            return Path(path).open("rb")
        # GzipFile finds its lines in Python; the buffer over it does so in C.
        return io.BufferedReader(cast(io.RawIOBase, gzip.open(path, "rb")), BUFFER_BYTES)
    except OSError as error:
        raise DataError(f"{path}: expected a recorded file, found none: {error.strerror or error}") from error


def read_lines(path: str, position: Position) -> Iterator[bytes]:
    """The lines of one file; DataError with file and line when it is cut off, damaged or empty."""
    position.path, position.line = path, 0
    with open_recorded(path) as stream:
        try:
            for position.line, line in enumerate(stream, 1):
                yield line
        except (EOFError, OSError, zlib.error) as error:
            raise DataError(f"{position}: the file is cut off or damaged after this line: {error}") from error
    if not position.line:
        raise DataError(f"{path}: expected recorded lines, found an empty file")


def read_events(files: Sequence[str], position: Position) -> Iterator[tuple[int, Line, Payload]]:
    """(receive time in ns, never falling; the line; its event) of all files as one recording."""
    decode = msgspec.json.Decoder(Line, strict=False).decode  # not strict: texts are read as numbers
    latest = 0
    for path in files:
        for text in read_lines(path, position):
            stamp, _, body = text.partition(b" ")
            try:
                time = int(stamp)
                line = decode(body)
            except ValueError as error:  # msgspec's errors are ValueErrors too
                if not text.strip():
                    continue
                raise DataError(f"{position}: expected '<receive ns> <json>', found {text[:80]!r}: {error}") from error
            if time >= LATEST:
                raise DataError(f"{position}: expected a receive time before 2262 in ns, found {time}")
            if time < latest - BACKWARDS_NS_MAX:
                raise DataError(f"{position}: time runs back from {latest} to {time}: give the files in order of time")
            latest = max(latest, time)
            yield latest, line, line.data or line
