"""`letrade worker`: one process of a desk. Desks start their own; one that outlives its desk is started by hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from letrade.core.errors import ExitCode, UsageError


@click.command("worker")
@click.argument("name", required=False)
@click.argument("desk", nargs=-1)
@click.option("--launch", type=click.Path(path_type=Path), help="The file in which a desk says what to run.")
@click.option("--nats", "urls", multiple=True, metavar="URL", help="The NATS server that the desk uses too.")
@click.option("--user", help="The NATS user; its password comes from LETRADE_NATS_PASSWORD.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where its journal is kept.")
def worker(
    name: str | None, desk: tuple[str, ...], launch: Path | None, urls: tuple[str, ...], user: str | None,
    data_dir: Path | None,
) -> int:  # fmt: skip
    """Run the [[worker]] NAME of DESK by hand: a feed or a venue that outlives the desk (external = true).

    \b
      letrade worker exchange my-desk.toml --nats nats://127.0.0.1:4222 --data-dir exchange-data
    """
    from letrade.decoding import to_json

    if launch is not None:
        from letrade.running import run_worker

        summary = run_worker(launch)
    elif name is None or not desk or not urls or data_dir is None:
        raise UsageError("expected: letrade worker NAME DESK... --nats URL --data-dir DIRECTORY")
    else:
        summary = _by_hand(name, desk, urls, user, data_dir)
    sys.stdout.write(to_json(summary).decode() + "\n")
    return ExitCode.OK


def _by_hand(
    name: str, desk: tuple[str, ...], urls: tuple[str, ...], user: str | None, data_dir: Path
) -> dict[str, Any]:
    from letrade.core.engine.supervisor import Launch
    from letrade.running import run_external

    launch = Launch(
        process=name, desk_pid=0, desk_arguments={}, data_dir=str(data_dir), urls=list(urls), user=user,
        password=os.environ.get("LETRADE_NATS_PASSWORD"), uid="", stepped=False, instruments=[],
    )  # fmt: skip
    return run_external({"paths": list(desk)}, launch)
