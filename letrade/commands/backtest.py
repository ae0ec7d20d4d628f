"""`letrade backtest`: a desk over recorded data, as fast as the machine can, without any network."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from letrade.commands import options
from letrade.core.errors import DataError, ExitCode, UsageError

if TYPE_CHECKING:
    from letrade.backtest import EngineName
    from letrade.backtesting.running import Finished
    from letrade.core.config.desk import DeskConfig

DEFAULT_BACKTEST = "backtest-ma-cross"
REPORTS = "backtests"
HASH_SHOWN = 10
MISSING = "funding_missing"


@click.command("backtest")
@options.desk_files
@click.option(
    "--data", "data_files", multiple=True, metavar="FILE", help="Recorded data, in place of the desk's feeds."
)
@options.instrument
@click.option("--for", "duration", metavar="TIME", help="Only the first so much of the data's time: 2h, 30d.")
@click.option(
    "--engine", type=click.Choice(("auto", "compiled", "actors")), default="auto", show_default=True,
    help="The compiled engine, the desk's own actors, or the first of them that is sure of the result.",
)  # fmt: skip
@click.option("--verify", is_flag=True, help="Run both engines, compare every order and fill; exit code 7.")
@click.option(
    "--fills", type=click.Choice(("all", "one")),
    help="Try optimistic, default and pessimistic fills too (default: where that is quick), or the desk's own alone.",
)  # fmt: skip
@click.option("--report", "folder", type=click.Path(path_type=Path, file_okay=False), help="Where the report goes.")
@click.option("--strict", is_flag=True, help="Refuse a result with funding that is estimated or missing; exit code 6.")
@click.option("--no-report", is_flag=True, help="Write no report.")
@options.as_json
def backtest(
    desks: tuple[str, ...], data_files: tuple[str, ...], instrument: str | None, duration: str | None, engine: str,
    verify: bool, fills: str | None, folder: Path | None, strict: bool, no_report: bool, as_json: bool,
) -> int:  # fmt: skip
    """Run DESK (files merge, the later wins) over recorded data; without DESK, an MA cross.

    \b
      letrade backtest backtest-ma-cross --data BTC_USDT_USDT-1h-futures.feather
      letrade backtest my-desk.toml --data spot_20240808.gz --data spot_20240809.gz --json
      letrade backtest my-desk.toml --data quotes.parquet --report runs/today
      letrade backtest my-desk.toml --data quotes.parquet --verify --for 1h
    """
    from letrade.backtesting.interrupt import INTERRUPTED, NOT_COMPARED, interrupted_as

    if no_report and folder is not None:
        raise UsageError("--report and --no-report exclude each other")
    if verify and folder is not None:
        raise UsageError("--verify and --report exclude each other: what is compared is not reported")
    with interrupted_as(NOT_COMPARED if verify else INTERRUPTED):
        from letrade.assembly import assemble
        from letrade.backtesting.running import run_desk

        config = assemble(list(desks) or [DEFAULT_BACKTEST], data_files=data_files, instrument=instrument)
    run_for_ns = options.parse_seconds(duration)
    warnings = Warnings()
    if verify:
        return _verify(config, run_for_ns, as_json, strict, warnings)
    with _progress(as_json) as progress:
        finished = run_desk(
            config, cast("EngineName", engine), progress=progress, run_for_ns=run_for_ns, records=not no_report,
            warn=warnings.tell,
        )  # fmt: skip
    if strict:
        _refuse_estimates(finished.summary)
    because = finished.summary.get("engine_because")
    if because is not None:
        click.echo(f"run by the desk's actors, as the compiled engine is not sure: {because}", err=True)
    warnings.tell(*_warnings(finished.summary))
    if no_report or not as_json:
        # Before the report: where that cannot be written, the run was not in vain.
        _show(finished.summary, as_json)
    failed = _tell_failed(finished.summary)
    if no_report:
        return failed
    page = _report(config, finished, fills, run_for_ns, folder)
    if as_json:
        _show({**finished.summary, **_of_report(page), "report": str(page)}, as_json)
    else:
        _show_figures(page)
    return failed


class Warnings:
    """Each is told once, on standard error."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, *warnings: str) -> None:
        for warning in warnings:
            if warning not in self.told:
                self.told.append(warning)
                click.echo(f"warning: {warning}", err=True)


