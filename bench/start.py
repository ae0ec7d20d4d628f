"""How long is it from starting `letrade backtest` to the first event that a strategy hears?"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from letrade.bench.framework import backtest_desks as desks
from letrade.bench.framework import market_data
from letrade.bench.framework.backtests import desk_folder
from letrade.bench.framework.peers import python
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result, at_most
from letrade.core.clock import MILLISECOND, monotonic_ns
from letrade.core.errors import LetradeError

ROUNDS, QUICK_ROUNDS = 7, 1
QUICK_ROWS = 100
GOAL = (at_most(500, "ms"),)
SAID = re.compile(r"first event at (\d+) after (\d+)")
PEER = "import nautilus_trader.backtest.engine"
SECONDS_MAX = 120


class NoFirstEvent(LetradeError):
    """The backtest ended without a word of its strategy."""


def answer(run: Run) -> Iterator[Result]:
    """The floor is an interpreter that does nothing; the peer has only been imported."""
    rounds = run.count(ROUNDS, QUICK_ROUNDS)
    with desk_folder() as folder:
        file = market_data.save(folder / "quotes.npz", market_data.quotes(run.count(market_data.QUOTES, QUICK_ROWS)))
        strategy = desks.strategy("one", f"{desks.READERS}.FirstQuote")
        desk = folder / "desk.toml"
        desk.write_text(desks.head() + desks.instrument(desks.INSTRUMENT, file) + strategy)
        run.say("start: letrade backtest")
        own, cpu = min(_first_event(desk) for _ in range(rounds))
    floor = min(_whole([sys.executable, "-c", "pass"]) or 0 for _ in range(rounds))
    peers = [_whole([python(), "-c", PEER]) for _ in range(min(rounds, 3))]
    result = Result(
        name="start", value=round(own / MILLISECOND, 1), unit="ms", better="lower", checked=True, seed=run.seed,
        floor=round(floor / MILLISECOND, 1), what_was_checked="the strategy said when its first quote came",
        note=f"wall time, the best of {rounds}, of which {cpu / MILLISECOND:.0f} ms CPU; the floor is an empty Python",
    )  # fmt: skip
    if all(peers):
        result.peer, result.peer_value = "nautilus_trader imported", round(min(filter(None, peers)) / MILLISECOND, 1)
    else:
        result.note = f'{result.note}; nautilus_trader is not installed: pip install "letrade[bench]"'
    yield result.judge(GOAL)


def _first_event(desk: Path) -> tuple[int, int]:
    """(nanoseconds, of CPU); the clock is the same in both processes."""
    began = monotonic_ns()
    command = [sys.executable, "-m", "letrade", "backtest", str(desk), "--json", "--no-report", "--fills", "one"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS_MAX, env=_environ())
    found = SAID.search(answer.stderr)
    if found is None:
        raise NoFirstEvent(f"expected the strategy to say when its first quote came, found {answer.stderr[-500:]!r}")
    return int(found[1]) - began, int(found[2])


def _environ() -> dict[str, str]:
    """With bytecode, as wherever a program has been started once: some who develop forbid that it is written."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _whole(command: list[str]) -> int | None:
    """From start to end; None when it failed."""
    began = monotonic_ns()
    answer = subprocess.run(command, capture_output=True, check=False, timeout=SECONDS_MAX, env=_environ())
    return None if answer.returncode else monotonic_ns() - began


QUESTION = Question("start", "How long is it from starting a backtest to its first event?", answer)
