"""A report in words for a terminal: the tables and the summary, in the order that users of other bots know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from letrade.core.analysis.analyzer import Analysis, Part
from letrade.core.analysis.periods import Period
from letrade.report import shown, splits
from letrade.report.figures import Figure, figures_of
from letrade.report.variants import FillsPanel

PERIOD_ROWS_MAX = 36
LABEL_WIDTH = 34
SHORT_WIDTH = 18
"""As wide as the labels of a run's own summary, which comes before."""


def report_in_words(analysis: Analysis, panel: FillsPanel | None = None, periods: Sequence[str] = ("month",)) -> str:
    """`periods`: which breakdowns to print, of day, week, month, year, weekday; the last 36 rows of each."""
    currency = analysis.settings.reporting_currency
    blocks = [
        _parts("By instrument", (*analysis.instruments, analysis.total), currency),
        _parts("By strategy", analysis.strategies, currency),
        *(table(*each) for each in splits.table_lines(analysis.split, currency)),
        *(_summary(title, figures) for title, figures in figures_of(analysis)),
        *(_periods(kind, getattr(analysis.periods, kind), currency) for kind in periods),
        _fills(panel, currency),
        "\n".join(f"note: {plain(note)}" for note in analysis.notes),
    ]
    return "\n\n".join(block for block in blocks if block)


def main_lines(analysis: Analysis, panel: FillsPanel) -> str:
    """What a run says of itself when it ends: the figures that decide whether one reads on, and what they rest on."""
    total, currency = analysis.total, analysis.settings.reporting_currency
    trades, ratios, costs, fall = total.trades, total.ratios, total.costs, total.drawdown
    still_open = f", {trades.open_trades} open" if trades.open_trades else ""
    parts = (("fees", costs.fees), ("spread", costs.spread_net), ("slippage", costs.slippage),
             ("funding", costs.funding))  # fmt: skip
    lines = (
        ("trades", f"{shown.count(trades.trades)}{still_open}, mean {shown.percent(trades.mean_profit_fraction)}"),
        ("win rate", f"{shown.percent(trades.win_rate, 1)} ({shown.wdl(trades.wins, trades.draws, trades.losses)})"),
        ("profit factor", shown.number(trades.profit_factor)),
        ("Sharpe, Sortino", f"{shown.number(ratios.sharpe)}, {shown.number(ratios.sortino)}"),
        ("max drawdown", f"{shown.percent(fall.fraction)}, {shown.amount(fall.largest_absolute, currency)}"),
        ("costs", f"{shown.amount(costs.total, currency)}: "
                  + ", ".join(f"{name} {shown.amount(amount)}" for name, amount in parts)),
    )  # fmt: skip
    figures = "\n".join(f"{name:{SHORT_WIDTH}}{plain(text)}" for name, text in (*lines, *_split(analysis)))
    notes = "\n".join(f"note: {plain(note)}" for note in analysis.notes)
    return "\n\n".join(block for block in (figures, _fills(panel, currency), notes) if block)


def _split(analysis: Analysis) -> list[tuple[str, str]]:
    found = analysis.split
    if found is None or not splits.is_telling(found):
        return []
    lines = [("profit from", splits.short_line(found))]
    if found.unvalued:
        lines.append(("not valued", ", ".join(amount for amount, *_ in splits.unvalued_of(found))))
    return [*lines, ("short of margin", f"days: {splits.days_line(found)}")] if found.short_days else lines


def plain(text: str) -> str:
    """Without characters that move a terminal's cursor, or colour it."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _parts(title: str, parts: Sequence[Part], currency: str) -> str:
    if not parts:
        return ""
    headings = ("", "trades", "mean %", f"profit {currency}", "total %", "mean duration", "W / D / L", "win %")
    rows = [
        (
            part.name,
            shown.count(part.trades.trades) + (f" + {part.trades.open_trades} open" if part.trades.open_trades else ""),
            shown.percent(part.trades.mean_profit_fraction),
            shown.amount(part.profit.profit),
            shown.percent(part.profit.fraction),
            shown.duration(part.trades.durations.mean),
            shown.wdl(part.trades.wins, part.trades.draws, part.trades.losses),
            shown.percent(part.trades.win_rate, 1),
        )
        for part in parts
    ]
    return table(title, headings, rows)


def _summary(title: str, figures: Sequence[Figure]) -> str:
    return "\n".join([title, *(f"  {label:{LABEL_WIDTH}} {plain(text)}" for label, text, _ in figures)])


def _periods(kind: str, periods: Sequence[Period], currency: str) -> str:
    if not periods:
        return ""
    rows = [
        (
            each.name,
            shown.amount(each.profit),
            shown.percent(each.profit_fraction),
            shown.count(each.trades),
            shown.wdl(each.wins, each.draws, each.losses),
        )
        for each in periods[-PERIOD_ROWS_MAX:]
    ]
    return table(f"By {kind}", ("", f"profit {currency}", "%", "trades", "W / D / L"), rows)


def _fills(panel: FillsPanel | None, currency: str) -> str:
    if panel is None or len(panel.variants) < 2:
        return incomplete_of(panel) if panel is not None else ""
    rows = [
        (each.name, shown.amount(each.profit), shown.percent(each.fraction), shown.count(each.trades),
         shown.number(each.sharpe), shown.percent(each.drawdown))
        for each in panel.variants
    ]  # fmt: skip
    said = table("Under other fills", ("", f"profit {currency}", "%", "trades", "Sharpe", "drawdown"), rows)
    return "\n".join(part for part in (said, warning_of(panel), sameness_of(panel), incomplete_of(panel)) if part)


def incomplete_of(panel: FillsPanel) -> str:
    """Which fills nothing is known of; empty where all were tried."""
    if not panel.incomplete:
        return ""
    return f"Interrupted: not tried to the end with {', '.join(map(plain, panel.incomplete))} fills."


def sameness_of(panel: FillsPanel) -> str:
    """Why a comparison may say nothing; empty where it says something."""
    if len(panel.variants) < 2 or panel.spread != 0.0 or panel.incomplete:
        return ""
    return "The profit is the same under all of them: the orders left nothing to assume, or the desk fixes it."


def warning_of(panel: FillsPanel) -> str:
    """What a change of sign means; empty where there is none."""
    who = f" of {', '.join(plain(name) for name in panel.changing)}" if panel.changing else ""
    if panel.sign_changes:
        return f"WARNING: the sign of the profit{who} depends on how orders are assumed to fill: do not trust it."
    if panel.changing:
        return f"WARNING: the sign of the profit{who} depends on how orders are assumed to fill."
    return ""


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their longest cell; the first is left-aligned, the others right."""
    lines = [tuple(plain(cell) for cell in row) for row in (headings, *rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    shown_lines = [
        "  " + "  ".join(f"{cell:<{width}}" if not place else f"{cell:>{width}}"
                         for place, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]  # fmt: skip
    return "\n".join([title, *shown_lines])
