"""The slow, obvious twin of telling: each event is a message of its own, made by its class."""

from __future__ import annotations

import struct

from letrade.core.messages.market import BookDelta, Quote


def quote(
    instrument: str, time: int, sequence: int, row: tuple[int, int, int, int], decimals: tuple[int, int]
) -> Quote:
    """(bid, bid size, ask, ask size) in units."""
    price, size = 10.0 ** decimals[0], 10.0 ** decimals[1]
    return Quote(
        time=time, source="feed", epoch=1, sequence=sequence, instrument=instrument,
        bid=row[0] / price, bid_size=row[1] / size, ask=row[2] / price, ask_size=row[3] / size,
    )  # fmt: skip


def delta(
    instrument: str, time: int, sequence: int, rows: list[tuple[int, int, int]], decimals: tuple[int, int]
) -> BookDelta:
    """(side, price, size) in units."""
    price, size = 10.0 ** decimals[0], 10.0 ** decimals[1]
    packed = {
        side: b"".join(struct.pack("<2d", level / price, lots / size) for own, level, lots in rows if own == side)
        for side in (1, -1)
    }
    return BookDelta(
        time=time, source="feed", epoch=1, sequence=sequence, instrument=instrument, first_update=0, last_update=0,
        previous_update=0, bids=packed[1], asks=packed[-1],
    )  # fmt: skip
