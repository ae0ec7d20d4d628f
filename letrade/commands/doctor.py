"""`letrade doctor`: what could keep a desk from running here, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import click

from letrade.commands import options
from letrade.core.errors import ExitCode

MARKS = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


@click.command("doctor")
@click.option("--desk", default=options.DEFAULT_DESK, metavar="NAME", help="The desk whose data directory is meant.")
@options.data_directory
@options.as_json
def doctor(desk: str, data_dir: Path | None, as_json: bool) -> int:
    """Check Python, packages, nats-server, port, clock, disk, data directory; exit code 8 when something is wrong."""
    from letrade.decoding import to_json
    from letrade.diagnosis import findings

    found = findings(options.data_dir_of(desk, data_dir))
    fine = all(finding.level != "error" for finding in found)
    if as_json:
        click.echo(to_json({"ok": fine, "checks": found}).decode())
    else:
        click.echo("\n".join(f"{MARKS[each.level]} {each.check:16} {each.text}" for each in found))
    return ExitCode.OK if fine else ExitCode.RESOURCE
