"""Strategies of the backtest benchmarks that do the least that a handler in Python can do, and never trade."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

from letrade.actors.strategies.base import BaseStrategy, BookStrategy
from letrade.core.actor import Context
from letrade.core.clock import monotonic_ns, process_cpu_ns
from letrade.core.messages.market import Bar, Quote


class Heard:
    """What the readers of one run in this process heard, for the check of the answer."""

    count: ClassVar[int] = 0
    total: ClassVar[float] = 0.0

    @classmethod
    def clear(cls) -> None:
        cls.count, cls.total = 0, 0.0


class NoopQuotes(BaseStrategy):
    """Counts each quote."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        Heard.clear()

    def on_quote(self, quote: Quote) -> None:
        Heard.count += 1


class NoopBars(BaseStrategy):
    """Counts each bar."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        Heard.clear()

    def on_bar(self, bar: Bar) -> None:
        Heard.count += 1


class TopReader(BookStrategy):
    """Reads the best bid and ask at each event of its book, and adds their middle up."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        Heard.clear()

    def book_changed(self) -> None:
        bid, ask = self.book.best()
        if bid is not None and ask is not None:
            Heard.count += 1
            Heard.total += bid[0] + ask[0]


class FirstQuote(BaseStrategy):
    """Says on the standard error when its first quote came, by the clock that all processes share, and the CPU used."""

    said = False

    def on_quote(self, quote: Quote) -> None:
        if not self.said:
            self.said = True
            print(f"first event at {monotonic_ns()} after {process_cpu_ns()}", file=sys.stderr)
