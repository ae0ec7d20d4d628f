"""`letrade study`: many seeded worlds in which a desk's own actors are measured."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from letrade.commands import options
from letrade.core.errors import ExitCode, ResourceError, UsageError

if TYPE_CHECKING:
    from letrade.studies.seeds import SeedResult
    from letrade.studies.totals import Totals

_file = click.Path(path_type=Path, exists=True, dir_okay=False)
SCENARIOS = ("crash", "october", "calm")


@click.group("study")
def study() -> None:
    """Measure a desk's own actors in many seeded worlds."""


@study.command("liquidation")
@click.option(
    "--scenario", "scenarios", multiple=True, type=click.Choice(SCENARIOS),
    help="Left out: all three, or with --month none.",
)  # fmt: skip
@click.option("--seeds", type=click.IntRange(min=1, max=100_000), default=200, show_default=True, help="Of each.")
@click.option("--first", type=click.IntRange(min=1, max=10**9), default=1, show_default=True, help="The first seed.")
@click.option("--data", type=_file, help="Recorded bars, with --month.")
@click.option("--month", metavar="YYYY-MM", help="Each day of this month of --data is a world.")
@click.option(
    "--leverage", "leverages", multiple=True, type=click.IntRange(min=1, max=25),
    help="Times its margin that a position is; several: each world draws one.  [default: 8, 10, 12]",
)  # fmt: skip
@click.option("--processes", type=click.IntRange(min=1, max=1024), help="Left out: one for each core.")
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with the picture.")
@options.as_json
def liquidation(
    scenarios: tuple[str, ...], seeds: int, first: int, data: Path | None, month: str | None,
    leverages: tuple[int, ...], processes: int | None, page: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Crashes against the leverage manager and the liquidation monitor, beside somebody who knows the whole course.

    Exit code 7 where a bound of docs/liquidation.md is missed. Ctrl-C keeps what there is.

    \b
      letrade study liquidation --seeds 20 --html study.html
      letrade study liquidation --scenario crash --seeds 200 --json
      letrade study liquidation --data BTC_USDT_USDT-5m-futures.feather --month 2023-09 --leverage 5
    """
    from letrade.studies.pool import Work, run_seeds
    from letrade.studies.totals import totals_of
    from letrade.studies.worlds import LEVERAGES

    if (data is None) != (month is None):
        raise UsageError("--data and --month go together")
    chosen = scenarios or (() if month else SCENARIOS)
    times, span = leverages or LEVERAGES, range(first, first + seeds)
    work: list[Work] = [(name, seed, "", times) for name in chosen for seed in span]
    if data is not None and month is not None:
        from letrade.studies.recorded import days_of

        work += [("recorded", day, str(data.resolve()), times) for day in days_of(str(data), month)]
    with _Progress(len(work), as_json) as told:
        found = run_seeds(work, processes, told)
    results: dict[str, list[SeedResult]] = {}
    for result in found:
        results.setdefault(result.scenario, []).append(result)
    totals = [totals_of(name, each) for name, each in results.items()]
    if page is not None:
        _write(page, results)
    _show(totals, results, as_json)
    if len(found) < len(work):
        click.echo(f"interrupted: {len(found)} of {len(work)} worlds", err=True)
        return ExitCode.FORCED
    return ExitCode.OK if all(each.holds for each in totals) else ExitCode.LEDGER_MISMATCH


def _write(page: Path, results: dict[str, list[SeedResult]]) -> None:
    from letrade.studies.page import page_of

    try:
        page.write_text(page_of(results, " ".join(["letrade", *sys.argv[1:]])), encoding="utf-8")
    except OSError as error:
        raise ResourceError(f"{page}: expected to write the page: {error.strerror or error}") from error


def _show(totals: list[Totals], results: dict[str, list[SeedResult]], as_json: bool) -> None:
    if as_json:
        import msgspec

        from letrade.decoding import to_json

        told = {"totals": [_told(each) for each in totals], "seeds": msgspec.to_builtins(results)}
        click.echo(to_json(told).decode())
        return
    for each in totals:
        click.echo(_line(each))


def _told(totals: Totals) -> dict[str, Any]:
    import msgspec

    shares = {"saved_share": totals.saved_share, "loss_ratio": totals.loss_ratio, "touched_share": totals.touched_share}
    return {**msgspec.to_builtins(totals), **shares, "holds": totals.holds}


def _line(totals: Totals) -> str:
    from letrade.studies.totals import QUIET

    verdict = "ok" if totals.holds else "MISSED"
    head = f"{totals.scenario:<9}{totals.seeds:>4} seeds {totals.positions:>5} positions  "
    if totals.scenario in QUIET:
        return f"{head}touched {totals.touched} ({totals.touched_share:.2%}), liquidated {totals.liquidated}  {verdict}"
    return (
        f"{head}saved {totals.saved} of {totals.saveable} ({totals.saved_share:.1%}); liquidated {totals.liquidated}, "
        f"if nobody looks {totals.liquidated_unguarded}; loss {totals.loss:,.0f}, nobody {totals.loss_unguarded:,.0f}, "
        f"who knows {totals.loss_clairvoyant:,.0f}: {totals.loss_ratio:.3f} times  {verdict}"
    )


class _Progress:
    """A bar on a terminal; nothing where nobody watches."""

    def __init__(self, length: int, as_json: bool) -> None:
        hidden = as_json or not sys.stderr.isatty()
        self._bar = None if hidden else click.progressbar(length=length, label="worlds", file=sys.stderr)

    def __enter__(self) -> Callable[[SeedResult], object]:
        bar = self._bar
        if bar is None:
            return lambda result: None
        bar.__enter__()
        return lambda result: bar.update(1)

    def __exit__(self, *error: Any) -> None:
        if self._bar is not None:
            self._bar.__exit__(*error)
