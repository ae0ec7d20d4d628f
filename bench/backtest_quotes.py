"""How many quotes a second does a backtest tell a strategy in Python, that trades or does not?"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from letrade.bench.framework import backtest_desks as desks
from letrade.bench.framework import ema_model, market_data
from letrade.bench.framework.backtests import Timed, desk_folder, result_of, timed
from letrade.bench.framework.peers import ask
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.readers import Heard
from letrade.bench.framework.results import Goal, Result, at_least

QUICK_ROWS = 5_000
PEER_ROWS, GOLDEN_ROWS = 100_000, 100_000
NAUTILUS = "nautilus_trader"
NOOP_GOAL = (at_least(1_200_000, "quotes/s"),)
EMA_GOAL = (at_least(500_000, "quotes/s"),)
GROWTH_MAX = 1.5
"""A quote of the long run may cost so many times what one of the first tenth costs: that is flat."""


def answer(run: Run) -> Iterator[Result]:
    """The peer gets fewer quotes: what an order costs there grows with their number."""
    rows = run.count(market_data.QUOTES, QUICK_ROWS)
    data = market_data.quotes(rows, market_data.QUOTE_SEED + run.seed - 1)
    with desk_folder() as folder:
        file = market_data.save(folder / "quotes.npz", data)
        run.say("backtest_quotes: a handler on each")
        yield _noop(run, folder, file, rows)
        run.say("backtest_quotes: EMA 10/20")
        yield from _ema(run, folder, file, data)


def _desk(path: str, file: Path, keys: str = "") -> str:
    head = desks.head(venue_keys=desks.BEYOND_QUOTE)
    return head + desks.instrument(desks.INSTRUMENT, file) + desks.strategy("one", path, keys=keys)


def _noop(run: Run, folder: Path, file: Path, rows: int) -> Result:
    own = timed(folder, _desk(f"{desks.READERS}.NoopQuotes", file), rows)
    peer = ask("nautilus", task="quotes_noop", file=str(file), rows=min(rows, PEER_ROWS))
    return result_of(
        run, "backtest_quotes.handler", own, unit="quotes/s", right=Heard.count == rows, peer_name=NAUTILUS, peer=peer,
        what="each quote was heard, none twice", goals=NOOP_GOAL,
    )  # fmt: skip


def _ema(run: Run, folder: Path, file: Path, data: market_data.Arrays) -> Iterator[Result]:
    rows = len(data["ts"])
    known = ema_model.on_quotes(data)
    text = _desk(desks.EMA_CROSS, file, desks.ema_keys("quotes"))
    own = timed(folder, text, rows, rounds=1 if rows > GOLDEN_ROWS else 2)
    few = market_data.save(folder / "few.npz", {name: each[: max(rows // 10, 1)] for name, each in data.items()})
    short = timed(folder, _desk(desks.EMA_CROSS, few, desks.ema_keys("quotes")), max(rows // 10, 1))
    peer = ask("nautilus", task="quotes", file=str(file), rows=min(rows, PEER_ROWS))
    growth = short.rate / own.rate
    note = f"{known.turns:,} turns; a quote costs {growth:.2f} times what it costs in the first tenth"
    yield result_of(
        run, "backtest_quotes.ema", own, unit="quotes/s", right=_is_right(own, known), peer_name=NAUTILUS, peer=peer,
        what="the balance is that of a model without any engine, to 1e-8", note=note,
        goals=(*EMA_GOAL, Goal("flat in the number of orders", lambda _: growth <= GROWTH_MAX)),
    )  # fmt: skip


def _is_right(own: Timed, known: ema_model.Known) -> bool:
    return balance_of(own) == known.balance


def balance_of(own: Timed) -> Fraction:
    """What the account holds, without the open position's profit."""
    return Fraction(Decimal(own.summary["balances"]["paper"]["USDT"]))


QUESTION = Question("backtest_quotes", "How many quotes a second does a backtest tell a strategy in Python?", answer)
