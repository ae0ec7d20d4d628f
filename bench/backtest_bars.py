"""How many bars a second does a backtest tell a strategy in Python that trades on them?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from letrade.bench.backtest_quotes import NAUTILUS, balance_of
from letrade.bench.framework import backtest_desks as desks
from letrade.bench.framework import ema_model, market_data
from letrade.bench.framework.backtests import desk_folder, result_of, timed
from letrade.bench.framework.peers import ask
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.readers import Heard
from letrade.bench.framework.results import Result, at_least

QUICK_ROWS = 3_000
PEER_ROWS = 50_000
GOAL = (at_least(500_000, "bars/s"),)


def answer(run: Run) -> Iterator[Result]:
    """The peer gets fewer bars: what an order costs there grows with their number."""
    data = market_data.bars(run.count(market_data.BARS, QUICK_ROWS), market_data.BAR_SEED + run.seed - 1)
    with desk_folder() as folder:
        file = market_data.save(folder / "bars.npz", data)
        run.say("backtest_bars: a handler on each")
        yield _noop(run, folder, file, len(data["ts"]))
        run.say("backtest_bars: EMA 10/20")
        yield _ema(run, folder, file, data)


def _desk(path: str, file: Path, keys: str = "") -> str:
    head = desks.head(latency="50ms", venue_keys=desks.AT_THE_OPEN)
    return head + desks.instrument(desks.INSTRUMENT, file) + desks.strategy("one", path, keys=keys)


def _noop(run: Run, folder: Path, file: Path, rows: int) -> Result:
    own = timed(folder, _desk(f"{desks.READERS}.NoopBars", file), rows)
    peer = ask("nautilus", task="bars_noop", file=str(file), rows=min(rows, PEER_ROWS))
    return result_of(
        run, "backtest_bars.handler", own, unit="bars/s", right=Heard.count == rows, peer_name=NAUTILUS, peer=peer,
        what="each bar was heard, none twice",
    )  # fmt: skip


def _ema(run: Run, folder: Path, file: Path, data: market_data.Arrays) -> Result:
    rows = len(data["ts"])
    known = ema_model.on_bars(data)
    own = timed(folder, _desk(desks.EMA_CROSS, file, desks.ema_keys("bars")), rows, rounds=2)
    peer = ask("nautilus", task="bars", file=str(file), rows=min(rows, PEER_ROWS))
    return result_of(
        run, "backtest_bars.ema", own, unit="bars/s", right=balance_of(own) == known.balance, peer_name=NAUTILUS,
        peer=peer, what="the balance is that of a model without any engine, to 1e-8", goals=GOAL,
        note=f"{known.turns:,} turns",
    )  # fmt: skip


QUESTION = Question("backtest_bars", "How many bars a second does a backtest tell a strategy in Python?", answer)
