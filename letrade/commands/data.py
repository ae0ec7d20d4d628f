"""`letrade data`: market data of one's own: import, download, list, check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from letrade.commands import options
from letrade.commands.data_download import download, root
from letrade.core.errors import DataError, ExitCode

if TYPE_CHECKING:
    from letrade.core.data.catalogue import Added, DataCatalogue, Summary
    from letrade.core.data.series import Series
    from letrade.data.checking import Finding

KINDS = ("quotes", "trades", "levels", "marks", "index", "funding")
CODES = ("damaged", "missing-months", "gaps", "duplicates", "off-grid", "outliers")


@click.group("data")
def data() -> None:
    """Market data of one's own, in a catalogue of Parquet files that backtests read.

    \b
      letrade data download binance BTC/USDT:USDT --interval 1h --from 2024-01-01
      letrade data import BTCUSDT-trades-2024-01.zip
      letrade backtest DESK --data catalogue:binance.BTC-USDT_USDT/1h
    """


data.add_command(download)


@data.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.instrument
@click.option("--kind", type=click.Choice(KINDS), help="What to take of tables that hold several.")
@root
@options.as_json
def import_(files: tuple[str, ...], instrument: str | None, kind: str | None, root: Path | None, as_json: bool) -> int:
    """Merge FILEs into the catalogue: bars, trades, quotes, levels, mark prices, funding (CSV, also gzip or zip,
    Parquet, feather), arrays (.npz) and recorded Binance streams. What is there already is kept once.

    \b
      letrade data import BTC_USDT_USDT-1h-futures.feather BTC_USDT_USDT-8h-funding_rate.feather
      letrade data import trades.csv.gz --instrument binance.BTC-USDT
    """
    from letrade.data.importing import import_files
    from letrade.decoding import to_json

    done: list[Added] = []
    for added in import_files(_catalogue(root), files, instrument, kind):
        done.append(added)
        if not as_json:
            click.echo(_added_in_words(added))
    if as_json:
        click.echo(to_json(done).decode())
    return ExitCode.OK


@data.command("list")
@root
@options.as_json
def list_(root: Path | None, as_json: bool) -> int:
    """Show what the catalogue has: series, rows, from when to when, size.

    A series with a damaged file is told as an error; the others are shown, and the exit code is 6.
    """
    from letrade.decoding import to_json

    catalogue = _catalogue(root)
    found, damaged = [], []
    for series in catalogue.series():
        try:
            found.append(catalogue.summary(series))
        except DataError as error:
            damaged.append(series)
            click.echo(f"letrade: {error}", err=True)
    if as_json:
        click.echo(to_json([_summary_table(each) for each in found]).decode())
    elif not found and not damaged:
        click.echo(_empty(catalogue))
    elif found:
        _echo_table([("series", "rows", "from", "to", "months", "MB"), *map(_summary_row, found)])
    return ExitCode.DATA if damaged else ExitCode.OK


@data.command("check")
@click.argument("wanted", nargs=-1, metavar="[SERIES]...")
@click.option("--ignore", multiple=True, type=click.Choice(CODES), help="Findings of this code are not told.")
@root
@options.as_json
def check(wanted: tuple[str, ...], ignore: tuple[str, ...], root: Path | None, as_json: bool) -> int:
    """Look through SERIES, or all: damage, missing months, gaps, repeats, prices off the tick, outliers.

    Exit code 6 where something is bad: damage, missing months, repeats, gaps between bars; and where the catalogue is
    empty. A price off the tick, an
    outlier or an hour without trades is told, but may be just what happened.
    """
    from letrade.data.checking import check_series
    from letrade.decoding import to_json

    catalogue = _catalogue(root)
    series = _chosen(catalogue, wanted)
    if not series:
        raise DataError(f"nothing to check: {_empty(catalogue)}")
    found = [finding for each in series for finding in check_series(catalogue, each) if finding.code not in ignore]
    bad = any(finding.bad for finding in found)
    if as_json:
        click.echo(to_json({"checked": [str(each) for each in series], "good": not bad, "findings": found}).decode())
    else:
        for finding in found:
            click.echo(_finding_in_words(finding))
        click.echo(f"{len(series)} series checked: {'bad' if bad else 'good'}")
    return ExitCode.DATA if bad else ExitCode.OK


def _empty(catalogue: DataCatalogue) -> str:
    return f"{catalogue.root} is empty: letrade data download or letrade data import fills it"


def _catalogue(root: Path | None) -> DataCatalogue:
    from letrade.core.data.catalogue import DataCatalogue
    from letrade.core.data.series import default_root

    return DataCatalogue(root or default_root())


def _chosen(catalogue: DataCatalogue, wanted: Sequence[str]) -> list[Series]:
    from letrade.core.data.series import chosen, parse_reference

    known = catalogue.series()
    return [chosen(known, parse_reference(text)) for text in wanted] if wanted else known


def _added_in_words(added: Added) -> str:
    others = ", ".join(
        f"{count:,} {word}"
        for count, word in ((added.duplicates, "were there"), (added.replaced, "corrected"))
        if count
    )
    months = added.months[0] if len(added.months) == 1 else f"{added.months[0]} to {added.months[-1]}"
    return f"{added.series}: {added.rows:,} rows, {months}" + (f" ({others})" if others else "")


def _summary_table(summary: Summary) -> dict[str, Any]:
    from letrade.core.config.values import show_instant

    return {
        "series": summary.series, "kind": summary.kind, "instrument": summary.instrument,
        "interval": summary.interval, "rows": summary.rows, "from": show_instant(summary.first),
        "to": show_instant(summary.last), "months": summary.months, "bytes": summary.bytes, "sources": summary.sources,
    }  # fmt: skip


def _summary_row(summary: Summary) -> tuple[str, ...]:
    from letrade.core.config.values import show_instant

    size = f"{summary.bytes / 1e6:,.1f}"
    span = (show_instant(summary.first), show_instant(summary.last))
    return (summary.series, f"{summary.rows:,}", *span, str(len(summary.months)), size)


def _echo_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _finding_in_words(finding: Finding) -> str:
    lines = [f"{finding.series}: {finding.code}: {finding.count:,} {finding.text}"]
    if finding.code == "damaged":
        lines = [f"{finding.series}: {finding.code}: {finding.text}"]
    return "\n".join([*lines, *(f"    {example}" for example in finding.examples)])
