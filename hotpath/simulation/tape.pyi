"""The tape: any number of sources merged by (time, feed, sequence), a window of each in memory; two views where the
exchange's time and ours differ."""
from collections.abc import Iterable
from typing import Any

from letrade.hotpath.simulation.columns import Window

class Tape:
    """Reads sources as one. What `take` gave points into windows that stay until `settle`."""

    until: int
    """Nothing at this time or later is read."""
    count: int
    """Events read so far, each once also where there are two views."""
    rows: int
    """Rows of these events: levels of books, one of all others."""
    last_time: int

    def add(
        self,
        feed: int,
        instrument: int,
        windows: Iterable[Window],
        *,
        name: str = "",
        two_views: bool = False,
        exchange_only: bool = False,
    ) -> None:
        """A source: the feed's place, the instrument's place, and its windows in the order of time.

        ValueError, also later, where a window begins before the one before it ends.
        """
    def read(self) -> tuple[int, int, int, int, int, int, int, Any] | None:
        """(time, venue time, view, kind, instrument, feed, sequence, row) of the next event; None at the end."""
    def first_kind(self, reel: int) -> int | None:
        """The kind of a source's first event, before any was taken; None where it has none."""
    @property
    def first_seen(self) -> int | None:
        """The time of the first event that is counted, before any was taken."""
    @property
    def next(self) -> int | None:
        """The time of the next event; None at the end."""
    def close(self) -> None:
        """Nothing more is read."""
