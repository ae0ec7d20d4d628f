"""A backtest of a moving-average cross on recorded hours gives the known result, in exact decimals."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from msgspec.structs import replace

from letrade.actors.feeds.ohlcv import OhlcvFeed
from letrade.actors.feeds.table import read_table
from letrade.assembly import assemble
from letrade.backtest import run_backtest
from letrade.core.messages.base import Message
from letrade.core.messages.market import BarOpen
from tests.data import shared_data
from tests.models.ma_cross import trade

HOURS = "ohlcv/binance-usdm-2023-2024/BTC_USDT_USDT-1h-futures.feather"
FEE = "0.0005"
PROFIT = "21113.436350"


@pytest.fixture(scope="module")
def hours() -> str:
    return str(shared_data(HOURS))


@pytest.fixture(scope="module")
def summary(hours: str) -> dict[str, Any]:
    return run_backtest(assemble("backtest-ma-cross", {}, data_files=[hours]))


def test_the_profit_of_sixteen_months_is_the_known_one(hours: str, summary: dict[str, Any]) -> None:
    assert (summary["entries"], summary["exits"]) == (154, 153)
    assert Decimal(summary["pnl"]) == Decimal(PROFIT)
    last_close = float(read_table(hours).close[-1])
    assert [(held["quantity"], float(held["last_price"])) for held in summary["positions"]] == [("1", last_close)]
    assert summary["orders"] == summary["fills"] == 307
    assert (summary["lost"], summary["doubled"], summary["failures"], summary["refused"]) == (0, 0, 0, {})
    assert summary["funding"] == {}


def test_the_slow_model_agrees_and_fills_one_bar_earlier_give_another_profit(
    hours: str, summary: dict[str, Any]
) -> None:
    table = read_table(hours)
    opens, closes = table.open.tolist(), table.close.tolist()
    known = trade(opens, closes, 20, 50, FEE)
    assert (known.entries, known.exits) == (summary["entries"], summary["exits"])
    assert known.profit == Fraction(Decimal(summary["pnl"])) == Fraction(Decimal(PROFIT))
    assert trade(opens, closes, 20, 50, FEE, fill_after_bars=0).profit != known.profit


class EarlyOpens(OhlcvFeed):
    """Tells at each bar's start the open of the bar before: fills move one bar earlier."""

    def messages(self) -> Iterator[Message]:
        last = 0.0
        for message in super().messages():
            if isinstance(message, BarOpen):
                yield replace(message, open=last or message.open)
                last = message.open
            else:
                yield message


def test_a_desk_whose_fills_come_one_bar_earlier_is_found_out(hours: str, summary: dict[str, Any]) -> None:
    config = assemble("backtest-ma-cross", {}, data_files=[hours])
    early = replace(config, feeds=[replace(config.feeds[0], feed_class=EarlyOpens)])
    moved = run_backtest(early)
    table = read_table(hours)
    expected = trade(table.open.tolist(), table.close.tolist(), 20, 50, FEE, fill_after_bars=0)
    assert Fraction(Decimal(moved["pnl"])) == expected.profit
    assert moved["pnl"] != summary["pnl"]
    assert moved["result_hash"] != summary["result_hash"]


def test_two_runs_have_the_same_result_hash(hours: str, summary: dict[str, Any]) -> None:
    again = run_backtest(assemble("backtest-ma-cross", {}, data_files=[hours]))
    timed = {"seconds", "events_per_second"}
    assert {key: value for key, value in again.items() if key not in timed} == {
        key: value for key, value in summary.items() if key not in timed
    }
