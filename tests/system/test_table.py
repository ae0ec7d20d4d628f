"""The live table and the summary show what a view tells, whatever is missing from it."""

import io
import json
from typing import Any

from rich.console import Console

from letrade.assembly import assemble
from letrade.backtest import Backtest
from letrade.table import LiveTable, picture
from letrade.words import summary_in_words


def shown(view: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=140)
    console.print(picture(view))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def view_and_summary() -> tuple[dict[str, Any], dict[str, Any]]:
    test = Backtest(assemble("paper", {}), 30 * 10**9)
    summary = test.run()
    return test.results.view(), summary


def test_a_view_before_anything_happened_is_shown() -> None:
    assert "strategies" in shown({})


def test_the_table_names_strategies_prices_orders_and_profit() -> None:
    view, _ = view_and_summary()
    text = shown({"desk": "main", "tick_to_order_us": {"p50": 1500, "p99": 2500}, **view})
    for part in ("desk main", "p99 2.5 ms", "btc_fast", "paper.ETH-USDT", "filled", "PnL", "drained"):
        assert part in text


def test_view_and_summary_are_json() -> None:
    for each in view_and_summary():
        assert json.loads(json.dumps(each)) == each


def test_the_live_table_leaves_the_last_view_standing() -> None:
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    with LiveTable(console) as table:
        table.show({"desk": "one"})
        table.show({"desk": "two"})
    assert "desk two" in console.file.getvalue()  # type: ignore[attr-defined]


def test_the_summary_in_words_leaves_out_what_is_not_known() -> None:
    words = summary_in_words(view_and_summary()[1])
    assert "profit and loss" in words
    assert "result hash" in words
    assert "tick to order" not in words
    assert "unknown: no price of BTC" in summary_in_words({"pnl": None, "missing_prices": ["BTC"]})
