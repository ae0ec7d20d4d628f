"""Micro benchmarks under pytest-benchmark: `pip install "letrade[bench]"`, then `python -m pytest bench/micro.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from letrade.bench import local_bus
from letrade.bench.framework.stream import FIRST_SEQUENCE, trade
from letrade.core import codec, subjects
from letrade.core.messages.market import Trade
from letrade.hotpath.book import Book
from letrade.hotpath.constants import BUY, SELL

pytest.importorskip("pytest_benchmark", reason="needs letrade[bench]")

Benchmark = Callable[..., Any]
TRADE = trade(FIRST_SEQUENCE, 30_000.25, 0.125, 1, "1")
PAYLOAD = codec.encode(TRADE)
POSTED = 1_000


def test_encode(benchmark: Benchmark) -> None:
    assert benchmark(codec.encode, TRADE) == PAYLOAD


def test_decode_any_message(benchmark: Benchmark) -> None:
    assert benchmark(codec.decode, PAYLOAD) == TRADE


def test_decode_a_known_type(benchmark: Benchmark) -> None:
    assert benchmark(msgspec.msgpack.Decoder(Trade).decode, PAYLOAD) == TRADE


def test_subject_of_a_message(benchmark: Benchmark) -> None:
    found = benchmark(subjects.of_message, "main", "trade", TRADE)
    assert found == "letrade.main.md.trade.paper.BTC-USDT"


def test_thousand_messages_to_one_subscriber(benchmark: Benchmark) -> None:
    """Time is for all of them."""
    counter = local_bus.Counter("counter", None, local_bus.CONTEXT)
    messages = local_bus.trades(POSTED)

    def deliver() -> None:
        local_bus.deliver(local_bus.node_of(counter), messages)

    benchmark(deliver)
    assert counter.heard % POSTED == 0
    assert counter.heard


def test_book_update(benchmark: Benchmark) -> None:
    """One level of a book of 200 changes its size."""
    book = Book()
    for level in range(100):
        book.update(BUY, 10_000 - level, 5)
        book.update(SELL, 10_001 + level, 5)
    benchmark(book.update, BUY, 9_950, 7)
    assert book.levels(BUY) == 100
