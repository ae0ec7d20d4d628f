"""Figures for a person: money, percentages, times and durations; a dash where a figure is not known."""

from __future__ import annotations

from datetime import UTC, datetime

from letrade.core.clock import MILLISECOND, MINUTE, SECOND

UNKNOWN = "–"
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def amount(value: float | None, currency: str = "") -> str:
    """1,234.50; small ones with as many decimals as they take to be seen."""
    if value is None:
        return UNKNOWN
    if abs(value) < 5e-9:
        value = 0.0  # what is left of sums that cancel out
    decimals = 2 if abs(value) >= 1 or value == 0 else 4 if abs(value) >= 1e-3 else 8
    shown = f"{value:,.{decimals}f}"
    if decimals > 2:
        shown = shown.rstrip("0")
        shown += "0" * (2 - min(2, len(shown.partition(".")[2])))
    return f"{shown} {currency}".rstrip()


def price(value: float | None) -> str:
    """As many digits as a float of a price or a size holds for sure."""
    if value is None:
        return UNKNOWN
    return f"{value:,.8g}" if abs(value) >= 1e-4 or not value else f"{value:.8f}".rstrip("0")


def percent(fraction: float | None, decimals: int = 2) -> str:
    return UNKNOWN if fraction is None else f"{_unsigned_zero(fraction * 100, decimals):,.{decimals}f} %"


def number(value: float | None, decimals: int = 2) -> str:
    return UNKNOWN if value is None else f"{_unsigned_zero(value, decimals):,.{decimals}f}"


def _unsigned_zero(value: float, decimals: int) -> float:
    """What is shown as 0 has no sign."""
    return 0.0 if abs(value) < 0.5 * 10.0**-decimals else value


def small(value: float | None) -> str:
    """Four significant digits, such as of a probability."""
    return UNKNOWN if value is None else f"{value:.4g}"


def count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def moment(time_ns: int | None) -> str:
    """UTC, to the second."""
    if not time_ns:
        return UNKNOWN
    return datetime.fromtimestamp(time_ns / SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S")


def duration(length_ns: int | None) -> str:
    """The two largest units of it: 2 d 3 h, 4.2 s, 12 ms."""
    if length_ns is None:
        return UNKNOWN
    if length_ns < SECOND:
        return f"{length_ns / MILLISECOND:,.3g} ms"
    if length_ns < MINUTE:
        return f"{length_ns / SECOND:.3g} s"
    for unit, smaller, size, part in (("d", "h", DAY, HOUR), ("h", "min", HOUR, MINUTE), ("min", "s", MINUTE, SECOND)):
        if length_ns >= size:
            rest = length_ns % size // part
            return f"{length_ns // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return UNKNOWN


def wdl(wins: int, draws: int, losses: int) -> str:
    """Wins, draws, losses."""
    return f"{wins} / {draws} / {losses}"
