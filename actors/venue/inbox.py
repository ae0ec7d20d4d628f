"""Requests on their way to the venue: each is acted on at its time plus the order latency, in the order of times."""

from __future__ import annotations

import heapq

from letrade.core import codec
from letrade.core.errors import DataError
from letrade.core.messages.venue import VenueAmend, VenueCancel, VenueQuery, VenueSubmit

Request = VenueSubmit | VenueCancel | VenueAmend | VenueQuery


class Inbox:
    """A queue by (due time, sequence, source)."""

    def __init__(self, latency_ns: int) -> None:
        self._latency_ns = latency_ns
        self._queue: list[tuple[int, int, str, int, Request]] = []
        self._arrivals = 0

    def put(self, request: Request) -> None:
        self._arrivals += 1
        due = request.time + self._latency_ns
        heapq.heappush(self._queue, (due, request.sequence, request.source, self._arrivals, request))

    def take_due(self, time: int) -> Request | None:
        """The first request that is due, None when none is yet."""
        return heapq.heappop(self._queue)[4] if self._queue and self._queue[0][0] <= time else None

    def next_due(self) -> int | None:
        return self._queue[0][0] if self._queue else None

    def state(self) -> list[bytes]:
        return [codec.encode(entry[4]) for entry in sorted(self._queue, key=lambda entry: entry[:4])]

    def restore(self, state: list[bytes]) -> None:
        self._queue = []
        for payload in state:
            request = codec.decode(payload)
            if not isinstance(request, Request):
                raise DataError(f"expected a venue request in the snapshot, found {type(request).__name__}")
            self.put(request)
