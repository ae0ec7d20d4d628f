"""`letrade report`: the figures of a stored run, and its page written again."""

from __future__ import annotations

from pathlib import Path

import click

from letrade.commands import options

PERIODS = ("day", "week", "month", "year", "weekday")


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--breakdown", "periods", multiple=True, type=click.Choice(PERIODS), default=("month",), show_default=True,
    help="Profit by period; may be given several times.",
)  # fmt: skip
@click.option("--again", is_flag=True, help="Work all figures out again from the record, and write the folder anew.")
@options.as_json
def report(folder: Path, periods: tuple[str, ...], again: bool, as_json: bool) -> int:
    """Print the figures of a stored run in DIR, a folder that `letrade backtest` wrote.

    \b
      letrade report runs/2024-01-31
      letrade report runs/2024-01-31 --breakdown week --breakdown weekday
      letrade report runs/2024-01-31 --json | jq .analysis.total.ratios
    """
    from letrade.report.words import report_in_words
    from letrade.report.writer import JSON_FILE, PAGE_FILE, read_report, rewrite_report

    if again or not (folder / JSON_FILE).exists():
        rewrite_report(folder)
    stored = read_report(folder)
    if as_json:
        click.echo((folder / JSON_FILE).read_bytes())
        return 0
    click.echo(report_in_words(stored.analysis, stored.fills, periods))
    if (folder / PAGE_FILE).exists():
        click.echo(f"\nreport {(folder / PAGE_FILE).resolve()}")
    return 0
