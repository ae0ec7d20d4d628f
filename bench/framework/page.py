"""One page that needs no network: distributions, bars, goals, changes since the last run, and the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from letrade.bench.framework import charts
from letrade.bench.framework.page_style import STYLE
from letrade.bench.framework.table import duration, number, shown, unit_shown
from letrade.core.errors import ResourceError

Result = Mapping[str, Any]
LINES = {"own": "curve", "peer": "peer_curve", "floor": "floor_curve"}
SHOWN = ("p50", "p99", "p99.9", "p99.99", "max")


def write_page(path: Path, report: Mapping[str, Any]) -> None:
    """ResourceError when it cannot be written there."""
    try:
        path.write_text(page_of(report), encoding="utf-8")
    except OSError as error:
        raise ResourceError(f"{path}: the page cannot be written: {error.strerror}") from error


def page_of(report: Mapping[str, Any]) -> str:
    results: Sequence[Result] = report["results"]
    sections = [
        _head(report),
        _section("Goals", _goals(results)),
        _section("Latency", _latencies(results)),
        _section("Throughput and cost", _bars(results)),
        _section("Over time", _soaks(results)),
        _section("All figures", _table(results)),
        _section("Failures", _failures(report["failures"])),
        _section("Machine", _machine(report["machine"])),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>letrade bench</title><style>{STYLE}</style></head><body><main>{''.join(sections)}</main>"
        "</body></html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<section><h2>{title}</h2>{body}</section>" if body else ""


def _head(report: Mapping[str, Any]) -> str:
    results: Sequence[Result] = report["results"]
    machine = report["machine"]
    judged = [each for each in results if "goal_met" in each]
    met = sum(bool(each["goal_met"]) for each in judged)
    wrong = sum(not each["checked"] for each in results)
    tiles = [
        ("goals met", f"{met} of {len(judged)}", "good" if met == len(judged) else "short"),
        ("answers right", f"{len(results) - wrong} of {len(results)}", "bad" if wrong else "good"),
        ("client", report["client"], ""),
        ("cores", str(machine["cores"]), ""),
        ("took", f"{report['seconds']:,.0f} s", ""),
    ]
    shown = "".join(f'<div class="tile {style}"><b>{escape(value)}</b>{name}</div>' for name, value, style in tiles)
    warning = ""
    if machine["other_load"]:
        warning = '<p class="warning">Others were working on this machine: trust the ratios, not the figures.</p>'
    if report["interrupted"]:
        warning += '<p class="warning">The run was interrupted: these are the answers until then.</p>'
    when = escape(str(report["time"]).replace("T", " ").removesuffix("Z") + " UTC")
    legend = (
        '<p class="legend"><span class="own"></span>letrade<span class="peer"></span>peer'
        '<span class="floor"></span>floor: a raw socket, or the least that must be done</p>'
    )
    return (
        f"<header><h1>letrade bench</h1><p>{when} · {escape(str(machine['cpu']))} · seed {report['seed']}</p></header>"
        f'<div class="tiles">{shown}</div>{warning}{legend}'
    )


def _goals(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        for goal in result.get("goals", ()):
            style, word = ("good", "met") if goal["met"] else ("short", "not met")
            limit = "" if goal["met"] else escape(result.get("limited_by", result.get("note", "")))
            rows.append(
                f"<tr><td>{escape(result['name'])}<td>{escape(goal['goal'])}<td class=n>{_value(result)}"
                f"<td class=n>{_times(result['ratio'])}<td class=n>{_share(result['share_of_floor'])}"
                f'<td><span class="pill {style}">{word}</span><td class="dim">{limit}'
            )
    headings = ("figure", "goal", "value", "times better than peer", "of the floor", "", "what limits")
    return _rows(headings, rows)


def _latencies(results: Sequence[Result]) -> str:
    cards = []
    for result in results:
        if not result.get("curve"):
            continue
        chart = charts.distribution({style: result.get(key, ()) for style, key in LINES.items()})
        rows = []
        for who, key in (("own", ""), ("peer", "peer_"), ("floor", "floor_")):
            percentiles = result.get(f"{key}percentiles_us")
            if percentiles:
                cells = "".join(f"<td class=n>{duration(percentiles.get(place))}" for place in SHOWN)
                rows.append(f'<tr><td><i class="{who}"></i>{_who(result, who)}{cells}')
        cards.append(_card(result, chart + _rows(("", *SHOWN), rows)))
    return f'<div class="cards">{"".join(cards)}</div>' if cards else ""


def _bars(results: Sequence[Result]) -> str:
    cards = []
    for result in results:
        if result["unit"].endswith("p99"):
            continue
        rows = (("own", result["value"]), ("peer", result["peer_value"]), ("floor", result["floor"]))
        cards.append(_card(result, charts.bars(rows)))
    return f'<div class="cards">{"".join(cards)}</div>' if cards else ""


def _soaks(results: Sequence[Result]) -> str:
    cards = []
    for result in results:
        series = result.get("series")
        if series:
            latency = charts.over_time(series, {"p50": "own", "p99": "peer", "p99.9": "floor"}, "latency")
            memory = charts.over_time(
                series, {"server_mb": "floor", "sender_mb": "own", "receiver_mb": "peer"}, "memory", charts.megabytes
            )
            cards.append(_card(result, latency + memory))
    return f'<div class="cards">{"".join(cards)}</div>' if cards else ""


def _card(result: Result, body: str) -> str:
    better = "more is better" if result["better"] == "higher" else "less is better"
    wrong = "" if result["checked"] else ' <span class="pill bad">wrong</span>'
    note = f'<p class="dim">{escape(result["note"])}</p>' if "note" in result else ""
    head = f"<h3>{escape(result['name'])}{wrong}</h3><p class=dim>{_value(result)}, {better}{_change(result)}</p>"
    return f'<div class="card">{head}{body}{note}</div>'


def _table(results: Sequence[Result]) -> str:
    headings = ("figure", "value", "peer", "times better", "floor", "of floor", "CPU µs", "last run", "checked")
    rows = [
        f"<tr><td>{escape(each['name'])}<td class=n>{_value(each)}<td class=n>{shown(each['peer_value'], each['unit'])}"
        f"<td class=n>{_times(each['ratio'])}<td class=n>{shown(each['floor'], each['unit'])}"
        f"<td class=n>{_share(each['share_of_floor'])}<td class=n>{number(each.get('cpu_us_per_message'))}"
        f"<td class=n>{_last(each)}<td title='{escape(each.get('what_was_checked', ''))}'>"
        f"{'✓' if each['checked'] else '<span class=bad>wrong</span>'}"
        for each in results
    ]
    return _rows(headings, rows)


def _failures(failures: Sequence[Mapping[str, str]]) -> str:
    return "".join(f"<h3>{escape(each['question'])}</h3><pre>{escape(each['error'])}</pre>" for each in failures)


def _machine(machine: Mapping[str, Any]) -> str:
    rows = [f"<tr><td>{escape(name.replace('_', ' '))}<td>{escape(str(value))}" for name, value in machine.items()]
    return _rows(("", ""), rows)


def _rows(headings: Sequence[str], rows: Sequence[str]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(heading)}" for heading in headings)
    return f'<div class="scroll"><table><thead><tr>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'


def _value(result: Result) -> str:
    return f"{shown(result['value'], result['unit'])} {escape(unit_shown(result['unit']))}"


def _who(result: Result, who: str) -> str:
    return {"own": "letrade", "peer": escape(str(result["peer"])), "floor": "floor"}[who]


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f} ×"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _change(result: Result) -> str:
    return f" · {_last(result)} since the last run" if "change" in result else ""


def _last(result: Result) -> str:
    change = result.get("change")
    if change is None:
        return ""
    style = "good" if change > 0.05 else "bad" if change < -0.05 else "dim"
    return f'<span class="{style}">{change:+.0%}</span>'
