"""`letrade init`: a desk file to start from, copied from a packaged one."""

from __future__ import annotations

from pathlib import Path

import click

from letrade.commands import options
from letrade.core.errors import ConfigurationError, ResourceError


@click.command("init")
@click.argument("file", type=click.Path(path_type=Path), default=Path("desk.toml"))
@click.option(
    "--from", "source", default="paper", metavar="DESK", help="paper, futures, recorded, backtest-ma-cross or full."
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@options.as_json
def init(file: Path, source: str, force: bool, as_json: bool) -> int:
    """Write FILE (desk.toml), ready for `letrade check` and `letrade run`."""
    from letrade.core.config.load import find_desk_file
    from letrade.decoding import to_json

    text = find_desk_file(source).read_text(encoding="utf-8")
    if file.exists() and not force:
        raise ConfigurationError(f"{file} is there already: name another file, or replace it with --force")
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ResourceError(f"{file}: cannot be written: {error.strerror}") from error
    told = {"ok": True, "file": str(file), "from": source}
    click.echo(to_json(told).decode() if as_json else f"{file} is written: letrade check {file}; letrade run {file}")
    return 0
