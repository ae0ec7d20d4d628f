"""What the margin calculator shows people: tables of positions, accounts, tiers and cases."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from letrade.margin.case_runs import CaseResult, Tally

MARKDOWN_WIDTH = 300
PLAIN_WIDTH = 150
"""Where no terminal says how wide it is."""
ROUNDING = 1e-12
"""Smaller errors are those of the doubles in the file."""
Answer = Mapping[str, Any]


def show_answer(answer: Answer) -> None:
    """One position line by line, several as a table; then the accounts, the rules and what was assumed."""
    console = _console()
    positions = answer["positions"]
    several = _several(answer["venue"], positions)
    if len(positions) > 1 and _fits(console, several):
        console.print(several)
    else:
        for each in positions:
            console.print(_one(answer["venue"], each))
    if len(positions) > 1 or positions[0]["margin_mode"] == "cross":
        units = _units(answer["units"])
        console.print(units if _fits(console, units) else _units_in_lines(answer["units"]))
    for rules in answer["rules"]:
        console.print(_rules(rules), soft_wrap=True)
    for note in answer["notes"]:
        console.print(Text(f"note: {note}"), soft_wrap=True)


def show_cases(results: Sequence[CaseResult], tallies: Sequence[Tally]) -> None:
    """The table of errors, then the cases that do not fit and those that were refused. It is Markdown, to be pasted."""
    console = _console()
    table = _table("", "exchange", "who says so", ">cases", ">within", ">median error", ">largest error", ">in price")
    for each in tallies:
        within = f"{each.within} of {each.expected}" if each.expected else "nothing expected"
        table.add_row(
            each.exchange, each.oracle, str(each.cases), within, _error(each.error_relative_median),
            _error(each.error_relative_max), _difference(each.error_absolute_max),
        )  # fmt: skip
    _markdown(table)
    for result in results:
        if line := _case_line(result):
            console.print(Text(line), soft_wrap=True)
    console.print(Text(_sums(results)))


def show_modes(modes: Sequence[Answer]) -> None:
    """Every mode that is modelled, and what is to be known of some, as Markdown."""
    table = _table("", "venue", "mode", "contracts", "since", "liquidated as one", "read as of", "source")
    for each in modes:
        table.add_row(
            each["venue"], each["mode"], " and ".join(each["contracts"]), each["since"] or "-", each["unit"],
            each["checked"], each["source"],
        )  # fmt: skip
    _markdown(table)
    notes = [
        f"- {each['venue']} {each['mode']}{' since ' + each['since'] if each['since'] else ''}: {each['note']}\n"
        for each in modes
        if each["note"]
    ]
    sys.stdout.write("".join(["\n", *notes] if notes else []))


def _sums(results: Sequence[CaseResult]) -> str:
    """How many of those that decide fit, and how many of those beside them."""
    parts = []
    for counts, words in ((True, "cases that decide are within"), (False, "of bots' own tests, which do not decide")):
        expected = [each for each in results if each.counts is counts and each.has_expectation]
        if expected:
            parts.append(f"{sum(each.within is True for each in expected)} of {len(expected)} {words}")
    refused = sum(each.refused is not None for each in results)
    return "; ".join([*parts, *([f"{refused} refused"] if refused else []), f"{len(results)} cases"])


def _case_line(result: CaseResult) -> str:
    """ "" for one that fits and of which nothing was assumed."""
    parts = [part for part in (_outcome(result), *result.notes) if part]
    return f"{result.id}: {'; '.join(parts)}" if parts else ""


def _outcome(result: CaseResult) -> str:
    if result.refused is not None:
        return f"refused: {result.refused}"
    if not result.has_expectation:
        return _price(result.got) + (f" ({result.why})" if result.why else "")
    if result.within is False:
        kind = "differs" if result.counts else "differs, and does not count"
        return f"{kind}: got {_price(result.got)}, expected {_price(result.expected)} ({result.oracle})"
    return ""


def _one(venue: str, position: Answer) -> Table:
    coin, tier = position["currency"], position["tier"]
    title = f"{venue} {position['symbol']} {position['side']} {_size(position['size'])} at {_price(position['entry'])}"
    leverage = "" if position["leverage"] is None else f", {_size(position['leverage'])}x"
    title += f"{leverage}, {position['mode'].replace('_', ' ')}, mark {_price(position['mark'])}"
    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(overflow="fold")
    table.add_row("initial margin", _money(position["initial_margin"]), coin)
    table.add_row("maintenance margin", _money(position["maintenance_margin"]), coin)
    table.add_row("margin ratio", _ratio(position["margin_ratio"]), position["margin_ratio_name"])
    table.add_row("liquidation price", _price(position["liquidation_price"]), _distance(position))
    table.add_row("bankruptcy price", _price(position["bankruptcy_price"]), "")
    if position["margin_mode"] == "cross":
        table.add_row("common move", _percent(position["common_move_percent"]), "of all marks, to liquidation")
    table.add_row("largest size", _size(position["largest_size"]), _largest(position))
    table.add_row("tier", str(tier["number"]), _tier(tier))
    table.add_row("tiers", "", tier["from"] if tier["source"] in tier["from"] else f"{tier['from']}: {tier['source']}")
    return table


def _several(venue: str, positions: Sequence[Answer]) -> Table:
    table = _table(
        f"positions at {venue}", "symbol", "side", ">size", ">entry", ">mark", "mode", ">initial", ">maintenance",
        ">liquidation", ">distance", ">bankruptcy", ">tier",
    )  # fmt: skip
    for each in positions:
        table.add_row(
            each["symbol"], each["side"], _size(each["size"]), _price(each["entry"]), _price(each["mark"]),
            each["mode"].replace("_", " "), _money(each["initial_margin"]), _money(each["maintenance_margin"]),
            _price(each["liquidation_price"]), _percent(each["distance_percent"]), _price(each["bankruptcy_price"]),
            str(each["tier"]["number"]),
        )  # fmt: skip
    return table


def _units(units: Sequence[Answer]) -> Table:
    table = _table(
        "accounts", "what", ">equity", ">initial", ">maintenance", ">available", ">ratio", ">common move", ""
    )
    for each in units:
        state = "liquidated" if each["liquidated"] else ""
        table.add_row(
            each["name"], f"{_money(each['equity'])} {each['currency']}", _money(each["initial_margin"]),
            _money(each["maintenance_margin"]), _money(each["available"]), _ratio(each["margin_ratio"]),
            _percent(each["common_move_percent"]), state,
        )  # fmt: skip
    return table


def _units_in_lines(units: Sequence[Answer]) -> Text:
    """For terminals that are too narrow for the table."""
    lines = []
    for each in units:
        figures = (
            f"equity {_money(each['equity'])} {each['currency']}, maintenance {_money(each['maintenance_margin'])}"
        )
        figures += f", ratio {_ratio(each['margin_ratio'])}, common move {_percent(each['common_move_percent'])}"
        lines.append(f"{each['name']}: {figures}{', liquidated' if each['liquidated'] else ''}")
    return Text("\n".join(lines))


def _fits(console: Console, table: Table) -> bool:
    return Console(width=MARKDOWN_WIDTH).measure(table).maximum <= console.width


def _rules(rules: Answer) -> Text:
    text = Text(f"formula: {rules['formula']}\nsource: {rules['source']} (read as of {rules['checked']})")
    if rules["note"]:
        text.append(f"\nto be known: {rules['note']}")
    if rules["limits"]:
        text.append(f"\nnot modelled: {rules['limits']}")
    return text


def _table(title: str, *columns: str) -> Table:
    """A column whose name starts with > is set to the right."""
    table = Table(title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return table


def _console() -> Console:
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def _markdown(table: Table) -> None:
    """Without the empty lines and the blanks at the ends of lines that would be pasted with it."""
    table.box, table.pad_edge = box.MARKDOWN, True
    console = Console(width=MARKDOWN_WIDTH, highlight=False, markup=False, emoji=False)
    with console.capture() as drawn:
        console.print(table)
    lines = [line.rstrip() for line in drawn.get().splitlines()]
    sys.stdout.write("".join(f"{line}\n" for line in lines if line))


def _distance(position: Answer) -> str:
    if position["liquidated"] or position["distance_percent"] is None:
        return position["liquidation_note"] or ""
    note = f"; {position['liquidation_note']}" if position["liquidation_note"] else ""
    return f"{position['distance_percent']:.2f} % from the mark{note}"


def _largest(position: Answer) -> str:
    parts = []
    if position["largest_size_by_tiers"] is not None:
        parts.append(f"{_size(position['largest_size_by_tiers'])} by the tiers at this leverage")
    if position["largest_size_by_margin"] is not None:
        parts.append(f"{_size(position['largest_size_by_margin'])} by this margin")
    return ", ".join(parts)


def _tier(tier: Answer) -> str:
    cap = "no end" if tier["cap"] is None else f"{tier['cap']:,g}"
    highest = "" if tier["max_leverage"] is None else f", up to {tier['max_leverage']:g}x"
    span = f"{tier['floor']:,.10g} to {cap} ({tier['basis'].replace('_', ' ')})"
    return f"{span}: rate {tier['rate']:.4%}, amount {_money(tier['amount'])}{highest}"


def _price(value: float | None) -> str:
    return "none" if value is None else f"{value:,.8g}"


def _difference(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2g}" if value >= ROUNDING else "0"


def _size(value: float | None) -> str:
    return "-" if value is None else f"{value:,.8g}"


def _money(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.2f}" if abs(value) >= 100 or value == 0 else f"{value:,.6g}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{value:.2f} %"


def _error(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1e}" if value >= ROUNDING else "0"
