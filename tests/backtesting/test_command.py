"""`letrade backtest`: which engine runs, what is compared, where the report is."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from click.testing import CliRunner, Result

from letrade.__main__ import main
from letrade.actors.strategies.base import BaseStrategy
from letrade.backtest import run_backtest
from letrade.backtesting import running
from letrade.backtesting.comparing import Difference
from letrade.backtesting.facade import BacktestEngine
from letrade.backtesting.interrupt import Interrupt
from letrade.commands.backtest import backtest
from letrade.core.errors import ConfigurationError, ExitCode, ResourceError, UsageError
from letrade.core.messages.market import Quote
from letrade.report import shown
from letrade.report.words import report_in_words
from letrade.report.writer import read_report
from tests.backtesting.golden import INSTRUMENT, all_quotes, quotes, tables


@pytest.fixture
def data(tmp_path: Path) -> str:
    names = {"time": "ts", "bid": "bid", "ask": "ask", "bid_size": "bsz", "ask_size": "asz"}
    file = tmp_path / "quotes.npz"
    np.savez(file, **{short: all_quotes()[name][:600] for name, short in names.items()})
    return str(file)


def ask(*words: str, desk: str = "backtest-ema-quotes") -> Result:
    return CliRunner().invoke(backtest, [desk, *words], standalone_mode=False, catch_exceptions=False)


def test_a_run_ends_with_the_path_of_its_report_which_has_all_kinds_of_fills(data: str, tmp_path: Path) -> None:
    result = ask("--data", data, "--report", str(tmp_path / "report"))
    page = tmp_path / "report" / "report.html"
    assert result.stdout.splitlines()[-1].split() == ["report", str(page)]
    stored = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [each["name"] for each in stored["fills"]["variants"]] == ["own", "optimistic", "default", "pessimistic"]


def test_the_main_figures_of_the_report_come_with_the_summary(data: str, tmp_path: Path) -> None:
    said = ask("--data", data, "--report", str(tmp_path / "report")).stdout
    total = json.loads((tmp_path / "report" / "report.json").read_text())["analysis"]["total"]
    lines = {line[:18].strip(): line[18:] for line in said.splitlines()}
    assert lines["profit factor"] == shown.number(total["trades"]["profit_factor"])
    assert lines["Sharpe, Sortino"] == ", ".join(shown.number(total["ratios"][each]) for each in ("sharpe", "sortino"))
    assert lines["costs"].startswith(f"{shown.amount(total['costs']['total'], 'USDT')}: fees ")
    assert {"win rate", "max drawdown"} <= lines.keys()
    assert "Under other fills" in said


def test_a_report_that_cannot_be_written_does_not_lose_the_summary(
    data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "record").write_text("no folder")
    with pytest.raises(ResourceError, match="cannot be written"):
        backtest.main(
            ["backtest-ema-quotes", "--data", data, "--report", str(tmp_path / "report")], standalone_mode=False
        )
    assert "profit and loss" in capsys.readouterr().out


def test_funding_that_nobody_pays_is_told(tmp_path: Path) -> None:
    bars, rates = tmp_path / "BTC_USDT_USDT-1h.csv", tmp_path / "BTC_USDT_USDT-8h-funding_rate.csv"
    bars.write_text("date,open,high,low,close,volume\n1704067200,9,9,9,9,1\n1704070800,9,9,9,9,1\n")
    rates.write_text("date,open,high,low,close,volume\n1704067200,0.0001,0,0,0,0\n")
    words = ("--data", str(bars), "--report", str(tmp_path / "report"))
    assert "funding = true" not in ask(*words, desk="backtest-ma-cross").stdout
    assert "funding = true" in ask(*words, "--data", str(rates), desk="backtest-ma-cross").stdout


def test_both_engines_have_one_summary(data: str) -> None:
    told = [json.loads(ask("--data", data, "--json", "--no-report", "--engine", engine).stdout) for engine in
            ("compiled", "actors", "auto")]  # fmt: skip
    assert [each["engine"] for each in told] == ["compiled", "actors", "compiled"]
    for each in told:
        for key in ("engine", "seconds", "events_per_second"):
            del each[key]
    assert told[0] == told[1] == told[2]


def test_verify_says_that_the_engines_agree(data: str) -> None:
    result = ask("--data", data, "--verify", "--json", "--for", "30s")
    assert (result.return_value, json.loads(result.stdout)["verified"]) == (0, True)
    assert "same orders, fills and balances" in result.stderr


def test_a_difference_is_said_and_is_exit_code_7(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "compare", lambda *_: [Difference("fill 3", "a", "b")])
    result = ask("--data", data, "--verify", "--for", "30s")
    assert result.return_value == 7
    assert "fill 3: the actors have a, the compiled engine b" in result.stderr


def test_where_the_compiled_engine_is_not_sure_the_actors_run_and_it_is_said_once() -> None:
    engine = BacktestEngine(tables(faults={"lose": 0.5}))
    engine.add_quotes(INSTRUMENT, **quotes(50))
    summary = engine.run()
    assert summary["engine"] == "actors"
    assert "loses" in summary["engine_because"]
    with pytest.raises(ConfigurationError, match="the compiled engine does not run this desk"):
        engine.run("compiled")


def test_a_desk_without_data_and_options_that_exclude_each_other_are_refused(data: str) -> None:
    with pytest.raises(ConfigurationError, match="a backtest needs data"):
        run_backtest(BacktestEngine(tables()).config)
    with pytest.raises(UsageError, match="exclude each other"):
        ask("--data", data, "--no-report", "--report", "somewhere")
    with pytest.raises(UsageError, match="--verify and --report exclude each other"):
        ask("--data", data, "--verify", "--report", "somewhere")
    with pytest.raises(UsageError, match="--instrument: expected an instrument id"):
        ask("--data", data, "--instrument", "x")
    with pytest.raises(UsageError, match="before the first run"):
        BacktestEngine(tables()).record()


@pytest.mark.parametrize("engine", ["compiled", "actors"])
def test_ctrl_c_ends_a_run_early_and_in_good_order(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look finds that somebody wants it to end."""

    def come(self: Interrupt) -> Interrupt:
        self.came = True
        return self

    monkeypatch.setattr(Interrupt, "__enter__", come)
    monkeypatch.setattr("letrade.backtesting.compiled.EVENTS_AT_ONCE", 100)
    made = BacktestEngine(tables())
    made.add_quotes(INSTRUMENT, **quotes(500))
    summary = made.run("compiled" if engine == "compiled" else "actors")
    assert summary["incomplete"] is True
    assert 0 < summary["events"] < 500


