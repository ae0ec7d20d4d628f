"""The questions of the suite, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from letrade.bench.framework.question import Question
from letrade.core.config.describe import did_you_mean
from letrade.core.errors import UsageError

MODULES = {
    "codec": "codec",
    "local_bus": "bus",
    "publish": "publish",
    "subscribe": "subscribe",
    "subscribe_decode": "subscribe_decode",
    "cost": "cost",
    "latency": "latency",
    "highest_rate": "highest_rate",
    "request_reply": "request_reply",
    "stream": "stream",
    "journal": "journal",
    "tick_to_order": "tick_to_order",
    "strategies": "strategies",
    "desk_load": "desk_load",
    "soak": "soak",
    "book_updates": "book_updates",
    "matching": "matching",
    "margin_scenarios": "margin_scenarios",
    "backtest_quotes": "backtest_quotes",
    "backtest_bars": "backtest_bars",
    "backtest_books": "backtest_books",
    "liquidation": "liquidation",
    "start": "start",
}
"""The module of each question, in letrade.bench."""

GROUPS = {
    "hotpath": (
        "book_updates",
        "matching",
        "margin_scenarios",
        "backtest_quotes",
        "backtest_bars",
        "backtest_books",
        "liquidation",
        "start",
    ),
}
"""Several questions under one name."""


def question(name: str) -> Question:
    """UsageError when there is none of this name."""
    if name not in MODULES:
        raise UsageError(f"there is no benchmark {name!r}{did_you_mean(name, MODULES)}; `letrade bench` lists them")
    found: Question = import_module(f"letrade.bench.{MODULES[name]}").QUESTION
    return found


def questions() -> list[Question]:
    return [question(name) for name in MODULES]


def expanded(names: Iterable[str]) -> list[str]:
    """Groups in the place of their names, and each question once."""
    return list(dict.fromkeys(each for name in names for each in GROUPS.get(name, (name,))))
