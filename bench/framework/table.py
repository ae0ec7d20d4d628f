"""The results on a terminal: one line a figure, and what one must know to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from letrade.bench.framework.catalogue import GROUPS
from letrade.bench.framework.question import Question

LATENCY = "us "
"""How the unit of a latency begins: `us p99`."""


def show_questions(console: Console, questions: Sequence[Question]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for question in questions:
        table.add_row(question.name, question.text)
    console.print(table)
    for group, names in GROUPS.items():
        console.print(f"\n{group} is {', '.join(names)}.", highlight=False)
    console.print("\nletrade bench NAME… answers some, letrade bench --all answers all of them.", highlight=False)


def show_report(console: Console, report: Mapping[str, Any]) -> None:
    if report["results"]:
        console.print(_table(report["results"]))
    for result in report["results"]:
        for text in _remarks(result):
            console.print(f"  {result['name']}: {text}", highlight=False, markup=False)
    for failure in report["failures"]:
        console.print(f"{failure['question']} failed: {failure['error']}", style="red", markup=False)
    if report["interrupted"]:
        console.print("interrupted: these are the answers until then", style="yellow")
    machine = report["machine"]
    facts = ("cpu", "cores", "kernel", "governor", "scheduling", "python", "nats_server", "uvloop", "nats_py")
    console.print(", ".join(f"{name} {machine[name]}" for name in facts), style="dim", highlight=False, markup=False)
    load = f"load before {machine['load_before']}, after {machine.get('load_after', '?')}"
    if machine["other_load"]:
        console.print(f"{load}: others were working on this machine, trust the ratios only", style="yellow")
    else:
        console.print(load, style="dim", highlight=False)


def _table(results: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", no_wrap=True)
    for heading in ("value", "", "peer", "times better", "floor", "of floor", "CPU µs", "last run", "goal", "right"):
        table.add_column(heading, justify="left" if heading in ("", "goal", "right") else "right")
    for result in results:
        met, unit = result.get("goal_met"), result["unit"]
        table.add_row(
            result["name"], shown(result["value"], unit), unit_shown(unit), shown(result["peer_value"], unit),
            _times(result["ratio"]), shown(result["floor"], unit), _share(result["share_of_floor"]),
            number(result.get("cpu_us_per_message")), _change(result.get("change")),
            "" if met is None else _goals(result),
            "[green]✓[/]" if result["checked"] else "[red]WRONG[/]",
        )  # fmt: skip
    return table


def _goals(result: Mapping[str, Any]) -> str:
    met = "[green]met[/]" if result["goal_met"] else "[yellow]not met[/]"
    return f"{', '.join(goal['goal'] for goal in result['goals'])} {met}"


def _remarks(result: Mapping[str, Any]) -> list[str]:
    missed = [goal["goal"] for goal in result.get("goals", ()) if not goal["met"]]
    remarks = [f"goal {', '.join(missed)} not met; {result.get('limited_by', 'see its note')}"] if missed else []
    if result.get("peer") not in (None, "nats-py"):
        remarks.append(f"the peer is {result['peer']}")
    return remarks + ([result["note"]] if "note" in result else [])


def number(value: float | None) -> str:
    """Three or four digits that matter."""
    if value is None:
        return ""
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.2f} M"
    if abs(value) >= 1e4:
        return f"{value / 1e3:,.0f} k"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def duration(microseconds: float | None) -> str:
    """Three digits in the unit that suits."""
    if microseconds is None:
        return ""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:,.3g} {unit}" if microseconds < 1e9 else f"{microseconds / size:,.0f} {unit}"
    return f"{microseconds:.3g} µs"


def shown(value: float | None, unit: str) -> str:
    """A figure as its kind is read: a time with the unit that suits, others as plain numbers."""
    return duration(value) if unit.startswith(LATENCY) else number(value)


def unit_shown(unit: str) -> str:
    return unit.removeprefix(LATENCY)


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.1f} ×"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _change(change: float | None) -> str:
    return "" if change is None else f"{change:+.0%}"
