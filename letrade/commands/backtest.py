"""`letrade backtest`: a desk over recorded data, as fast as the machine can, without any network."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import click

from letrade.commands import options

DEFAULT_BACKTEST = "backtest-ma-cross"


@click.command("backtest")
@options.desk_files
@click.option(
    "--data", "data_files", multiple=True, metavar="FILE", help="Recorded data, in place of the desk's feeds."
)
@options.instrument
@click.option("--for", "duration", metavar="TIME", help="Only the first so much of the data's time: 2h, 30d.")
@options.as_json
def backtest(
    desks: tuple[str, ...], data_files: tuple[str, ...], instrument: str | None, duration: str | None, as_json: bool
) -> int:
    """Run DESK (files merge, the later wins) over recorded data; without DESK, an MA cross.

    \b
      letrade backtest backtest-ma-cross --data BTC_USDT_USDT-1h-futures.feather
      letrade backtest my-desk.toml --data spot_20240808.gz --data spot_20240809.gz --json
    """
    from letrade.assembly import assemble
    from letrade.backtest import run_backtest
    from letrade.decoding import to_json
    from letrade.words import summary_in_words

    config = assemble(list(desks) or [DEFAULT_BACKTEST], data_files=data_files, instrument=instrument)
    with _progress(as_json) as progress:
        summary = run_backtest(config, progress, options.parse_seconds(duration))
    click.echo(to_json(summary).decode() if as_json else summary_in_words(summary))
    return 0


def _progress(as_json: bool) -> AbstractContextManager[Any]:
    """A line that moves on a terminal; nothing where nobody watches."""
    if as_json or not sys.stderr.isatty():
        return nullcontext(None)
    from letrade.table import BacktestProgress

    return BacktestProgress()
