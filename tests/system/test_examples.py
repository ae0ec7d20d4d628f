"""Each example runs as its reader would run it, and says what it promises."""

import os
import subprocess
import sys

import pytest

from tests.tree import ROOT

PROMISES = {
    "book_alone": ("best bid and ask: ((618000, 7), (618003, 8))", "crossed: False"),
    "backtest_from_python": ("seed 1:", "seed 3:", "fills, profit"),
    "own_strategy": ("entries", "profit"),
    "features": ("entries", "profit"),
    "indicators": ("the same after a restart: True", "more is bid: 3.0 and then less is offered: 6.0"),
    "own_data": ("USDT/quotes: 20000 rows", "read back: 20000 rows, prices in units of 1e-1", "orders, profit"),
    "nats_link": ('the other side says: {"ticks":10000,"last":60099.99}', "sent 10001 received 10001"),
    "funding_arbitrage": ("bybit: 0.999", "hyperliquid: -0.999", "the parts are all of the profit: True"),
    "calendar_roll": ("after 30 s: 0.5 BTC-USDT, -0.5 BTC-USDT_USDT-240101B", "after 70 s: flat"),
    "hedged_books": (
        "at 120000: coin 120000, both 60000, delta 0", "carry: -0.5 paper.BTC-USDT_USDT",
        "collateral: -600 paper.BTC-USD_BTC", "a hundredth: True", "a thousandth: True",
    ),
    "borrowing": (
        "interest of short_spot: -0.00002083 BTC on 1 borrowed", "warning funding_due: margin pays about 3.754",
        "settlement: short_spot earned -60.0", "short_spot: 1 paper.BTC-USDT_USDT",
    ),
    "transfers": ("top_up-1: 1501.00 USDT done", "profit -1"),
    "embed_a_desk": ("paper.", "fills, profit"),
}


@pytest.mark.parametrize("name", [path.stem for path in sorted((ROOT / "examples").glob("*.py"))])
def test_an_example_runs(name: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    answer = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py")],
        capture_output=True, text=True, timeout=110, check=False, env=environment,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    for promise in PROMISES[name]:
        assert promise in answer.stdout
    assert not answer.stdout.startswith("0 entries")
