"""The latency of a simulated venue, as its [[venue]] describes it."""

from __future__ import annotations

from letrade.core.config.desk import VenueConfig
from letrade.core.errors import ConfigurationError
from letrade.hotpath.simulation.latency import Latency


def latency_of(venue: VenueConfig) -> Latency:
    """ConfigurationError when the recorded latencies cannot be read."""
    settings = venue.latency
    rows = read_latencies(settings.recorded) if settings.recorded else []
    return Latency(venue.order_latency, venue.response_latency, settings.jitter, settings.seed, settings.reject, rows)


def read_latencies(path: str) -> list[list[int]]:
    """Rows of time, request and response in ns; a first line of names is skipped."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except OSError as error:
        raise ConfigurationError(f"latencies {path}: {error.strerror}") from error
    if lines and not lines[0].lstrip("-")[:1].isdigit():
        lines = lines[1:]
    rows = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append([int(word) for word in line.split(",")])
        except ValueError:
            raise ConfigurationError(f"latencies {path}: expected whole ns in row {number}, found {line!r}") from None
        if len(rows[-1]) != 3:
            raise ConfigurationError(f"latencies {path}: expected time,request,response in row {number}")
    return rows
