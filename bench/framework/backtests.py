"""Runs one desk over data in this process, and times it: what each question about backtests shares."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from letrade.assembly import assemble
from letrade.backtest import run_backtest
from letrade.backtesting.running import verify
from letrade.bench.framework.peers import PeerAnswer
from letrade.bench.framework.question import Run
from letrade.bench.framework.results import Goal, Result
from letrade.core.clock import SECOND, monotonic_ns, process_cpu_ns

MICROSECONDS = 1e6
ROUNDS = 3


class Timed(NamedTuple):
    """The best round of a backtest, from its configuration to its summary: the others were disturbed."""

    rows: int
    cpu_seconds: float
    seconds: float
    summary: dict[str, Any]

    @property
    def rate(self) -> float:
        """Rows a second of CPU time."""
        return self.rows / max(self.cpu_seconds, 1e-9)

    @property
    def engine(self) -> str:
        return str(self.summary.get("engine", "actors"))


@contextmanager
def desk_folder() -> Iterator[Path]:
    """Where desk files and data lie for the length of a question."""
    with tempfile.TemporaryDirectory(prefix="letrade-bench-") as folder:
        yield Path(folder)


def timed(folder: Path, text: str, rows: int, rounds: int = ROUNDS, before: Callable[[], None] | None = None) -> Timed:
    """Reading the data counts, building the configuration does not."""
    desk = folder / "desk.toml"
    desk.write_text(text)
    found: list[Timed] = []
    for _ in range(rounds):
        config = assemble(desk, {})
        if before is not None:
            before()
        began, cpu = monotonic_ns(), process_cpu_ns()
        summary = run_backtest(config)
        elapsed, used = monotonic_ns() - began, process_cpu_ns() - cpu
        found.append(Timed(rows, used / SECOND, elapsed / SECOND, summary))
    return min(found, key=lambda each: each.cpu_seconds)


def is_as_actors_do(folder: Path, text: str, run_for_ns: int) -> bool:
    """Whether the first part of a desk's data gives the same orders, fills and record in the desk's own actors."""
    desk = folder / "desk.toml"
    desk.write_text(text)
    return verify(assemble(desk, {}), run_for_ns)[1] == []


def result_of(
    run: Run, name: str, own: Timed, *, unit: str, right: bool, what: str, peer_name: str, peer: PeerAnswer,
    goals: Sequence[Goal] = (), note: str = "",
) -> Result:  # fmt: skip
    """A rate next to that of the peer, or the reason why there is none; one that says that it was wrong is none."""
    remarks = [note, f"of CPU time, by the {own.engine} engine" if own.engine == "compiled" else _by_actors(own)]
    result = Result(
        name=name, value=round(own.rate), unit=unit, checked=right, seed=run.seed, count=own.rows,
        seconds=round(own.seconds, 3), what_was_checked=what,
        cpu_us_per_message=round(own.cpu_seconds * MICROSECONDS / max(own.rows, 1), 4),
    )  # fmt: skip
    if peer.missing is None and not peer.said.get("right", True):
        remarks.append(f"{peer_name} was wrong")
    elif peer.missing is None:
        result.peer, result.peer_value = f"{peer_name} {peer.said.get('version', '')}".strip(), round(peer.rate())
    else:
        remarks.append(peer.missing)
    result.note = "; ".join(filter(None, remarks))
    return result.judge(goals)


def _by_actors(own: Timed) -> str:
    why = own.summary.get("engine_because") or "the compiled engine did not take this desk"
    return f"of CPU time, by the actors: {why}"
