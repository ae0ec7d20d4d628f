"""Tables and small charts of the page as HTML: every text from outside is escaped here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from letrade.core.analysis.analyzer import Part
from letrade.core.analysis.periods import Period
from letrade.report import shown
from letrade.report.figures import Figure
from letrade.report.series import Histogram
from letrade.report.variants import FillsPanel

MOODS = {1: " good", 0: "", -1: " bad"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT, HISTOGRAM_FOOT = 420, 150, 18
Cell = tuple[str, float | None]
"""What is read, and what a column is sorted by."""


def rows(headings: Sequence[str], lines: Iterable[Sequence[Cell]], total: Sequence[Cell] | None = None) -> str:
    """A table that is sorted by a click; the first column is text."""
    head = "".join(f"<th{' class=n' if place else ''}>{escape(name)}" for place, name in enumerate(headings))
    body = "".join(f"<tr>{_cells(line)}" for line in lines)
    foot = f'<tr class="total">{_cells(total)}' if total is not None else ""
    table = f'<table class="sortable"><thead><tr>{head}</thead><tbody>{body}{foot}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _cells(line: Sequence[Cell]) -> str:
    (first, _), *others = line
    return f"<td>{escape(first)}" + "".join(
        f'<td class="n{MOODS[_sign(text, value)]}" data-v="{-1e300 if value is None else value!r}">{escape(text)}'
        for text, value in others
    )


def _sign(text: str, value: float | None) -> int:
    """Money and percentages below 0 are seen to be so."""
    return -1 if value is not None and value < 0 and text.startswith("-") else 0


def parts(named: Sequence[Part], total: Part | None, currency: str) -> str:
    """By strategy or by instrument."""
    headings = ("", f"profit {currency}", "%", "trades", "open", "win %", "profit factor", "mean trade", "mean length",
                "Sharpe", "Sortino", "drawdown", "fees", "spread", "slippage", "funding", "turnover", "in market",
                "market")  # fmt: skip
    return rows(headings, (_part(each) for each in named), _part(total) if total is not None else None)


def _part(part: Part) -> list[Cell]:
    trades, costs, mean_length = part.trades, part.costs, part.trades.durations.mean
    return [
        (part.name, None),
        _cell(shown.amount, part.profit.profit),
        _cell(shown.percent, part.profit.fraction),
        (shown.count(trades.trades), trades.trades),
        (shown.count(trades.open_trades), trades.open_trades),
        _cell(shown.percent, trades.win_rate),
        _cell(shown.number, trades.profit_factor),
        _cell(shown.amount, trades.mean_profit),
        (shown.duration(mean_length), mean_length),
        _cell(shown.number, part.ratios.sharpe),
        _cell(shown.number, part.ratios.sortino),
        _cell(shown.percent, part.drawdown.fraction),
        _cell(shown.amount, costs.fees),
        _cell(shown.amount, costs.spread + costs.spread_earned),
        _cell(shown.amount, costs.slippage),
        _cell(shown.amount, costs.funding),
        _cell(shown.amount, part.exposure.turnover),
        _cell(shown.percent, part.exposure.time_in_market),
        _cell(shown.percent, part.market_change),
    ]


def _cell(show: Callable[[float | None], str], value: float | None) -> Cell:
    return show(value), value


def months(periods: Sequence[Period], years: Sequence[Period]) -> str:
    """A year a row, a month a column, coloured by the return."""
    if not periods:
        return ""
    by_name = {each.name: each.profit_fraction for each in (*periods, *years)}
    most = max((abs(each.profit_fraction) for each in periods if each.profit_fraction is not None), default=0.0)
    head = "".join(f"<th class=n>{name}" for name in (*MONTHS, "year"))
    lines = []
    for year in years:
        cells = "".join(_heat(by_name.get(f"{year.name}-{month:02}"), most) for month in range(1, 13))
        lines.append(f"<tr><td>{escape(year.name)}{cells}{_heat(year.profit_fraction, 0.0)}")
    body = "".join(lines)
    return f'<div class="scroll"><table class="heat"><thead><tr><th>{head}</thead><tbody>{body}</tbody></table></div>'


def _heat(fraction: float | None, most: float) -> str:
    if fraction is None:
        return "<td>"
    heat = abs(fraction) / most if most else 0.0
    tone = "win" if fraction > 0 else "loss"
    return f'<td class="h" style="--heat:{heat:.3f};--tone:var(--{tone})">{escape(shown.percent(fraction))}'


def periods(named: dict[str, Sequence[Period]], currency: str) -> str:
    """Tabs of breakdowns."""
    buttons, blocks = [], []
    for place, (kind, found) in enumerate(named.items()):
        selected, hidden = ("true", "") if not place else ("false", " hidden")
        buttons.append(f'<button role="tab" aria-selected="{selected}" data-shows="by-{kind}">{kind}</button> ')
        lines = (
            [(each.name, None), _cell(shown.amount, each.profit), _cell(shown.percent, each.profit_fraction),
             (shown.count(each.trades), each.trades), (shown.count(each.wins), each.wins),
             (shown.count(each.draws), each.draws), (shown.count(each.losses), each.losses)]
            for each in found
        )  # fmt: skip
        table = rows(("", f"profit {currency}", "%", "trades", "wins", "draws", "losses"), lines)
        blocks.append(f'<div id="by-{kind}"{hidden}>{table}</div>')
    return f'<p class="tabs" role="tablist">{"".join(buttons)}</p>{"".join(blocks)}'


def fills(panel: FillsPanel, currency: str) -> str:
    """PnL under each assumption about fills."""
    headings = ("fills", f"profit {currency}", "%", "trades", "win %", "Sharpe", "drawdown", "fees")
    lines = (
        [(each.name, None), _cell(shown.amount, each.profit), _cell(shown.percent, each.fraction),
         (shown.count(each.trades), each.trades), _cell(shown.percent, each.win_rate),
         _cell(shown.number, each.sharpe), _cell(shown.percent, each.drawdown), _cell(shown.amount, each.fees)]
        for each in panel.variants
    )  # fmt: skip
    return rows(headings, lines)


def figures(title: str, found: Sequence[Figure]) -> str:
    body = "".join(
        f'<tr><td class="dim">{escape(label)}<td class="{MOODS[mood].strip()}">{escape(text)}'
        for label, text, mood in found
    )
    return f'<div class="card"><h3>{escape(title)}</h3><table>{body}</table></div>'


def histogram(title: str, found: Histogram, show: Callable[[float], str], signed: bool = True) -> str:
    """Bars with their range and count on hovering."""
    most = max(found.counts, default=0)
    if not most:
        return ""
    width, height = HISTOGRAM_WIDTH / len(found.counts), HISTOGRAM_HEIGHT - HISTOGRAM_FOOT
    bars = []
    for place, count in enumerate(found.counts):
        low, high = found.edges[place], found.edges[place + 1]
        tall = height * count / most
        tone = ("win" if low >= 0 else "loss" if high <= 0 else "flat") if signed else "flat"
        hint = escape(f"{show(low)} to {show(high)}: {count:,}")
        bars.append(
            f'<rect class="{tone}" x="{place * width + 0.5:.1f}" y="{height - tall:.1f}" width="{width - 1:.1f}" '
            f'height="{tall:.1f}"><title>{hint}</title></rect>'
        )
    first, last = escape(show(found.edges[0])), escape(show(found.edges[-1]))
    foot = (
        f'<line class="axis" x1="0" x2="{HISTOGRAM_WIDTH}" y1="{height}" y2="{height}"/>'
        f'<text x="0" y="{HISTOGRAM_HEIGHT - 4}">≤ {first}</text>'
        f'<text x="{HISTOGRAM_WIDTH}" y="{HISTOGRAM_HEIGHT - 4}" text-anchor="end">≥ {last}</text>'
    )
    label = escape(title)
    return (
        f'<div class="card"><h3>{label}</h3><svg viewBox="0 0 {HISTOGRAM_WIDTH} {HISTOGRAM_HEIGHT}" role="img" '
        f'aria-label="{label}">{"".join(bars)}{foot}</svg></div>'
    )
