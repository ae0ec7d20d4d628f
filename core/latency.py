"""The latency of a simulated venue, as its [[venue]] describes it."""

from __future__ import annotations

from letrade.core.clock import MINUTE
from letrade.core.config.desk import VenueConfig
from letrade.core.errors import ConfigurationError
from letrade.hotpath.simulation.latency import Latency

LATENCY_NS_MAX = 24 * 60 * MINUTE
TIME_MAX = 2**62

def latency_of(venue: VenueConfig) -> Latency:
    """ConfigurationError when the recorded latencies cannot be read, or one is longer than any is."""
    settings = venue.latency
    for key, least in (("order_latency", venue.order_latency), ("response_latency", venue.response_latency),
                       ("latency.jitter", settings.jitter)):  # fmt: skip
        if least > LATENCY_NS_MAX:
            raise ConfigurationError(f"[[venue]] {venue.name}: {key}: expected at most a day, found {least} ns")
    rows = read_latencies(settings.recorded) if settings.recorded else []
    return Latency(venue.order_latency, venue.response_latency, settings.jitter, settings.seed, settings.reject, rows)


def read_latencies(path: str) -> list[list[int]]:
    """Rows of time, request and response in ns; a first line of names and empty lines are skipped."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            lines = [(number, line.strip()) for number, line in enumerate(file, 1) if line.strip()]
    except OSError as error:
        raise ConfigurationError(f"latencies {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigurationError(f"latencies {path}: expected a text of UTF-8") from None
    if lines and not lines[0][1].lstrip("-")[:1].isdigit():
        lines = lines[1:]
    if not lines:
        raise ConfigurationError(f"latencies {path}: expected rows of time,request,response, found none")
    return [_read_row(line, f"latencies {path}: line {number}") for number, line in lines]


def _read_row(line: str, where: str) -> list[int]:
    try:
        row = [int(word) for word in line.split(",")]
    except ValueError:
        raise ConfigurationError(f"{where}: expected whole ns, found {line!r}") from None
    if len(row) != 3:
        raise ConfigurationError(f"{where}: expected time,request,response, found {line!r}")
    if abs(row[0]) > TIME_MAX or max(abs(row[1]), abs(row[2])) > LATENCY_NS_MAX:
        raise ConfigurationError(f"{where}: expected ns since 1970 and latencies of at most a day, found {line!r}")
    return row
