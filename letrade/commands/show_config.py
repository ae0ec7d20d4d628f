"""`letrade show-config`: the whole configuration of a desk, defaults included, secrets hidden."""

from __future__ import annotations

import click

from letrade.commands import options


@click.command("show-config")
@options.desk_files
@click.option("--data", "--feed", "data_files", multiple=True, metavar="FILE", help="Recorded data to bind it to.")
@options.instrument
@options.as_json
def show_config(desks: tuple[str, ...], data_files: tuple[str, ...], instrument: str | None, as_json: bool) -> int:
    """Print DESK as one TOML file that describes the same desk; with --json as an object."""
    from letrade.assembly import assemble, without_venues
    from letrade.core.config.show import show, show_toml
    from letrade.decoding import to_json

    config = without_venues(assemble(list(desks) or ["paper"], data_files=data_files, instrument=instrument))
    click.echo(to_json(show(config)).decode() if as_json else show_toml(config), nl=as_json)
    return 0
