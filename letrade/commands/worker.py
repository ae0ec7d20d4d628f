"""`letrade worker`: one process of a desk. Desks start their own; one that outlives its desk is started by hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from letrade.commands import options
from letrade.core.errors import ExitCode, UsageError


@click.command("worker")
@click.argument("name", required=False)
@click.argument("desk", nargs=-1)
@click.option("--launch", type=click.Path(path_type=Path), help="The file in which a desk says what to run.")
@options.takes_server("The NATS server that the desk uses too, where its file does not say.")
@click.option("--user", help="The NATS user; its password comes from LETRADE_NATS_PASSWORD.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where its journal is kept.")
def worker(
    name: str | None, desk: tuple[str, ...], launch: Path | None, server: options.Server,
    user: str | None, data_dir: Path | None,
) -> int:  # fmt: skip
    """Run the [[worker]] NAME of DESK by hand: a feed or a venue that outlives the desk (external = true).

    \b
      letrade worker exchange my-desk.toml --nats nats://127.0.0.1:4222 --data-dir exchange-data
    """
    from letrade.decoding import to_json

    if launch is not None:
        from letrade.running import run_worker

        summary = run_worker(launch)
    elif name is None or not desk or data_dir is None:
        raise UsageError("expected: letrade worker NAME DESK... --nats URL --data-dir DIRECTORY")
    else:
        summary = _by_hand(name, desk, server, user, data_dir)
    sys.stdout.write(to_json(summary).decode() + "\n")
    return ExitCode.OK


def _by_hand(
    name: str, desk: tuple[str, ...], server: options.Server, user: str | None, data_dir: Path
) -> dict[str, Any]:
    from letrade.assembly import assemble
    from letrade.core.engine.access import access_of
    from letrade.core.engine.supervisor import Launch
    from letrade.running import run_external

    arguments: dict[str, Any] = {"paths": list(desk), "extra": {"nats": server.table()} if server is not None else None}
    access = access_of(assemble(**arguments).nats)
    if not access.urls:
        raise UsageError(f"expected --nats URL, as {', '.join(desk)} names no server: the one that the desk uses too")
    if user is not None:
        access = access.as_user(user, os.environ.get("LETRADE_NATS_PASSWORD", access.password))
    launch = Launch(
        **access.fields(), process=name, desk_pid=0, desk_arguments={}, data_dir=str(data_dir), uid="", stepped=False,
        instruments=[],
    )  # fmt: skip
    return run_external(arguments, launch)
