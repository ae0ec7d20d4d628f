"""What the benchmarks send: real trades of one size from a seed, and numbered payloads for the latency schedule."""

from __future__ import annotations

import struct
import zlib
from functools import cached_property

import msgspec
import numpy as np

from letrade.core import ids
from letrade.core.messages.market import Trade

PAYLOAD_BYTES = 128
CYCLE = 8_192
"""So many different messages, again and again; the receiver gives the sender credit once a cycle."""
FIRST_SEQUENCE = 65_536
"""From here on a sequence takes five bytes, so that all payloads have one size."""
SUBJECT = "letrade.bench.md.trade.paper"
TRADE_TIME = 1_700_000_000_000_000_000
NUMBER = struct.Struct("<Q")
PADDING = bytes(range(32, 32 + 90)) + b"-" * (PAYLOAD_BYTES - NUMBER.size - 90)


def trade(sequence: int, price: float, size: float, side: int, trade_id: str) -> Trade:
    """A trade whose encoding has PAYLOAD_BYTES, given the padding in its id."""
    return Trade(
        time=TRADE_TIME + sequence, source="bench", epoch=1, sequence=sequence, cause="", instrument="paper.BTC-USDT",
        price=price, size=size, side=side, trade_id=trade_id, venue_time=TRADE_TIME + sequence - 1_000_000,
    )  # fmt: skip


class Stream:
    """One cycle of messages; `payloads[k]` has the sequence FIRST_SEQUENCE + k."""

    def __init__(self, seed: int) -> None:
        random = ids.generator(seed, "bench", "stream")
        missing = PAYLOAD_BYTES - len(msgspec.msgpack.encode(trade(FIRST_SEQUENCE, 1.0, 1.0, 1, "")))
        padding = "0" * missing
        self.trades = [
            trade(
                FIRST_SEQUENCE + k, random.randint(200_000, 400_000) / 4, random.randint(1, 8_000) / 1_024,
                random.choice((-1, 1)), padding,
            )
            for k in range(CYCLE)
        ]  # fmt: skip
        self.payloads = [msgspec.msgpack.encode(each) for each in self.trades]
        while any(len(payload) != PAYLOAD_BYTES for payload in self.payloads):
            # A longer text may need a longer length: one more look settles it.
            padding = padding[: len(padding) - (len(self.payloads[0]) - PAYLOAD_BYTES)]
            self.trades = [trade(t.sequence, t.price, t.size, t.side, padding) for t in self.trades]
            self.payloads = [msgspec.msgpack.encode(each) for each in self.trades]

    @cached_property
    def price_sum(self) -> float:
        """Of one cycle; prices are quarters, so that it is exact."""
        return sum(each.price for each in self.trades)

    @cached_property
    def crc(self) -> int:
        """Of the payloads of one cycle, in order."""
        return zlib.crc32(b"".join(self.payloads))

    def commands(self, subject: str) -> bytes:
        """One cycle as PUB commands."""
        head = publish_head(subject)
        return b"".join(b"%b%b\r\n" % (head, payload) for payload in self.payloads)


def publish_head(subject: str) -> bytes:
    """What comes before each payload on the way to the server."""
    return b"PUB %b %d\r\n" % (subject.encode(), PAYLOAD_BYTES)


def delivery_head(subject: str, sid: int = 1) -> bytes:
    """What comes before each payload on the way from the server."""
    return b"MSG %b %d %d\r\n" % (subject.encode(), sid, PAYLOAD_BYTES)


def numbered(head: bytes, first: int, count: int) -> np.ndarray:
    """`count` commands with numbered payloads as rows of bytes; the number is a little-endian uint64."""
    row = np.frombuffer(head + bytes(NUMBER.size) + PADDING + b"\r\n", dtype=np.uint8)
    rows = np.tile(row, (count, 1))
    numbers = np.arange(first, first + count, dtype="<u8").view(np.uint8).reshape(count, NUMBER.size)
    rows[:, len(head) : len(head) + NUMBER.size] = numbers
    return rows