@pytest.mark.parametrize(
    ("words", "inside", "text"),
    [
        ((), "letrade.assembly.assemble", "interrupted"),
        ((), "letrade.backtesting.running.run_desk", "interrupted"),
        (("--verify",), "letrade.assembly.assemble", "not compared: interrupted"),
        (("--verify",), "letrade.backtesting.running.verify", "not compared: interrupted"),
        (("--verify",), "letrade.words.summary_in_words", "interrupted"),
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_ctrl_c_at_any_other_moment_is_told(
    data: str, words: tuple[str, ...], inside: str, text: str, as_json: bool,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def come(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(inside, come)
    if as_json and inside.endswith("in_words"):
        monkeypatch.setattr("letrade.commands.backtest._show", come)
    more = ["--json"] if as_json else []
    assert main(["backtest", "backtest-ema-quotes", "--data", data, *words, *more]) == ExitCode.FORCED
    said = capsys.readouterr()
    assert f"letrade: {text}" in said.err.splitlines()
    if as_json:
        assert json.loads(said.out)["error"] == {"code": "forced", "exit_code": 130, "text": text}


class InterruptedInItsThird(BaseStrategy):
    """Sends what Ctrl-C sends, in the midst of the third run of its test."""

    heard: ClassVar[int] = 0

    def on_quote(self, quote: Quote) -> None:
        type(self).heard += 1
        if self.heard == 2 * 500 + 150:
            signal.raise_signal(signal.SIGINT)


def test_fills_that_ctrl_c_left_untried_are_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letrade.backtesting.compiled.EVENTS_AT_ONCE", 100)
    made = BacktestEngine(tables(fills={"beyond_quote": "one_tick"}))
    made.add_quotes(INSTRUMENT, **quotes(500))
    made.add_strategy(InterruptedInItsThird, "mine", instrument=INSTRUMENT, account="paper")
    made.run("compiled")
    stored = read_report(made.report(tmp_path, all_fills=True).parent)
    assert [each.name for each in stored.fills.variants] == ["own", "optimistic"]
    assert stored.fills.incomplete == ("default", "pessimistic")
    said = "Interrupted: not tried to the end with default, pessimistic fills."
    assert said in report_in_words(stored.analysis, stored.fills)
    assert said in (tmp_path / "report.html").read_text()


def test_the_command_says_which_fills_ctrl_c_left_untried(
    data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "variants", lambda *_: running.Variants({}, ("default",)))
    result = ask("--data", data, "--json", "--report", str(tmp_path))
    assert json.loads(result.stdout)["fills_incomplete"] == ["default"]
    assert "warning: Interrupted: not tried to the end with default fills." in result.stderr


@pytest.mark.parametrize(
    ("fills", "names"),
    [
        ({}, ["optimistic", "default", "pessimistic"]),
        ({"assume": "pessimistic", "queue": "last"}, ["optimistic", "default", "pessimistic"]),
        ({"beyond_quote": "one_tick"}, ["own", "optimistic", "default", "pessimistic"]),
    ],
)
def test_fills_that_are_the_desks_own_are_not_called_default(
    fills: dict[str, str], names: list[str], tmp_path: Path
) -> None:
    made = BacktestEngine(tables(fills=fills))
    made.add_quotes(INSTRUMENT, **quotes(50))
    made.run()
    stored = read_report(made.report(tmp_path, all_fills=True).parent)
    assert [each.name for each in stored.fills.variants] == names
    assert stored.analysis.settings.fills_assumption == ("own" if "own" in names else fills.get("assume", "default"))
