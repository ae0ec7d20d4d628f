"""Requests on their way to the venue: each is acted on at its time plus its latency, in the order of times."""

from __future__ import annotations

import heapq
from typing import Any

from letrade.core import codec
from letrade.core.errors import DataError
from letrade.core.messages.margin import VenueMargin
from letrade.core.messages.transfers import VenueTransfer
from letrade.core.messages.venue import VenueAmend, VenueCancel, VenueQuery, VenueSubmit
from letrade.hotpath.simulation.latency import Latency

Request = VenueSubmit | VenueCancel | VenueAmend | VenueQuery | VenueMargin | VenueTransfer


class Inbox:
    """A queue by (due time, sequence, source)."""

    def __init__(self, latency: Latency) -> None:
        self._latency = latency
        self._queue: list[tuple[int, int, str, int, Request, bool]] = []
        self._arrivals = 0

    def put(self, request: Request) -> None:
        latency = self._latency.request_latency(request.time)
        self._push(request.time + abs(latency), request, latency < 0)

    def _push(self, due: int, request: Request, overloaded: bool) -> None:
        self._arrivals += 1
        heapq.heappush(self._queue, (due, request.sequence, request.source, self._arrivals, request, overloaded))

    def take_due(self, time: int) -> tuple[Request, bool] | None:
        """The first request that is due, and whether the venue is too busy for it; None when none is yet."""
        if not self._queue or self._queue[0][0] > time:
            return None
        entry = heapq.heappop(self._queue)
        return entry[4], entry[5]

    def next_due(self) -> int | None:
        return self._queue[0][0] if self._queue else None

    def state(self) -> Any:
        waiting = sorted(self._queue, key=lambda entry: entry[:4])
        return [[due, codec.encode(request), busy] for due, _, _, _, request, busy in waiting]

    def restore(self, state: Any) -> None:
        self._queue = []
        for due, payload, overloaded in state:
            request = codec.decode(payload)
            if not isinstance(request, Request):
                raise DataError(f"expected a venue request in the snapshot, found {type(request).__name__}")
            self._push(due, request, overloaded)