def _warnings(summary: dict[str, Any]) -> list[str]:
    return [*summary.get("warnings", ()), *_estimates(summary)]


def _estimates(summary: dict[str, Any]) -> list[str]:
    """What of the funding is not computed as the venue did."""
    estimated = [f"{amount} {currency}" for currency, amount in summary["funding_estimated"].items()]
    found = [f"funding of {amount} in all is estimated: no price of its instants" for amount in estimated]
    missing = summary["alerts"].get(MISSING, 0)
    return found + ([f"{missing} payments of funding are missing: no price near their instants"] if missing else [])


def _refuse_estimates(summary: dict[str, Any]) -> None:
    """DataError where any is."""
    if found := _estimates(summary):
        raise DataError(f"{'; '.join(found)}: add marks or finer bars to the data, or leave out --strict")


def _tell_failed(summary: dict[str, Any]) -> ExitCode:
    """Exit code 1 where an actor raised: what it would have done is not in the result."""
    from letrade.backtesting.failing import in_words

    failed = summary.get("failed", ())
    for each in failed:
        click.echo(f"error: {in_words(each)}", err=True)
    return ExitCode.BUG if failed else ExitCode.OK


def _of_report(page: Path) -> dict[str, Any]:
    """Where profit came from, as the report has it, and which other fills Ctrl-C left untried."""
    from letrade.report.words import incomplete_of
    from letrade.report.writer import read_report

    stored = read_report(page.parent)
    if said := incomplete_of(stored.fills):
        click.echo(f"warning: {said}", err=True)
    untried = {"fills_incomplete": stored.fills.incomplete} if said else {}
    return {"profit_split": stored.analysis.split, **untried}


def _show_figures(page: Path) -> None:
    """The main figures of the report, and last where it is."""
    from letrade.report.words import SHORT_WIDTH, main_lines
    from letrade.report.writer import read_report

    stored = read_report(page.parent)
    click.echo(f"{main_lines(stored.analysis, stored.fills)}\n\n{'report':{SHORT_WIDTH}}{page}")


def _show(summary: dict[str, Any], as_json: bool) -> None:
    from letrade.decoding import to_json
    from letrade.words import summary_in_words

    click.echo(to_json(summary).decode() if as_json else summary_in_words(summary))


def _verify(config: DeskConfig, run_for_ns: int | None, as_json: bool, strict: bool, warnings: Warnings) -> int:
    """Exit code 7 on the first difference, which is said."""
    from letrade.backtesting.interrupt import NOT_COMPARED, interrupted_as
    from letrade.backtesting.running import verify

    with interrupted_as(NOT_COMPARED), _progress(as_json) as progress:
        finished, differences = verify(config, run_for_ns, progress, warnings.tell)
    if strict:
        _refuse_estimates(finished.summary)
    summary = {**finished.summary, "verified": not differences, "differences": [str(each) for each in differences]}
    _show(summary, as_json)
    warnings.tell(*_warnings(summary))
    for difference in differences:
        click.echo(str(difference), err=True)
    if not differences:
        click.echo("verified: both engines gave the same orders, fills and balances", err=True)
    return ExitCode.LEDGER_MISMATCH if differences else ExitCode.OK


def _report(
    config: DeskConfig, finished: Finished, fills: str | None, run_for_ns: int | None, folder: Path | None
) -> Path:
    """The page of the report. Other fills are tried where that is quick, or asked for."""
    from letrade.backtesting.running import Variants, variants
    from letrade.report.writer import write_report

    summary = finished.summary
    complete = not summary.get("incomplete")
    engine = cast("EngineName", summary["engine"])
    tried = fills == "all" or (fills is None and engine == "compiled")
    others = variants(config, engine, run_for_ns) if tried and complete else Variants({})
    name = f"{config.desk.name}-{summary['result_hash'][:HASH_SHOWN]}"
    place = folder if folder is not None else options.data_root() / REPORTS / name
    return write_report(place, finished.record(), others.records, incomplete=others.incomplete).resolve()


def _progress(as_json: bool) -> AbstractContextManager[Any]:
    """A line that moves on a terminal; nothing where nobody watches."""
    if as_json or not sys.stderr.isatty():
        return nullcontext(None)
    from letrade.table import BacktestProgress

    return BacktestProgress()
