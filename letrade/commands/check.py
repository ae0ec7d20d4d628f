"""`letrade check`: whether a desk file describes a desk that can run, with everything that is wrong with it."""

from __future__ import annotations

from typing import Any

import click

from letrade.commands import options


@click.command("check")
@options.desk_files
@click.option("--data", "--feed", "data_files", multiple=True, metavar="FILE", help="Recorded data to check it with.")
@options.instrument
@options.as_json
def check(desks: tuple[str, ...], data_files: tuple[str, ...], instrument: str | None, as_json: bool) -> int:
    """Load DESK with all its actors and feeds, start nothing; exit code 4 when something is wrong."""
    from letrade.assembly import assemble
    from letrade.core.engine.access import files_of
    from letrade.core.engine.blueprint import Blueprint
    from letrade.decoding import to_json

    names = list(desks) or ["paper"]
    config = assemble(names, data_files=data_files, instrument=instrument)
    blueprint = Blueprint(config, "check")
    blueprint.node(None)
    files_of(config.nats).check_files()
    found: dict[str, Any] = {
        "ok": True,
        "desk": config.desk.name,
        "actors": [actor.name for actor in config.actors],
        "feeds": [feed.name for feed in config.feeds],
        "instruments": list(blueprint.catalogue.ids()),
        "processes": list(blueprint.processes),
    }
    if as_json:
        click.echo(to_json(found).decode())
    else:
        counts = ", ".join(f"{len(found[key])} {key}" for key in ("actors", "feeds", "instruments", "processes"))
        click.echo(f"{', '.join(names)}: the desk {config.desk.name} is fine: {counts}")
    return 0
