"""The live table of a running desk, and the progress line of a backtest."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from letrade.core import clock
from letrade.core.config.values import show_instant

ROWS_MAX = 12
View = Mapping[str, Any]


class LiveTable:
    """Shows one view after the other on a terminal; a context manager that leaves the last one standing."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=False)
        self._live = Live(Text("starting the desk…"), console=self.console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, view: View) -> None:
        self._live.update(picture(view), refresh=True)


def picture(view: View) -> Group:
    """Everything that a view tells, as one renderable."""
    parts: list[Any] = [_head(view), _prices(view), _strategies(view), _orders(view)]
    if alerts := _alerts(view):
        parts.append(alerts)
    return Group(*parts)


def _head(view: View) -> Panel:
    text = Text()
    text.append(f"desk {view.get('desk', '?')}", style="bold")
    text.append(f"  up {_seconds(view.get('uptime_seconds'))}   {view.get('messages_per_second', 0):,.0f} messages/s")
    text.append(f"   tick to order {_latency(view.get('tick_to_order_us'))}")
    text.append(
        f"\norders {view.get('orders', 0)}   fills {view.get('fills', 0)}   working {view.get('working', 0)}   PnL "
    )
    pnl = view.get("pnl")
    text.append(_short(pnl), style="green" if _number(pnl) >= 0 else "red")
    text.append(f"   equity {_short(view.get('equity'))} {view.get('reporting_currency', '')}")
    nats = view.get("nats") or {}
    text.append(f"\n{nats.get('url', 'no NATS')}   journal lag {(view.get('journal') or {}).get('lag', 0)}")
    return Panel(text, expand=False)


def _prices(view: View) -> Table:
    table = _table("prices", "instrument", ">price", "account", "strategy", ">position", ">average")
    positions = {each["instrument"]: each for each in view.get("positions") or []}
    for instrument, price in list((view.get("prices") or {}).items())[:ROWS_MAX]:
        held = positions.get(instrument) or {}
        table.add_row(instrument, str(price), held.get("account", ""), held.get("strategy", ""),
                      held.get("quantity", ""), _short(held.get("average_price")) if held else "")  # fmt: skip
    return table


def _strategies(view: View) -> Table:
    table = _table("strategies", "strategy", "instrument", ">position", ">realised", ">orders", ">fills", ">refused")
    for line in (view.get("strategies") or [])[:ROWS_MAX]:
        counts = (str(line.get(key, 0)) for key in ("orders", "fills", "refused"))
        table.add_row(line["name"], line["instrument"], line["position"], line.get("realised") or "", *counts)
    return table


def _orders(view: View) -> Table:
    table = _table("last orders", "order", "instrument", "side", ">size", ">filled", ">price", "state")
    for order in (view.get("recent_orders") or [])[: ROWS_MAX // 2]:
        table.add_row(*(str(order.get(key) or "market") for key in
                        ("order_id", "instrument", "side", "size", "filled", "price", "state")))  # fmt: skip
    return table


def _alerts(view: View) -> Table | None:
    alerts = (view.get("alerts") or [])[-4:]
    if not alerts:
        return None
    table = _table("last alerts", "code", "text")
    for alert in alerts:
        table.add_row(str(alert.get("code", "")), str(alert.get("text", ""))[:110])
    return table


def _table(title: str, *columns: str) -> Table:
    """A column whose name starts with > is set to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", expand=False, pad_edge=False)
    for column in columns:
        table.add_column(column.lstrip(">"), justify="right" if column.startswith(">") else "left", no_wrap=True)
    return table


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return 0.0


def _short(amount: object) -> str:
    return "unknown" if amount is None else f"{_number(amount):,.2f}"


def _seconds(seconds: object) -> str:
    whole = int(_number(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _latency(latency: Mapping[str, Any] | None) -> str:
    if not latency or latency.get("p50") is None:
        return "-"
    return f"p50 {latency['p50'] / 1000:,.1f} ms, p99 {latency['p99'] / 1000:,.1f} ms"


class BacktestProgress:
    """A line on standard error: how far the data's time has come, how fast, and what is left. Call it with (events, the
    data's time); `share` is how much of the data has passed, None when nobody knows."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.share: float | None = None
        self._status = self.console.status("reading the data…")
        self._began = clock.monotonic_ns()

    def __enter__(self) -> Self:
        self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()

    def __call__(self, events: int, time: int) -> None:
        elapsed = max(clock.monotonic_ns() - self._began, 1) / clock.SECOND
        words = [show_instant(time), f"{events:,} events", f"{events / elapsed:,.0f} a second"]
        if self.share:
            words.append(f"{self.share:.0%}, {_seconds(elapsed * (1 - self.share) / self.share)} left")
        self._status.update("   ".join(words))
