"""Charts as inline SVG: latency by percentile to p99.99, bars next to peer and floor, figures over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from letrade.bench.framework.table import number

Point = tuple[float, float]
WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 78, 28, 12, 36
PLACES = (0.0, 90.0, 99.0, 99.9, 99.99)
NINES_MAX = 4.3
"""The curve goes on a little beyond p99.99."""
BAR_WIDTH, BAR_HEIGHT, BAR_GAP = 560, 18, 5


def distribution(lines: Mapping[str, Sequence[Sequence[float]]]) -> str:
    """`lines` by CSS class: (percentile, microseconds); both axes are logarithmic, the x axis in nines."""
    points = {name: [(_nines(place), value) for place, value in line] for name, line in lines.items() if line}
    values = [value for line in points.values() for _, value in line if value > 0]
    if not values:
        return ""
    low, high = 10.0 ** math.floor(math.log10(min(values))), 10.0 ** math.ceil(math.log10(max(values) * 1.01))
    parts = [_grid_lines(low, high, _time)]
    for place in PLACES:
        x = _x(_nines(place), NINES_MAX)
        parts.append(f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">{_place_name(place)}</text>')
    for name, line in points.items():
        shown = [(x, value) for x, value in line if x <= NINES_MAX and value > 0]
        path = " ".join(f"{_x(x, NINES_MAX):.1f},{_y(value, low, high):.1f}" for x, value in shown)
        parts.append(f'<polyline class="{name}" points="{path}"/>')
    return _svg("".join(parts), WIDTH, HEIGHT, "latency by percentile")


def over_time(
    series: Sequence[Mapping[str, float]], names: Mapping[str, str], title: str,
    label: Callable[[float], str] | None = None,
) -> str:  # fmt: skip
    """`names`: CSS class by key of the series; the x axis is `seconds`."""
    values = [point[key] for point in series for key in names if point.get(key, 0) > 0]
    if not values:
        return ""
    low, high = 10.0 ** math.floor(math.log10(min(values))), 10.0 ** math.ceil(math.log10(max(values) * 1.01))
    end = max(point["seconds"] for point in series) or 1.0
    parts = [_grid_lines(low, high, label or _time)]
    for key, style in names.items():
        shown = [(point["seconds"], point[key]) for point in series if point.get(key, 0) > 0]
        path = " ".join(f"{_x(x, end):.1f},{_y(value, low, high):.1f}" for x, value in shown)
        parts.append(f'<polyline class="{style}" points="{path}"/>')
        x, value = shown[-1]
        parts.append(f'<text x="{_x(x, end):.1f}" y="{_y(value, low, high) - 6:.1f}" text-anchor="end">{key}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - BOTTOM + 22}">0</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - BOTTOM + 22}" text-anchor="end">{end:,.0f} s</text>')
    return _svg("".join(parts), WIDTH, HEIGHT, title)


def bars(rows: Sequence[tuple[str, float | None]]) -> str:
    """(CSS class, value): the longest bar is as wide as the chart."""
    known = [(name, value) for name, value in rows if value]
    largest = max((value for _, value in known), default=0.0)
    if not largest:
        return ""
    parts = []
    for place, (name, value) in enumerate(known):
        y = place * (BAR_HEIGHT + BAR_GAP)
        width = max(1.0, (BAR_WIDTH - 90) * value / largest)
        parts.append(f'<rect class="{name}" x="0" y="{y}" width="{width:.1f}" height="{BAR_HEIGHT}" rx="2"/>')
        parts.append(f'<text x="{width + 6:.1f}" y="{y + BAR_HEIGHT - 3}">{escape(number(value))}</text>')
    return _svg("".join(parts), BAR_WIDTH, len(known) * (BAR_HEIGHT + BAR_GAP), "bars")


def _nines(percentile: float) -> float:
    return 10.0 if percentile >= 100.0 else -math.log10(1.0 - percentile / 100.0)


def _place_name(place: float) -> str:
    return "min" if not place else f"p{place:g}"


def _x(value: float, end: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value / end


def _y(value: float, low: float, high: float) -> float:
    share = math.log10(value / low) / max(1e-9, math.log10(high / low))
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share


def _grid_lines(low: float, high: float, label: Callable[[float], str]) -> str:
    parts = []
    for power in range(round(math.log10(low)), round(math.log10(high)) + 1):
        y = _y(10.0**power, low, high)
        parts.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label(10.0**power)}</text>')
    return "".join(parts)


def megabytes(value: float) -> str:
    return f"{value:g} MB"


def _time(microseconds: float) -> str:
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:g} {unit}"
    return f"{microseconds:g} µs" if microseconds >= 1 else f"{microseconds * 1e3:g} ns"


def _svg(content: str, width: int, height: int, title: Any) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(str(title))}">{content}</svg>'
