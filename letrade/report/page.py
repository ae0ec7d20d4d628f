"""report.html: one page that asks nobody for anything, for a run of any size."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import Any

import msgspec
import numpy as np

from letrade import __version__
from letrade.core.analysis.analyzer import Analysis, PerformanceAnalyzer
from letrade.core.texts import json_of
from letrade.report import shown, splits, tables
from letrade.report.figures import figures_of, mood
from letrade.report.series import Histogram, chart_data
from letrade.report.variants import FillsPanel
from letrade.report.words import incomplete_of, sameness_of, warning_of

DAY_ROWS_MAX = 3_000
BEST_ROWS = 10
OPEN_ROWS_MAX = 50


def page_of(analyzer: PerformanceAnalyzer, analysis: Analysis, panel: FillsPanel, desk: Mapping[str, Any]) -> str:
    """The whole page. Names come from outside: each is escaped where it is written, and no script but ours may run."""
    style, script = _file("page.css"), _file("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
    title = escape(f"{analysis.settings.desk or 'letrade'}: backtest")
    body = _body(analyzer, analysis, panel, desk)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head><body><main>{body}</main>"
        f'<script type="application/json" id="data">{_embedded(chart_data(analyzer))}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def _file(name: str) -> str:
    return resources.files("letrade.report").joinpath(name).read_text(encoding="utf-8")


def _embedded(data: Any) -> str:
    """JSON that cannot end its own element."""
    text = json_of(data).decode()
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _body(analyzer: PerformanceAnalyzer, analysis: Analysis, panel: FillsPanel, desk: Mapping[str, Any]) -> str:
    currency = analysis.settings.reporting_currency
    kinds = ("month", "week", "day", "year", "weekday")
    breakdown = {kind: getattr(analysis.periods, kind)[-DAY_ROWS_MAX:] for kind in kinds}
    by_strategy = tables.parts(analysis.strategies, analysis.total, currency) if analysis.strategies else ""
    by_instrument = tables.parts(analysis.instruments, analysis.total, currency) if analysis.instruments else ""
    sections = (
        ("Equity", _chart("equity") if len(analyzer.curve.time) else ""),
        ("Under other fills", _fills(panel, currency)),
        ("Where profit came from", splits.page_section(analysis.split, currency)),
        ("Monthly returns", tables.months(analysis.periods.month, analysis.periods.year)),
        ("Trades on price", _chart("prices") if len(analyzer.trips) else ""),
        ("By strategy", by_strategy),
        ("By instrument", by_instrument),
        ("Execution", tables.execution(analysis.strategies, analysis.total) if len(analyzer.record.orders) else ""),
        ("Best, worst and open trades", _trades(analyzer)),
        ("Distributions", _distributions(analyzer)),
        ("Figures", _figures(analysis)),
        ("By period", tables.periods(breakdown, currency) if analysis.periods.day else ""),
        ("How it was run", _settings(analysis, desk)),
    )
    alarm = f'<p class="alarm">{escape(warning_of(panel))}</p>' if warning_of(panel) else ""
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in analysis.notes)
    shown_sections = "".join(f"<section><h2>{title}</h2>{body}</section>" for title, body in sections if body)
    return f"{_head(analysis)}{_tiles(analysis)}{alarm}{notes}{shown_sections}"


def _chart(name: str) -> str:
    """Filled in by the script."""
    return f'<div class="card"><div class="chart" id="{name}" data-label="{name}"></div></div>'


def _head(analysis: Analysis) -> str:
    settings = analysis.settings
    data = f" · {', '.join(settings.data)}" if settings.data else ""
    line = (
        f"{shown.moment(analysis.start)} to {shown.moment(analysis.end)} UTC · {settings.fills_assumption} fills{data}"
    )
    return (
        f"<header><div><h1>{escape(settings.desk or 'backtest')}</h1><p>{escape(line)}</p></div>"
        '<button id="theme" type="button">light / dark</button></header>'
    )


def _tiles(analysis: Analysis) -> str:
    total, currency = analysis.total, analysis.settings.reporting_currency
    made = total.profit.profit
    found = (
        (f"profit, {currency}", shown.amount(made), mood(made)),
        ("profit", shown.percent(total.profit.fraction), mood(made)),
        ("market", shown.percent(total.market_change), mood(total.market_change)),
        ("CAGR", shown.percent(total.ratios.cagr), mood(total.ratios.cagr)),
        ("Sharpe", shown.number(total.ratios.sharpe), mood(total.ratios.sharpe)),
        ("Sortino", shown.number(total.ratios.sortino), mood(total.ratios.sortino)),
        ("deepest drawdown", shown.percent(total.drawdown.fraction), mood(total.drawdown.fraction)),
        ("trades", shown.count(total.trades.trades), 0),
        ("won", shown.percent(total.trades.win_rate, 1), 0),
        ("profit factor", shown.number(total.trades.profit_factor), 0),
        (f"fees, {currency}", shown.amount(total.costs.fees), 0),
        ("in market", shown.percent(total.exposure.time_in_market, 1), 0),
    )
    tiles = "".join(
        f'<div class="tile{tables.MOODS[tone]}"><b>{escape(text)}</b>{escape(label)}</div>'
        for label, text, tone in found
    )
    return f'<div class="tiles">{tiles}</div>'


def _fills(panel: FillsPanel, currency: str) -> str:
    table = tables.fills(panel, currency) if len(panel.variants) > 1 else ""
    said = sameness_of(panel) or incomplete_of(panel)
    return f'{table}<p class="dim">{escape(said)}</p>' if table or said else ""


def _trades(analyzer: PerformanceAnalyzer) -> str:
    trips = analyzer.trips
    if not len(trips):
        return ""
    order = np.argsort(trips.profit, kind="stable")
    still_open = np.flatnonzero(trips.closed == 0)[:OPEN_ROWS_MAX]
    rows = dict.fromkeys([*order[::-1][:BEST_ROWS].tolist(), *order[:BEST_ROWS].tolist(), *still_open.tolist()])
    names, currency = analyzer.record.names, analyzer.record.settings.reporting_currency
    return tables.trades(trips.where(np.array(list(rows))), names, currency)


def _distributions(analyzer: PerformanceAnalyzer) -> str:
    ended = analyzer.trips.where(analyzer.trips.closed > 0)
    lengths = (ended.closed - ended.opened).astype(np.float64)
    fills = analyzer.record.fills
    later = np.divide(fills.mid_10s, fills.price, out=np.full(len(fills), np.nan), where=fills.price != 0)
    marked = fills.side * (later - 1.0) * 1e4
    cards = [
        tables.histogram("Profit of a trade, % of its entry", Histogram(ended.profit_fraction), shown.percent),
        tables.histogram("Duration of a trade", Histogram(lengths), lambda ns: shown.duration(int(max(ns, 0))), False),
        tables.histogram("Daily return", Histogram(analyzer.days.returns), shown.percent),
        tables.histogram("Worst on the way, % of entry", Histogram(ended.worst), shown.percent, False),
        tables.histogram("Best on the way, % of entry", Histogram(ended.best), shown.percent, False),
        tables.histogram("Markout after 10 s, bp", Histogram(marked), shown.number),
    ]
    return f'<div class="cards">{"".join(cards)}</div>' if any(cards) else ""


def _figures(analysis: Analysis) -> str:
    return (
        f'<div class="columns">{"".join(tables.figures(title, found) for title, found in figures_of(analysis))}</div>'
    )


def _settings(analysis: Analysis, desk: Mapping[str, Any]) -> str:
    settings = analysis.settings
    rate = settings.events / settings.seconds if settings.seconds else None
    lines = {
        "engine": settings.engine,
        "data": ", ".join(settings.data),
        "start": "; ".join(f"{account}: {', '.join(f'{amount} {name}' for name, amount in held.items())}"
                           for account, held in settings.start_balances.items()),
        "fees": ", ".join(f"{name}: {text}" for name, text in settings.fees.items()),
        "events": f"{settings.events:,} in {settings.seconds:.2f} s, {shown.number(rate, 0)} a second",
        "result hash": settings.result_hash,
        "written by": f"letrade {__version__}",
    }  # fmt: skip
    body = "".join(f'<tr><td class="dim">{name}<td>{escape(text)}' for name, text in lines.items() if text)
    more = escape(msgspec.json.format(json_of(desk)).decode()) if desk else ""
    whole = f"<details><summary>the desk's settings</summary><pre>{more}</pre></details>" if more else ""
    return f'<div class="card"><table>{body}</table>{whole}</div>'
