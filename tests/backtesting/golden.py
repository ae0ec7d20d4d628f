"""Seeded market data as the documented generator makes it: PCG64, in whole ticks and lots."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

START = 1_704_067_200_000_000_000
STEP_NS = 100_000_000
ROWS = 1_000_000
INSTRUMENT = "binance.BTC-USDT_USDT"
TICK, LOT = 0.1, 0.001

Arrays = dict[str, Any]


@functools.cache
def all_quotes(seed: int = 42) -> Arrays:
    """A million best prices, one every 100 ms."""
    draw = np.random.Generator(np.random.PCG64(seed))
    middle = np.maximum(500_000 + np.cumsum(draw.integers(-3, 4, ROWS)), 10_000)
    half = draw.integers(1, 3, ROWS)
    return {
        "time": START + np.arange(ROWS, dtype=np.int64) * STEP_NS,
        "bid": middle - half,
        "ask": middle + half,
        "bid_size": draw.integers(1, 20_000, ROWS),
        "ask_size": draw.integers(1, 20_000, ROWS),
    }


def quotes(rows: int) -> Arrays:
    """The first of them, as floats."""
    found = {name: column[:rows] for name, column in all_quotes().items()}
    units = {"time": 1, "bid": TICK, "ask": TICK, "bid_size": LOT, "ask_size": LOT}
    return {name: column if name == "time" else column * units[name] for name, column in found.items()}


def tables(**venue: Any) -> dict[str, Any]:
    """A desk of one venue, one contract and ten million."""
    return {
        "desk": {"on_stop": "keep"},
        "venue": [{"name": "binance", "maker_fee": "0", "taker_fee": "0.0005", **venue}],
        "instrument": [{"name": INSTRUMENT, "tick": "0.1", "lot": "0.001"}],
        "actor": [{"name": "capital", "through_zero": "one_order"}],
        "account": [{"name": "paper", "venue": "binance", "balances": {"USDT": "10000000"}}],
    }
