"""Tables and small charts of the page as HTML: every text from outside is escaped here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import NamedTuple

from letrade.core.analysis.analyzer import UNASSIGNED, Part
from letrade.core.analysis.numbers import known
from letrade.core.analysis.periods import Period
from letrade.core.analysis.record import Names
from letrade.core.analysis.round_trips import RoundTrips
from letrade.report import shown
from letrade.report.figures import Figure
from letrade.report.series import Histogram
from letrade.report.variants import FillsPanel

MOODS = {1: " good", 0: "", -1: " bad"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HISTOGRAM_WIDTH, HISTOGRAM_HEIGHT, HISTOGRAM_FOOT = 420, 150, 18
Show = Callable[[float | None], str]


class Cell(NamedTuple):
    """What is read, what a column is sorted by, and whether it is good (+1), bad (-1) or neither."""

    text: str
    value: float | None = None
    mood: int = 0


def rows(headings: Sequence[str], lines: Iterable[Sequence[Cell]], total: Sequence[Cell] | None = None) -> str:
    """A table that is sorted by a click; the first column is text."""
    head = "".join(f"<th{' class=n' if place else ''}>{escape(name)}" for place, name in enumerate(headings))
    body = "".join(f"<tr>{_cells(line)}" for line in lines)
    foot = f'<tr class="total">{_cells(total)}' if total is not None else ""
    table = f'<table class="sortable"><thead><tr>{head}</thead><tbody>{body}{foot}</tbody></table>'
    return f'<div class="scroll">{table}</div>'


def _cells(line: Sequence[Cell]) -> str:
    first, *others = line
    return f"<td>{escape(first.text)}" + "".join(
        f'<td class="n{MOODS[cell.mood]}" data-v="{-1e300 if cell.value is None else cell.value!r}">{escape(cell.text)}'
        for cell in others
    )


def _signed(show: Show, value: float | None) -> Cell:
    """What is seen to be bad where it is below 0."""
    return Cell(show(value), value, -1 if value is not None and value < 0 else 0)


def _plain(show: Show, value: float | None) -> Cell:
    return Cell(show(value), value)


def _count(value: int | None) -> Cell:
    return Cell(shown.count(value), value)


def _time(length_ns: int | None) -> Cell:
    return Cell(shown.duration(length_ns), length_ns)


def parts(named: Sequence[Part], total: Part | None, currency: str) -> str:
    """By strategy or by instrument."""
    headings = ("", f"profit {currency}", "%", "trades", "open", "win %", "profit factor", "mean trade", "mean length",
                "Sharpe", "Sortino", "drawdown", "fees", "spread", "slippage", "funding", "turnover", "in market",
                "market")  # fmt: skip
    return rows(headings, (_part(each) for each in named), _part(total) if total is not None else None)


def _part(part: Part) -> list[Cell]:
    trades, costs = part.trades, part.costs
    return [
        Cell(part.name),
        _signed(shown.amount, part.profit.profit),
        _signed(shown.percent, part.profit.fraction),
        _count(trades.trades),
        _count(trades.open_trades),
        _plain(shown.percent, trades.win_rate),
        _plain(shown.number, trades.profit_factor),
        _signed(shown.amount, trades.mean_profit),
        _time(trades.durations.mean),
        _signed(shown.number, part.ratios.sharpe),
        _signed(shown.number, part.ratios.sortino),
        _plain(shown.percent, part.drawdown.fraction),
        _plain(shown.amount, costs.fees),
        _plain(shown.amount, costs.spread_net),
        _plain(shown.amount, costs.slippage),
        _plain(shown.amount, costs.funding),
        _plain(shown.amount, part.exposure.turnover),
        _plain(shown.percent, part.exposure.time_in_market),
        _signed(shown.percent, part.market_change),
    ]


def execution(named: Sequence[Part], total: Part) -> str:
    """How well orders were executed: markouts and adverse selection in basis points."""
    headings = ("", "orders", "fills", "fill ratio", "maker", "to fill p50", "p99", "markout 1 s", "10 s", "60 s",
                "adverse 1 s", "10 s", "60 s", "shortfall bp", "cancelled", "replaced", "rejected")  # fmt: skip
    return rows(headings, (_execution(each) for each in named), _execution(total))


def _execution(part: Part) -> list[Cell]:
    found = part.execution
    return [
        Cell(part.name),
        _count(found.orders),
        _count(found.fills),
        _plain(shown.percent, found.fill_ratio),
        _plain(shown.percent, found.maker_share),
        _time(found.time_to_fill.p50),
        _time(found.time_to_fill.p99),
        *(_signed(shown.number, each.all) for each in found.markouts),
        *(_plain(shown.number, each.adverse_maker) for each in found.markouts),
        _plain(shown.number, found.shortfall.basis_points),
        _count(found.cancelled),
        _count(found.replaced),
        _count(found.rejected),
    ]


def trades(trips: RoundTrips, names: Names, currency: str) -> str:
    """Some round trips in full."""
    headings = ("instrument", "strategy", "side", "opened", "closed", "size", "entry", "exit", f"profit {currency}",
                "%", "fees", "best", "worst", "fills")  # fmt: skip
    return rows(headings, (_trade(trips, row, names) for row in range(len(trips))))


def _trade(trips: RoundTrips, row: int, names: Names) -> list[Cell]:
    strategy, opened, closed = int(trips.strategy[row]), int(trips.opened[row]), int(trips.closed[row])
    who = names.strategies[strategy] if strategy >= 0 else UNASSIGNED
    side = int(trips.side[row])
    return [
        Cell(names.instruments[int(trips.instrument[row])].name),
        Cell(who, strategy),
        Cell("long" if side > 0 else "short", side),
        Cell(shown.moment(opened), opened),
        Cell(shown.moment(closed) if closed else "open", closed or None),
        _plain(shown.price, known(trips.size[row])),
        _plain(shown.price, known(trips.entry_price[row])),
        _plain(shown.price, known(trips.exit_price[row])),
        _signed(shown.amount, known(trips.profit[row])),
        _signed(shown.percent, known(trips.profit_fraction[row])),
        _plain(shown.amount, known(trips.fees[row])),
        _plain(shown.percent, known(trips.best[row])),
        _plain(shown.percent, known(trips.worst[row])),
        _count(int(trips.fills[row])),
    ]


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
            [Cell(each.name), _signed(shown.amount, each.profit), _signed(shown.percent, each.profit_fraction),
             _count(each.trades), _count(each.wins), _count(each.draws), _count(each.losses)]
            for each in found
        )  # fmt: skip
        table = rows(("", f"profit {currency}", "%", "trades", "wins", "draws", "losses"), lines)
        blocks.append(f'<div id="by-{kind}"{hidden}>{table}</div>')
    return f'<p class="tabs" role="tablist">{"".join(buttons)}</p>{"".join(blocks)}'


def fills(panel: FillsPanel, currency: str) -> str:
    """PnL under each assumption about fills."""
    headings = ("fills", f"profit {currency}", "%", "trades", "win %", "Sharpe", "drawdown", "fees")
    lines = (
        [Cell(each.name), _signed(shown.amount, each.profit), _signed(shown.percent, each.fraction),
         _count(each.trades), _plain(shown.percent, each.win_rate), _signed(shown.number, each.sharpe),
         _plain(shown.percent, each.drawdown), _plain(shown.amount, each.fees)]
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
