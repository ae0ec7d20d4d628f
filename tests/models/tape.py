"""The slow, obvious twin of the tape: all rows in one list, sorted."""

from __future__ import annotations

from typing import NamedTuple

VENUE_VIEW, OUR_VIEW, BOTH_VIEWS = 1, 2, 3


class Row(NamedTuple):
    """One quote of a source."""

    time: int
    venue_time: int
    sequence: int
    bid: int


class Source(NamedTuple):
    """Rows of one instrument from one feed, in the order of time."""

    feed: int
    instrument: int
    rows: list[Row]
    two_views: bool


def tape(sources: list[Source]) -> list[tuple[int, int, int, int, int, int]]:
    """(time, view, instrument, feed, sequence, bid) of every event, as a tape tells them."""
    found = []
    for reel, source in enumerate(sources):
        latest = 0
        for row in source.rows:
            latest = max(latest, row.venue_time)
            views = [(VENUE_VIEW, latest), (OUR_VIEW, row.time)] if source.two_views else [(BOTH_VIEWS, row.time)]
            for view, time in views:
                found.append((time, source.feed, row.sequence, reel, view, source.instrument, row.bid))
    return [(time, view, at, feed, sequence, bid) for time, feed, sequence, _, view, at, bid in sorted(found)]
