"""How many rows of price levels and trades a second does a backtest take: reading the top, making a market, on many?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from letrade.bench.framework import backtest_desks as desks
from letrade.bench.framework import market_data
from letrade.bench.framework.backtests import Timed, desk_folder, is_as_actors_do, result_of, timed
from letrade.bench.framework.market_data import BookDay
from letrade.bench.framework.peers import PeerAnswer, ask
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.readers import Heard
from letrade.bench.framework.results import Goal, Result, at_least
from letrade.core.clock import SECOND

ROWS, QUICK_ROWS = 2_400_000, 6_000
TOP_ROWS, TOP_LEVELS = 1_200_000, 9.5
"""As many levels to an event as venues send every 100 ms, for the reader of the top."""
MANY, QUICK_MANY = 64, 3
PEER_ROWS = 300_000
TOP_GOAL = (at_least(4_000_000, "rows/s"),)
MAKER_GOAL = (at_least(10_000_000, "rows/s"),)
MANY_SHARE = 0.7
COMPARED_NS = 30 * SECOND
"""The makers' first half a minute of data, on many instruments in all, is run by the desk's actors too."""
MAKER_CHECKED = (
    "the first half a minute is that of the desk's actors; orders were filled, nothing was lost, doubled or failed"
)
NAUTILUS, HFT = "nautilus_trader", "hftbacktest"
NOT_COMPARED = PeerAnswer(missing="compared with one instrument")


def answer(run: Run) -> Iterator[Result]:
    """For the makers a venue event has four levels on average, and there are five levels to a trade."""
    rows = run.count(ROWS, QUICK_ROWS)
    day = market_data.book_day(rows, run.seed)
    with desk_folder() as folder:
        run.say("backtest_books: reads the top")
        yield _top(run, folder, market_data.book_day(min(rows, TOP_ROWS), run.seed + 1_000, TOP_LEVELS))
        run.say("backtest_books: market maker")
        files = _saved(folder, "one", day)
        text = _maker_desk([(desks.INSTRUMENT, files)])
        one = timed(folder, text, day.rows)
        right = _is_sound(one) and is_as_actors_do(folder, text, COMPARED_NS)
        yield _maker(run, one, right, ask("hft", levels=str(files[0]), trades=str(files[1])))
        count = run.count(MANY, QUICK_MANY)
        run.say(f"backtest_books: market makers on {count} instruments")
        yield _many(run, folder, rows, count, one)


def _saved(folder: Path, name: str, day: BookDay) -> tuple[Path, Path]:
    return (
        market_data.save(folder / f"{name}-levels.npz", day.levels),
        market_data.save(folder / f"{name}-trades.npz", day.trades),
    )


def _top(run: Run, folder: Path, day: BookDay) -> Result:
    file = market_data.save(folder / "top.npz", day.levels)
    text = desks.head() + desks.instrument(desks.INSTRUMENT, file)
    rows = len(day.levels["ts"])
    own = timed(folder, text + desks.strategy("one", f"{desks.READERS}.TopReader"), rows)
    events, total = market_data.tops(day.levels)
    peer = ask("nautilus", task="books", file=str(file), rows=_whole(day.levels, PEER_ROWS))
    return result_of(
        run, "backtest_books.top", own, unit="rows/s", right=(Heard.count, Heard.total) == (events, total),
        peer_name=NAUTILUS, peer=peer, what="the best prices at each event, summed, by plain dictionaries",
        goals=TOP_GOAL, note=f"{events:,} venue events",
    )  # fmt: skip


def _whole(levels: market_data.Arrays, rows: int) -> int:
    """So many rows at most, to the end of an event."""
    return int(levels["last"][:rows].nonzero()[0][-1]) + 1


def _maker_desk(instruments: list[tuple[str, tuple[Path, Path]]]) -> str:
    head = desks.head(
        latency="1ms", response="1ms", maker_fee="-0.00005", taker_fee="0.0007", venue_keys=desks.BY_QUEUE
    )
    parts = [head]
    for place, (name, files) in enumerate(instruments):
        parts.append(desks.instrument(name, *files))
        parts.append(desks.strategy(f"maker-{place}", desks.BOOK_MAKER, name, desks.MAKER_KEYS))
    return "".join(parts)


def _maker(run: Run, own: Timed, right: bool, peer: PeerAnswer) -> Result:
    summary = own.summary
    note = f"{summary['orders']:,} orders, {summary['fills']:,} fills"
    if peer.missing is None:
        there = peer.said
        note += f"; there {there['orders']:,} and {there['fills']:,}, and {there['compile_seconds']:.1f} s of compiling"
    return result_of(
        run, "backtest_books.maker", own, unit="rows/s", right=right, peer_name=HFT, peer=peer, what=MAKER_CHECKED,
        goals=MAKER_GOAL, note=note,
    )  # fmt: skip


def _is_sound(own: Timed) -> bool:
    summary = own.summary
    wrong = (summary["lost"], summary["doubled"], summary["failures"])
    return wrong == (0, 0, 0) and summary["events"] > 0 and summary["fills"] > 0


def _many(run: Run, folder: Path, rows: int, count: int, one: Timed) -> Result:
    """As many rows and looks in all as one instrument has, so each lasts a part of the time."""
    instruments, taken = [], 0
    for place in range(count):
        day = market_data.book_day(rows // count, run.seed + place)
        taken += day.rows
        name = f"binance.A{place:02d}-USDT_USDT"
        instruments.append((name, _saved(folder, f"a{place:02d}", day)))
    text = _maker_desk(instruments)
    own = timed(folder, text, taken)
    right = _is_sound(own) and is_as_actors_do(folder, text, COMPARED_NS // count)
    share = own.rate / one.rate
    return result_of(
        run, f"backtest_books.maker_{count}", own, unit="rows/s", right=right, peer_name=HFT, peer=NOT_COMPARED,
        what=MAKER_CHECKED,
        goals=(Goal(f"≥ {MANY_SHARE} × one instrument", lambda _: share >= MANY_SHARE),),
        note=f"{share:.2f} times the rate of one instrument; {own.summary['fills']:,} fills",
    )  # fmt: skip


QUESTION = Question("backtest_books", "How many rows of price levels and trades a second does a backtest take?", answer)
