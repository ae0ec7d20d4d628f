"""`letrade run`: a desk in this process and its workers, until its data ends or somebody stops it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click

from letrade.commands import options
from letrade.core.errors import UsageError

DEFAULT_DESK = "paper"
DEFAULT_RECORDED_DESK = "recorded"
Show = Callable[[dict[str, Any]], None]


@click.command("run")
@options.desk_files
@click.option("--for", "duration", metavar="TIME", help="End after this time: 60s, 2m.")
@click.option(
    "--feed", "feed_files", multiple=True, metavar="FILE", help="Recorded data, in place of the desk's feeds."
)
@click.option("--speed", metavar="N|max", help="Of recorded data: times the recorded speed, or as fast as possible.")
@options.instrument
@options.data_directory
@click.option("--fresh", is_flag=True, help="Put what the last run left aside, and begin anew.")
@options.takes_server("Use this server instead of a private one.")
@click.option("--live", is_flag=True, help="Trade at real venues.")
@options.as_json
def run(
    desks: tuple[str, ...], duration: str | None, feed_files: tuple[str, ...], speed: str | None,
    instrument: str | None, data_dir: Path | None, fresh: bool, server: options.Server, live: bool, as_json: bool,
) -> int:  # fmt: skip
    """Run DESK (files merge, the later wins); without one the paper desk, or with --feed the recorded one.

    \b
      letrade run                                    BTC and ETH on paper, a live table
      letrade run my-desk.toml --for 60s --json      a line of JSON each second, the summary last
      letrade run --feed spot_20240808.gz --speed 10
    """
    if live:
        raise UsageError("--live: this letrade trades on paper only: it knows no kind of [[venue]] that is real yet")
    if server is not None:
        from letrade.reach import address_at

        address_at(server, None)
    arguments: dict[str, Any] = {
        "paths": list(desks) or [DEFAULT_RECORDED_DESK if feed_files else DEFAULT_DESK],
        "feed_files": list(feed_files),
        "speed": options.parse_speed(speed),
        "instrument": instrument,
        "extra": {"nats": server.table()} if server is not None else None,
    }
    return _run(arguments, data_dir, fresh, options.parse_seconds(duration), as_json)


def _run(arguments: dict[str, Any], data_dir: Path | None, fresh: bool, run_for_ns: int | None, as_json: bool) -> int:
    from letrade.assembly import assemble
    from letrade.core.engine.options import EngineOptions
    from letrade.decoding import to_json
    from letrade.running import run_engine
    from letrade.words import summary_in_words

    config = assemble(**arguments)
    folder = options.data_dir_of(config.desk.name, data_dir, config.desk.data_dir)
    engine = EngineOptions(data_dir=folder, fresh=fresh, run_for_ns=run_for_ns)
    on_terminal = sys.stdout.isatty() and not as_json
    with _screen(on_terminal, folder) as show:
        summary = run_engine(arguments, engine, show)
    summary = {"desk": config.desk.name, **summary}
    click.echo(to_json(summary).decode() if as_json or not on_terminal else summary_in_words(summary))
    return 0


def _screen(on_terminal: bool, folder: Path) -> AbstractContextManager[Show]:
    """A live table on a terminal, else a line of JSON for each view; both say first how to look inside."""
    if not on_terminal:
        return nullcontext(_Lines(folder))
    from letrade.table import LiveTable

    return _Table(LiveTable(), folder)


class _Table:
    """The live table, below a few lines on how to look inside."""

    def __init__(self, table: Any, folder: Path) -> None:
        self.table = table
        self.hint = _Hint(folder)

    def __enter__(self) -> Show:
        self.table.__enter__()
        return self.show

    def __exit__(self, *error: Any) -> None:
        self.table.__exit__(*error)

    def show(self, view: dict[str, Any]) -> None:
        if text := self.hint.once(view):
            self.table.console.print(text, highlight=False)
        self.table.show(view)


class _Lines:
    """Views as lines of JSON; the hint goes to standard error, which is for people. A desk that nobody reads drains."""

    def __init__(self, folder: Path) -> None:
        self.hint = _Hint(folder)
        self.unread = False

    def __call__(self, view: dict[str, Any]) -> None:
        from letrade.decoding import to_json

        if self.unread:
            return
        if text := self.hint.once(view):
            sys.stderr.write(text + "\n")
        try:
            sys.stdout.write(to_json(view).decode() + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            self.unread = True
            os.kill(os.getpid(), signal.SIGTERM)


class _Hint:
    """How to look inside with the `nats` command; said once, as soon as the desk can be reached."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = False

    def once(self, view: dict[str, Any]) -> str:
        nats = view.get("nats") or {}
        url = nats.get("url")
        if self.said or not url:
            return ""
        self.said = True
        desk = view.get("desk", options.DEFAULT_DESK)
        by_name = "" if desk == options.DEFAULT_DESK else f" --desk {desk}"
        where = by_name if self.folder == options.data_root() / desk else f" --data-dir {self.folder}"
        first = f"  letrade context --select{where}\n" if nats.get("needs_login") else ""
        at = "nats" if first else f"nats -s {url}"
        return (
            f"data in {self.folder}; look inside with:\n{first}"
            f"  {at} sub 'letrade.{desk}.do.>' --translate 'letrade decode'\n"
            f"  {at} req letrade.{desk}.req.status '{{}}'\n"
            f"  letrade status{where}; letrade tap 'letrade.{desk}.do.fill.>'{where}; letrade stop{where}"
        )
