"""Runs a desk over data on the engine that fits: once, on both to compare, or under other assumptions about fills."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import msgspec

from letrade.backtest import BACKTEST_UID, Backtest, EngineName, Progress, check_feeds
from letrade.backtesting.comparing import Difference, Noted, compare
from letrade.backtesting.comparing_records import compare_records
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.failing import ActorFailed, Failing
from letrade.backtesting.hearing import NO_ROWS, deaf_to, sources_or_none, strange_to
from letrade.backtesting.interrupt import NOT_COMPARED, Interrupt, Interrupted
from letrade.backtesting.late import lags_of
from letrade.backtesting.markets import market_kind
from letrade.backtesting.outcome import Outcome
from letrade.backtesting.settings import assumption_of
from letrade.backtesting.sources import Source
from letrade.core import clock
from letrade.core.analysis.record import RunRecord
from letrade.core.config.desk import DeskConfig, FillsConfig
from letrade.core.errors import ConfigurationError
from letrade.core.messages.base import Message
from letrade.hotpath.simulation.doubt import Doubtful

Assumption = Literal["default", "optimistic", "pessimistic"]
ASSUMPTIONS: tuple[Assumption, ...] = ("optimistic", "default", "pessimistic")


Warn = Callable[[str], object]


class Finished(NamedTuple):
    """A run that is over; `record` makes what its report is written of."""

    summary: dict[str, Any]
    record: Callable[[], RunRecord]
    outcome: Outcome | None
    """Of a compiled run."""


def run_desk(
    config: DeskConfig,
    engine: EngineName = "auto",
    *,
    progress: Progress | None = None,
    run_for_ns: int | None = None,
    records: bool = False,
    warn: Warn | None = None,
) -> Finished:
    """`records`: the actors' engine keeps a record too, which costs it a call for each message. `warn` is told before
    the run what is wrong with it already, which the summary has again where nothing was ordered.

    ConfigurationError where the compiled engine is asked for and cannot be sure of what the actors would do,
    ActorFailed where that is because an actor raised.
    """
    check_feeds(config, run_for_ns)
    if engine == "actors":
        return run_actors(config, progress, run_for_ns, records=records, warn=warn)
    try:
        return run_compiled(config, progress, run_for_ns, warn)
    except Doubtful as doubt:
        if engine == "compiled" and isinstance(doubt, Failing):
            raise ActorFailed(str(doubt)) from doubt
        if engine == "compiled":
            raise ConfigurationError(f"the compiled engine does not run this desk: {doubt}") from doubt
        finished = run_actors(config, progress, run_for_ns, records=records, warn=warn)
        finished.summary["engine_because"] = str(doubt)
        return finished


def run_compiled(
    config: DeskConfig, progress: Progress | None = None, run_for_ns: int | None = None, warn: Warn | None = None
) -> Finished:
    """Doubtful where only the actors are sure."""
    run = CompiledBacktest(config, BACKTEST_UID, run_for_ns)
    warnings = _warned(deaf_to(run.cast, run.sources) if run.first_time is not None else [NO_ROWS], warn)
    run.run(progress)
    began = clock.monotonic_ns()
    outcome = Outcome(run)
    counted = outcome.summary()
    elapsed_ns = run.elapsed_ns + clock.monotonic_ns() - began
    events = run.tape.count + len(run.sources_notices)
    summary = {
        "desk": config.desk.name,
        **counted,
        **_pace(events, elapsed_ns),
        **({"incomplete": True} if run.stopped else {}),
        **({"warnings": warnings} if warnings and not counted["orders"] else {}),
        "engine": "compiled",
        "result_hash": counted["result_hash"],
    }

    def record() -> RunRecord:
        from letrade.backtesting.recording import record_of

        return record_of(outcome, summary)

    return Finished(summary, record, outcome)


def run_actors(
    config: DeskConfig,
    progress: Progress | None = None,
    run_for_ns: int | None = None,
    *,
    records: bool = False,
    observer: Callable[[Message], object] | None = None,
    warn: Warn | None = None,
) -> Finished:
    """The truth, slowly."""
    backtest = Backtest(config, run_for_ns)
    node, has_rows = backtest.process.node, backtest.reader.peek_time() is not None
    sources = sources_or_none(backtest.blueprint.feeds(None))
    warnings = _warned(deaf_to(node, sources) if has_rows else [NO_ROWS], warn)
    if observer is not None:
        backtest.observers.append(observer)
    noted: Any = None
    if records:
        from letrade.core.analysis.recorder import Recorder

        noted = Recorder(
            backtest.blueprint.catalogue, config.desk.reporting_currency, keep_ns=_told_within_ns(config),
            believed=_believed(config, sources), lags=lags_of(config),
        )  # fmt: skip
        backtest.observers.append(noted)
    summary = backtest.run(progress)
    summary["engine"] = "actors"
    if not summary["orders"]:
        found = warnings if sources or not has_rows else strange_to(node, backtest.blueprint.feeds(None))
        summary |= {"warnings": found} if found else {}

    def record() -> RunRecord:
        if noted is None:
            raise ConfigurationError("this run kept no record")
        from letrade.backtesting.settings import data_in_words, settings_of

        made: RunRecord = noted.record(settings_of(config, summary, "actors", data_in_words(config), noted.span))
        return made

    return Finished(summary, record, None)


def _told_within_ns(config: DeskConfig) -> int:
    """How much older than the newest data a fill may be when the desk hears of it."""
    slowest = max(
        (each.response_latency + each.latency.jitter + (each.data_latency or 0) for each in config.venues), default=0
    )
    return 2 * clock.SECOND + slowest + config.desk.step


def _believed(config: DeskConfig, sources: list[Source]) -> dict[str, str]:
    """By instrument of the data: of which kind its exchange's prices are."""
    asked = {venue.name: venue.fill_model for venue in config.venues}
    names = dict.fromkeys(source.columns.instrument for source in sources)
    return {name: market_kind(name, sources, asked.get(name.partition(".")[0])) for name in names}


