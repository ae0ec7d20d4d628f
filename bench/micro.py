"""Micro benchmarks under pytest-benchmark: `pip install "letrade[bench]"`, then `python -m pytest bench/micro.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from letrade.bench import local_bus
from letrade.bench.framework.stream import FIRST_SEQUENCE, trade
from letrade.core import codec, subjects
from letrade.core.messages.market import Trade
from letrade.hotpath.book import Book
from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.indicators import Ema

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


def book_of_200() -> Book:
    """100 levels either side of a gap of one tick."""
    book = Book()
    book.load([(10_000 - level, 5) for level in range(100)], [(10_001 + level, 5) for level in range(100)])
    return book


def test_book_update(benchmark: Benchmark) -> None:
    """One level of a book of 200 changes its size."""
    book = book_of_200()
    benchmark(book.update, BUY, 9_950, 7)
    assert book.size(BUY, 9_950) == 7


def test_book_packed_message_of_20_levels(benchmark: Benchmark) -> None:
    book = book_of_200()
    rows = [(side, 10_000 - level if side == BUY else 10_001 + level, 9) for side in (BUY, SELL) for level in range(10)]
    benchmark(book.apply_packed, np.array(rows, dtype=np.int64).tobytes())
    assert book.depth(SELL, 1) == [(10_001, 9)]


def test_book_best(benchmark: Benchmark) -> None:
    assert benchmark(book_of_200().best) == ((10_000, 5), (10_001, 5))


def test_book_thousand_rows_in_a_batch(benchmark: Benchmark) -> None:
    """Time is for all of them, with the best prices after each."""
    book, draw = book_of_200(), np.random.Generator(np.random.PCG64(1))
    sides = np.where(draw.random(1_000) < 0.5, BUY, SELL).astype(np.int8)
    prices = np.where(sides == BUY, 10_000, 10_001) - sides * draw.integers(0, 100, 1_000)
    sizes, bids, asks = draw.integers(1, 99, 1_000), np.empty(1_000, np.int64), np.empty(1_000, np.int64)
    benchmark(book.apply_batch, sides, prices, sizes, bids, asks)
    assert (bids < asks).all()


def test_indicator_of_one_value(benchmark: Benchmark) -> None:
    mean = Ema(20)
    benchmark(mean.add, 100.25)
    assert mean.count > 0
