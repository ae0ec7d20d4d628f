"""A recorded book that becomes crossed is for the desk's actors: they do not believe it until a snapshot comes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from letrade.actors.strategies.book_maker import BookMaker
from letrade.assembly import assemble
from letrade.backtesting.facade import BacktestEngine
from letrade.core.config.desk import DeskConfig
from letrade.core.errors import ConfigurationError
from tests.backtesting.golden import INSTRUMENT, START, quotes, tables

MS = 1_000_000
EVENTS, DEPTH, MIDDLE = 300, 10, 500_000

Level = tuple[int, int, int]
"""Side, price in ticks, size in lots."""
Events = list[tuple[int, list[Level]]]
Write = Callable[[Path, Events], Path]
WHOLE: list[Level] = [(side, MIDDLE - side * place, 1_500) for place in range(1, DEPTH + 1) for side in (1, -1)]


def events(odd: dict[int, list[Level]]) -> Events:
    """(1 for a snapshot, its levels), one every 100 ms: sizes behind the best change; `odd` replaces some of them."""
    changes: Events = [(1, WHOLE)]
    for place in range(1, EVENTS):
        side = 1 if place % 2 else -1
        changes.append((0, odd.get(place, [(side, MIDDLE - side * (2 + place % 5), 500 + place)])))
    return changes


def npz_file(path: Path, told: Events) -> Path:
    """In integer units, as rows of events."""
    rows = [
        (START + event * 100 * MS, event, 1 if whole else (2 if size else 3), 1 if side > 0 else 2, price, size)
        for event, (whole, levels) in enumerate(told)
        for side, price, size in levels
    ]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    last = np.append(columns[1][1:] != columns[1][:-1], True)
    time, event, act, side, price, size = columns
    np.savez(path / "book.npz", ts=time, ev=event, act=act, side=side, px=price, sz=size, last=last.astype(np.int8))
    return path / "book.npz"


def csv_file(path: Path, told: Events) -> Path:
    """A row for each level."""
    lines = ["timestamp,is_snapshot,side,price,amount"]
    for event, (whole, levels) in enumerate(told):
        for side, price, size in levels:
            word, name = ("true" if whole else "false"), ("bid" if side > 0 else "ask")
            lines.append(f"{START // MS + event * 100},{word},{name},{price / 10:.1f},{size / 1000:.3f}")
    (path / "book.csv").write_text("\n".join(lines) + "\n")
    return path / "book.csv"


def desk(file: Path) -> DeskConfig:
    return assemble(["backtest-book-maker"], {}, data_files=[file], instrument=INSTRUMENT)


ODD: dict[str, list[Level]] = {
    "above": [(1, MIDDLE + 100, 1_000)],
    "below": [(-1, MIDDLE - 100, 1_000)],
    "locked": [(1, MIDDLE + 1, 1_000)],
}


@pytest.mark.parametrize("write", [npz_file, csv_file])
@pytest.mark.parametrize("how", ODD)
def test_a_book_that_becomes_crossed_is_run_by_the_actors(write: Write, how: str, tmp_path: Path) -> None:
    file = write(tmp_path, events({150: ODD[how]}))
    with pytest.raises(ConfigurationError, match=rf"the book of {INSTRUMENT} is crossed .*: best bid .*, best ask"):
        BacktestEngine(desk(file)).run("compiled")
    auto, actors = BacktestEngine(desk(file)).run("auto"), BacktestEngine(desk(file)).run("actors")
    assert (auto["engine"], auto["result_hash"]) == ("actors", actors["result_hash"])


@pytest.mark.parametrize("write", [npz_file, csv_file])
def test_an_event_that_passes_through_a_crossed_book_leaves_both_engines_alike(write: Write, tmp_path: Path) -> None:
    through = [(1, MIDDLE + 1, 700), (-1, MIDDLE + 1, 0)]
    engine = BacktestEngine(desk(write(tmp_path, events({150: through}))))
    assert engine.run("compiled")["orders"] > 0
    assert engine.verify() == []


@pytest.mark.parametrize("venue", [{"data_latency": "5ms"}, {"fill_model": "quotes"}])
def test_a_crossed_book_is_noticed_where_the_exchange_does_not_follow_it(venue: dict[str, str]) -> None:
    told = events({150: ODD["above"]})
    rows = [level for _, levels in told for level in levels]
    sides, prices, sizes = (np.array(column) for column in zip(*rows, strict=True))
    offsets = np.cumsum([0] + [len(levels) for _, levels in told])
    engine = BacktestEngine(tables(**venue))
    time = START + np.arange(EVENTS) * 100 * MS
    engine.add_levels(INSTRUMENT, time, offsets, sides, prices / 10, sizes / 1000, [whole for whole, _ in told])
    if "fill_model" in venue:
        engine.add_quotes(INSTRUMENT, **quotes(EVENTS))
    engine.add_strategy(BookMaker, "maker", instrument=INSTRUMENT, account="paper", size=0.1, position_max=1.0)
    with pytest.raises(ConfigurationError, match="is crossed"):
        engine.run("compiled")