def _warned(found: list[str], warn: Warn | None) -> list[str]:
    """Why nothing will be ordered, where that is nobody's decision; told at once to who wants to know."""
    if warn is not None:
        for each in found:
            warn(each)
    return found


def _pace(events: int, elapsed_ns: int) -> dict[str, Any]:
    return {
        "events": events,
        "events_per_second": round(events * clock.SECOND / max(elapsed_ns, 1), 1),
        "seconds": round(elapsed_ns / clock.SECOND, 3),
    }


def verify(
    config: DeskConfig, run_for_ns: int | None = None, progress: Progress | None = None, warn: Warn | None = None
) -> tuple[Finished, list[Difference]]:
    """Both engines on the same data; the compiled run, and where they part. Errors as run_desk; Interrupted where
    Ctrl-C ended either run, as halves cannot be compared."""
    compiled = run_desk(config, "compiled", progress=progress, run_for_ns=run_for_ns, warn=warn)
    _check_complete(compiled)
    noted = Noted()
    actors = run_actors(config, progress, run_for_ns, observer=noted, records=True)
    _check_complete(actors)
    if compiled.outcome is None:
        raise TypeError("a compiled run has an outcome")
    found = compare(noted, compiled.outcome, actors.summary, compiled.summary)
    return compiled, [*found, *compare_records(actors.record(), compiled.record())]


def _check_complete(finished: Finished) -> None:
    if finished.summary.get("incomplete"):
        raise Interrupted(NOT_COMPARED)


def assuming(config: DeskConfig, assumption: Assumption) -> DeskConfig | None:
    """The same desk under another assumption about fills; None where that is what the desk assumes itself."""
    if assumption_of(config) == assumption:
        return None
    venues = [msgspec.structs.replace(venue, fills=FillsConfig(assume=assumption)) for venue in config.venues]
    return msgspec.structs.replace(config, venues=venues)


class Variants(NamedTuple):
    """The desk under the assumptions about fills that are not its own."""

    records: dict[str, RunRecord]
    incomplete: tuple[str, ...] = ()
    """Assumptions of which nothing is known, as Ctrl-C came before their runs had ended."""


def variants(config: DeskConfig, engine: EngineName, run_for_ns: int | None = None) -> Variants:
    """A run for each; the first Ctrl-C ends the one that runs, and none begins after it."""
    others = {name: other for name in ASSUMPTIONS if (other := assuming(config, name)) is not None}
    found: dict[str, RunRecord] = {}
    with Interrupt() as interrupt:
        for name, other in others.items():
            finished = run_desk(other, engine, run_for_ns=run_for_ns, records=True)
            if finished.summary.get("incomplete"):
                break
            found[name] = finished.record()
            if interrupt.came:
                break
    return Variants(found, tuple(name for name in others if name not in found))
