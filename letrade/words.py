"""What a run came to, in words for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WIDTH = 18


def summary_in_words(summary: Mapping[str, Any]) -> str:
    """A few lines; what a run does not know is left out."""
    lines = [
        ("desk", summary.get("desk")),
        ("orders, fills", f"{summary.get('orders', 0)}, {summary.get('fills', 0)}"),
        ("entries, exits", f"{summary.get('entries', 0)}, {summary.get('exits', 0)}"),
        ("profit and loss", _in_currency(summary.get("pnl"), summary)),
        ("equity", _in_currency(summary.get("equity"), summary)),
        ("fees", _amounts(summary.get("fees"))),
        ("funding", _amounts(summary.get("funding"))),
        ("balances", _balances(summary.get("balances"))),
        ("positions", _positions(summary.get("positions"))),
        ("refused", _counts(summary.get("refused"))),
        ("alerts", _counts(summary.get("alerts"))),
        ("failed", "; ".join(f"{each['actor']}: {each['error']}" for each in summary.get("failed", ()))),
        ("books compared", _checks(summary)),
        ("lost, doubled", f"{summary.get('lost', 0)}, {summary.get('doubled', 0)}"),
        ("tick to order", _latency(summary.get("tick_to_order_us"))),
        ("messages", _rate(summary.get("messages_per_second"))),
        ("events", _events(summary)),
        ("engine", summary.get("engine")),
        ("ended", "before its data did" if summary.get("incomplete") else None),
        ("result hash", summary.get("result_hash")),
        ("report", summary.get("report")),
    ]
    return "\n".join(f"{name:{WIDTH}}{text}" for name, text in lines if text not in (None, ""))


def _in_currency(amount: object, summary: Mapping[str, Any]) -> str | None:
    if amount is None:
        missing = summary.get("missing_prices")
        return f"unknown: no price of {', '.join(missing)}" if missing else None
    return f"{amount} {summary.get('reporting_currency', '')}".strip()


def _amounts(amounts: Mapping[str, str] | None) -> str:
    return ", ".join(f"{amount} {currency}" for currency, amount in (amounts or {}).items())


def _balances(balances: Mapping[str, Mapping[str, str]] | None) -> str:
    return "; ".join(f"{account}: {_amounts(totals)}" for account, totals in (balances or {}).items())


def _positions(positions: list[dict[str, Any]] | None) -> str:
    shown = (f"{each['strategy']}: {each['quantity']} {each['instrument']} at {each['average_price']}"
             for each in positions or [])  # fmt: skip
    return "; ".join(shown) or "none"


def _counts(counts: Mapping[str, int] | None) -> str:
    return ", ".join(f"{name} {count}" for name, count in (counts or {}).items())


def _checks(summary: Mapping[str, Any]) -> str:
    checks = summary.get("book_checks") or {}
    if not checks.get("compared") and not checks.get("late_compared"):
        return ""
    equal, compared = checks["equal"], checks["compared"]
    return f"{equal} of {compared} equal to the venue's best, {summary.get('gaps', 0)} gaps"


def _latency(latency: Mapping[str, Any] | None) -> str:
    known = {name: value for name, value in (latency or {}).items() if name.startswith("p") and value is not None}
    return ", ".join(f"{name} {value:,} µs" for name, value in known.items())


def _rate(rate: float | None) -> str:
    return "" if rate is None else f"{rate:,.0f} a second"


def _events(summary: Mapping[str, Any]) -> str:
    if "events" not in summary:
        return ""
    return f"{summary['events']:,} in {summary['seconds']:.1f} s, {summary['events_per_second']:,.0f} a second"
