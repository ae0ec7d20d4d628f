"""A strategy that raises, a run that is interrupted, data that nobody hears: said, and in the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from letrade.actors.strategies.base import BaseStrategy
from letrade.backtest import Backtest, EngineName
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.facade import BacktestEngine
from letrade.backtesting.failing import ActorFailed
from letrade.backtesting.interrupt import Interrupt, Interrupted
from letrade.backtesting.running import run_desk
from letrade.core.errors import ExitCode
from letrade.core.messages.market import Bar, Quote
from tests.backtesting.golden import INSTRUMENT, quotes, tables
from tests.backtesting.test_command import ask, data

__all__ = ["data"]


class Divides(BaseStrategy):
    """Raises at each quote, one call deep."""

    def on_quote(self, quote: Quote) -> None:
        self.divide(quote.bid, 0.0)

    def divide(self, above: float, below: float) -> float:
        return above / below


class HearsBars(BaseStrategy):
    def on_bar(self, bar: Bar) -> None:
        self.target(1.0)


def desk(strategy: type[BaseStrategy] = Divides, rows: int = 50) -> BacktestEngine:
    engine = BacktestEngine(tables())
    engine.add_quotes(INSTRUMENT, **quotes(rows))
    engine.add_strategy(strategy, "mine", instrument=INSTRUMENT, account="paper")
    return engine


def test_a_strategy_that_raises_is_told_with_its_handler_file_and_line() -> None:
    summary = desk().run()
    (failed,) = summary["failed"]
    assert (failed["actor"], failed["handler"], failed["count"], failed["stopped"]) == ("mine", "on_quote", 10, True)
    assert failed["error"].startswith("ZeroDivisionError: ")
    line = Path(__file__).read_text().splitlines().index("        return above / below") + 1
    assert failed["where"] == f"{__file__}:{line}"
    assert summary["engine"] == "actors"
    assert summary["engine_because"] == f"mine failed in on_quote at {failed['where']}: {failed['error']}"


def test_the_compiled_engine_and_verify_say_what_was_raised() -> None:
    with pytest.raises(ActorFailed, match=r"mine failed in on_quote at .*test_failing.py:\d+: ZeroDivisionError"):
        desk().run("compiled")
    with pytest.raises(ActorFailed, match="ZeroDivisionError"):
        desk().verify()


def test_the_command_says_it_in_words_and_in_json_and_exits_with_1(data: str, tmp_path: Path) -> None:
    file = tmp_path / "desk.toml"
    file.write_text(
        '[[actor]]\nname = "divides"\nclass = "tests.backtesting.test_failing.Divides"\n'
        f'instrument = "{INSTRUMENT}"\naccount = "paper"\n'
    )
    words = (str(file), "--data", data, "--instrument", INSTRUMENT)
    result = ask(*words, "--json", "--no-report")
    assert result.return_value == ExitCode.BUG
    assert json.loads(result.stdout)["failed"][0]["actor"] == "divides"
    assert "error: divides failed in on_quote at " in result.stderr
    shown = ask(*words, "--report", str(tmp_path / "report"))
    assert shown.return_value == ExitCode.BUG
    assert "divides: ZeroDivisionError" in shown.stdout
    assert (tmp_path / "report" / "report.html").exists()


@pytest.mark.parametrize("engine", ["auto", "actors"])
def test_data_that_no_strategy_hears_are_warned_of(engine: EngineName) -> None:
    (warning,) = desk(HearsBars).run(engine)["warnings"]
    assert warning == (
        f"no strategy hears anything of the data, which hold quotes of {INSTRUMENT}: mine listens to bar alone"
    )


@pytest.mark.parametrize("engine", ["auto", "actors"])
def test_data_without_rows_are_warned_of(engine: EngineName) -> None:
    assert desk(HearsBars, rows=0).run(engine)["warnings"] == ["the data hold no rows"]


def test_the_command_warns_of_what_nobody_hears(data: str) -> None:
    result = ask("--data", data, "--json", "--no-report", desk="backtest-ema-bars")
    assert json.loads(result.stdout)["warnings"][0].startswith("no strategy hears anything")
    assert "warning: no strategy hears anything" in result.stderr


@pytest.mark.parametrize("interrupted", [1, 2])
def test_halves_that_ctrl_c_ended_are_not_compared(interrupted: int, monkeypatch: pytest.MonkeyPatch) -> None:
    entered = []

    def come(self: Interrupt) -> Interrupt:
        entered.append(self)
        self.came = len(entered) == interrupted
        return self

    monkeypatch.setattr(Interrupt, "__enter__", come)
    monkeypatch.setattr("letrade.backtesting.compiled.EVENTS_AT_ONCE", 100)
    engine: Any = desk(HearsBars, rows=500)
    with pytest.raises(Interrupted, match="not compared: interrupted") as caught:
        engine.verify()
    assert caught.value.exit_code == ExitCode.FORCED
    assert len(entered) == interrupted


OTHER = "binance.ETH-USDT_USDT"


@pytest.mark.parametrize("engine", ["auto", "actors"])
def test_data_of_instruments_that_nobody_trades_are_warned_of_where_others_make_bars_of_them(
    engine: EngineName,
) -> None:
    both = {**tables(), "instrument": [{"name": each, "tick": "0.1", "lot": "0.001"} for each in (INSTRUMENT, OTHER)]}
    both["actor"] = [*both["actor"], {"name": "bars", "class": "letrade.actors.market.bars.BarBuilder", "bars": ["1m"]}]
    for instrument, warned in ((OTHER, 1), (INSTRUMENT, 0)):
        made = BacktestEngine(both)
        made.add_quotes(instrument, **quotes(50))
        made.add_trades(instrument, quotes(50)["time"], quotes(50)["bid"], quotes(50)["bid_size"], [1] * 50)
        made.add_strategy(HearsBars, "mine", instrument=INSTRUMENT, account="paper")
        assert len(made.run(engine).get("warnings", ())) == warned


def test_messages_of_instruments_that_nobody_trades_are_warned_of() -> None:
    flow = {"name": "flow", "kind": "synthetic_flow", "speed": "max", "instruments": [{"name": OTHER, "price": "3000"}]}
    made = BacktestEngine({**tables(), "feed": [flow]})
    made.add_strategy(HearsBars, "mine", instrument=INSTRUMENT, account="paper")
    summary = made.run(run_for_ns=200_000_000)
    assert summary["warnings"] == [f"no strategy hears anything of the data, which are of {OTHER}"]


class Said(Exception):
    """Instead of a run."""


@pytest.mark.parametrize("engine", ["compiled", "actors"])
def test_what_nobody_hears_is_said_before_the_run(engine: EngineName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(CompiledBacktest, "run")
    monkeypatch.delattr(Backtest, "run")

    def say(warning: str) -> None:
        raise Said(warning)

    with pytest.raises(Said, match="no strategy hears anything of the data"):
        run_desk(desk(HearsBars).config, engine, warn=say)
