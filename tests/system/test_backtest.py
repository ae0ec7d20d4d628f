"""Backtests of recorded captures and of seeded flow: books compared, desks bound to any data, no network needed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from letrade.assembly import assemble
from letrade.backtest import Backtest, run_backtest
from letrade.core.config.desk import DeskConfig
from letrade.core.errors import ConfigurationError, DataError, UsageError
from letrade.core.messages.base import Message
from letrade.core.messages.orders import ApprovedOrder, Fill
from tests.data import shared_data
from tests.system.programs import letrade, summary_of

SPOT = ("l2/binance/spot_btcusdt_20240808.gz", "l2/binance/spot_btcusdt_20240809.gz")
LINEAR = ("l2/binance/usdm_btcusdt_20240808.gz",)
CUT_OFF = """
import sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
        raise OSError(f"the network is cut off: {event} {arguments}")
sys.addaudithook(refuse)
from letrade.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
BARS = "date,open,high,low,close,volume\n"


def bars_file(folder: Path, name: str = "DOGE_USDT-1m.csv", count: int = 200) -> Path:
    """A price that rises and falls, so that averages cross."""
    rows, last = [], 0.1
    for minute in range(count):
        price = round(0.1 + 0.01 * (minute % 40 if minute // 40 % 2 else 40 - minute % 40) / 40, 5)
        low, high = min(last, price), max(last, price)
        rows.append(f"{1_704_067_200 + 60 * minute},{last},{high},{low},{price},1000")
        last = price
    path = folder / name
    path.write_text(BARS + "\n".join(rows) + "\n")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(("files", "compared"), [(SPOT[:1], 564), (LINEAR, 503), (SPOT, 1_072)])
def test_recorded_books_equal_the_venues_own_best_prices(files: tuple[str, ...], compared: int) -> None:
    summary = run_backtest(assemble("recorded", {}, data_files=[shared_data(file) for file in files]))
    assert (summary["book_checks"]["compared"], summary["book_checks"]["equal"]) == (compared, compared)
    assert summary["book_checks"]["late_compared"] == summary["book_checks"]["late_equal"]
    assert (summary["gaps"], summary["crossed"], summary["failures"]) == (0, 0, 0)
    assert summary["fills"] > 0
    assert (summary["lost"], summary["doubled"]) == (0, 0)


def flow(seed: int = 1) -> DeskConfig:
    return assemble("paper", {"LETRADE_DESK__seed": str(seed)})


def test_seeded_flow_gives_the_same_hash_and_another_seed_another() -> None:
    first, again, other = (run_backtest(flow(seed), None, 30 * 10**9) for seed in (1, 1, 2))
    assert first["fills"] > 0
    assert first["result_hash"] == again["result_hash"]
    assert first["result_hash"] != other["result_hash"]


def test_every_fill_is_caused_by_an_approval_and_in_the_end_by_the_market() -> None:
    test = Backtest(flow(), 30 * 10**9)
    seen: dict[str, Message] = {}
    test.observers.append(lambda message: seen.setdefault(message.id, message) and None)
    test.run()
    fills = [message for message in seen.values() if isinstance(message, Fill)]
    assert fills
    for fill in fills:
        kinds, message = [], seen[fill.id]
        while message.cause:
            message = seen[message.cause]
            kinds.append(type(message).__name__)
        assert ApprovedOrder.__name__ in kinds
        assert kinds[-1] == "MarketFlow"


def test_the_profit_is_what_the_balances_and_the_position_are_worth() -> None:
    summary = run_backtest(flow(), None, 30 * 10**9)
    assert float(summary["pnl"]) == pytest.approx(float(summary["equity"]) - 100_000, abs=1e-9)


def test_any_symbol_of_a_recorded_file_works(tmp_path: Path) -> None:
    summary = run_backtest(assemble("backtest-ma-cross", {}, data_files=[bars_file(tmp_path)]))
    assert summary["entries"] > 0
    assert {held["instrument"] for held in summary["strategies"]} == {"binance.DOGE-USDT"}


def test_the_instrument_can_be_given_where_the_name_does_not_say_it(tmp_path: Path) -> None:
    file = bars_file(tmp_path, "prices.csv")
    with pytest.raises(DataError, match="instrument"):
        assemble("backtest-ma-cross", {}, data_files=[file])
    config = assemble("backtest-ma-cross", {}, data_files=[file], instrument="kraken.DOGE-EUR")
    assert [venue.name for venue in config.venues] == ["kraken"]
    assert config.accounts[0].balances.keys() == {"EUR"}
    assert run_backtest(config)["entries"] > 0


def test_a_desk_without_venue_and_account_gets_one_of_each(tmp_path: Path) -> None:
    desk = tmp_path / "desk.toml"
    desk.write_text(
        '[[actor]]\nname = "averages"\nclass = "letrade.actors.features.moving_averages.MovingAverages"\n'
        'sma = [5, 10]\n[[actor]]\nname = "cross"\nclass = "letrade.actors.strategies.ma_cross.MACross"\n'
        'account = "paper"\nfeature_set = "averages"\nfast = 5\nslow = 10\n'
    )
    config = assemble(desk, {}, data_files=[bars_file(tmp_path)])
    assert [(account.name, account.venue) for account in config.accounts] == [("paper", "binance")]
    assert run_backtest(config)["entries"] > 0


def test_data_that_an_own_strategy_does_not_name_is_told(tmp_path: Path) -> None:
    overrides = {"LETRADE_ACTOR__ma_cross-1__instrument": "binance.BTC-USDT"}
    config = assemble("backtest-ma-cross", overrides, data_files=[bars_file(tmp_path)])
    with pytest.raises(ConfigurationError, match=r"there is no instrument .binance\.BTC-USDT"):
        run_backtest(config)


def test_an_endless_feed_asks_how_much_of_it() -> None:
    with pytest.raises(UsageError, match="has no end"):
        run_backtest(flow())


def test_given_data_takes_the_place_of_the_desks_feeds_also_in_its_workers(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[feed]]\nname = "flow"\nkind = "synthetic_flow"\n[[feed]]\nname = "second"\nkind = "synthetic_trades"\n'
        '[[worker]]\nname = "data"\nfeeds = ["flow", "second"]\n'
    )
    config = assemble(["backtest-ma-cross", own], {}, data_files=[bars_file(tmp_path)])
    assert [feed.name for feed in config.feeds] == ["flow"]
    assert config.workers[0].feeds == ["flow"]


def test_a_backtest_needs_no_network(tmp_path: Path) -> None:
    words = ["backtest", "--data", str(bars_file(tmp_path)), "--json"]
    answer = subprocess.run([sys.executable, "-c", CUT_OFF, *words], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    summary: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    assert summary["entries"] > 0
    assert {"orders", "events", "events_per_second", "final_balance", "positions", "fees", "funding"} <= set(summary)


def test_a_stepped_run_over_nats_gives_the_hash_of_the_backtest(tmp_path: Path) -> None:
    file = bars_file(tmp_path)
    expected = run_backtest(assemble("backtest-ma-cross", {}, data_files=[file]))
    answer = letrade("run", "backtest-ma-cross", "--feed", file, "--json", "--data-dir", tmp_path / "data")
    assert answer.returncode == 0, answer.stderr
    summary = summary_of(answer.stdout)
    for key in ("orders", "fills", "entries", "exits", "pnl", "balances", "positions", "result_hash"):
        assert summary[key] == expected[key]
    assert (summary["lost"], summary["doubled"], summary["tick_to_order_us"]) == (0, 0, None)
