"""`letrade bench`: lists the questions and answers them, for a person, for a program, or as a page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import click
import msgspec
from rich.console import Console

from letrade.bench.framework import catalogue, history, table
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.suite import Suite
from letrade.commands import options
from letrade.core.clock import SECOND
from letrade.core.errors import ExitCode, UsageError
from letrade.core.network.link import ClientName

ENGINE = "letrade.core.network.engine_link"


def default_client() -> ClientName:
    """The project's own engine, where it is part of this installation."""
    return "letrade" if find_spec(ENGINE) is not None else "nats-py"


@click.command("bench")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="Ask every question: ten minutes on two cores.")
@click.option("--list", "only_list", is_flag=True, help="List the questions; so does the command without names.")
@click.option("--for", "duration", metavar="TIME", help="How long each measurement lasts, or the soak: 10s, 1h.")
@click.option("--quick", is_flag=True, help="A moment for each measurement: shows that all works, and no more.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of what is sent.")
@click.option("--client", type=click.Choice(["letrade", "nats-py"]), help="The client that is measured, as in [nats].")
@click.option("--compare", type=click.Path(path_type=Path, dir_okay=False), help="A run's JSON, instead of the last.")
@click.option("--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with charts.")
@options.as_json
def bench(
    names: tuple[str, ...], everything: bool, only_list: bool, duration: str | None, quick: bool, seed: int,
    client: ClientName | None, compare: Path | None, page: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Measure latency and throughput, next to peers and to what is possible, in one run.

    \b
      letrade bench                                   what can be asked
      letrade bench publish latency --html page.html
      letrade bench hotpath                           books, matching and backtests
      letrade bench soak --for 1h --json
    """
    asked = _asked(names, everything)
    if only_list or not asked:
        _list(asked or catalogue.questions(), as_json)
        return ExitCode.OK
    duration_ns = options.parse_seconds(duration)
    with _progress() as say:
        run = Run(
            client=client or default_client(), seed=seed, quick=quick, say=say,
            for_seconds=None if duration_ns is None else duration_ns / SECOND,
        )  # fmt: skip
        suite = Suite(run, compare)
        suite.ask(asked)
    report = suite.report()
    if not quick and suite.results:
        history.keep(report)
    if page is not None:
        from letrade.bench.framework.page import write_page

        write_page(page, report)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
    else:
        table.show_report(_console(), report)
    if suite.interrupted:
        return ExitCode.FORCED
    return ExitCode.OK if suite.is_right else ExitCode.BUG


def _asked(names: Sequence[str], everything: bool) -> list[Question]:
    if everything and names:
        raise UsageError("expected names or --all, found both")
    return catalogue.questions() if everything else [catalogue.question(name) for name in catalogue.expanded(names)]


def _list(asked: Sequence[Question], as_json: bool) -> None:
    if as_json:
        listed = {"questions": [{"name": each.name, "question": each.text} for each in asked]}
        click.echo(msgspec.json.encode(listed).decode())
    else:
        table.show_questions(_console(), asked)


def _console() -> Console:
    """Lines are not wrapped where nobody watches."""
    return Console() if sys.stdout.isatty() else Console(width=200)


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """What is being measured, on a terminal; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda text: None
        return
    console = Console(stderr=True)
    with console.status("starting") as status:
        yield lambda text: status.update(text)
