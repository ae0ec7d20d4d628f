"""A figure of a backtest is right when the desk's actors say the same, and a peer's when the peer says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from letrade.actors.strategies.base import BaseStrategy
from letrade.bench.framework import backtest_desks as desks
from letrade.bench.framework import market_data
from letrade.bench.framework.backtests import Timed, is_as_actors_do, result_of
from letrade.bench.framework.peers import PeerAnswer
from letrade.bench.framework.question import Run
from letrade.core.clock import SECOND
from letrade.core.messages.market import Trade


class Steady(BaseStrategy):
    """Wants the same at each trade."""

    runs: ClassVar[int] = 0

    def start(self) -> None:
        Steady.runs += 1

    def on_trade(self, trade: Trade) -> None:
        self.target(0.1)


class Fickle(Steady):
    """Wants something else in each run."""

    def on_trade(self, trade: Trade) -> None:
        self.target(0.1 * Steady.runs)


def text_of(strategy: type[BaseStrategy], *files: Path) -> str:
    path = f"{strategy.__module__}.{strategy.__qualname__}"
    return desks.head(latency="1ms") + desks.instrument(desks.INSTRUMENT, *files) + desks.strategy("one", path)


def test_what_the_actors_contradict_is_wrong(tmp_path: Path) -> None:
    day = market_data.book_day(1_000, 1)
    files = market_data.save(tmp_path / "levels.npz", day.levels), market_data.save(tmp_path / "trades.npz", day.trades)
    assert is_as_actors_do(tmp_path, text_of(Steady, *files), SECOND)
    assert not is_as_actors_do(tmp_path, text_of(Fickle, *files), SECOND)


def test_a_peer_that_was_wrong_is_told_and_not_compared_with() -> None:
    own = Timed(100, 1.0, 1.0, {"engine": "compiled"})
    told: dict[str, Any] = {"unit": "rows/s", "right": True, "what": "all", "peer_name": "peer"}
    said = {"rows": 10, "cpu_seconds": 1.0, "version": "1"}
    right, wrong = (
        result_of(Run("letrade"), "name", own, **told, peer=PeerAnswer(said={**said, "right": each}))
        for each in (True, False)
    )
    assert (right.peer_value, right.ratio) == (10, 10.0)
    assert (wrong.peer_value, wrong.ratio) == (None, None)
    assert "peer was wrong" in str(wrong.note)
