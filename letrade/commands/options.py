"""Options that several commands share, and where a desk's data directory is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from letrade.core.errors import UsageError

Function = TypeVar("Function", bound=Callable[..., Any])

DEFAULT_DESK = "main"

as_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable: JSON on standard output.")
desk_files = click.argument("desks", nargs=-1, metavar="[DESK]...")
instrument = click.option(
    "--instrument", metavar="ID", help="What recorded data is about, where it does not say: binance.BTC-USDT."
)
data_directory = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Journal, snapshots and server of the desk."
)


def reaches_desk(function: Function) -> Function:
    """--desk, --data-dir and --nats: which running desk is meant."""
    for option in (
        click.option("--nats", "nats_url", metavar="URL", help="The desk's server, instead of what run.json says."),
        data_directory,
        click.option("--desk", metavar="NAME", help="The desk's name; left out, the one that runs, or main."),
    ):
        function = option(function)
    return function


def data_root() -> Path:
    """Where desks keep their data by default, a folder for each: $LETRADE_DATA, else the user's data directory."""
    if configured := os.environ.get("LETRADE_DATA"):
        return Path(configured).expanduser()
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path("~/.local/share").expanduser()) / "letrade"


def data_dir_of(desk: str, given: Path | None, configured: str | None = None) -> Path:
    """The data directory of a desk: as given, else as its file says, else its folder below the root."""
    if given is not None:
        return given
    return Path(configured).expanduser() if configured else data_root() / desk


def parse_seconds(text: str | None) -> int | None:
    """'60s' or '2m' in ns; None stays None."""
    if text is None:
        return None
    from letrade.core.config.durations import parse_duration

    try:
        duration_ns = parse_duration(text)
    except ValueError:
        raise UsageError(f"--for: expected a duration such as 60s or 2m, found {text!r}") from None
    if duration_ns <= 0:
        raise UsageError(f"--for: expected a duration above 0, found {text!r}")
    return duration_ns


def parse_speed(text: str | None) -> float | str | None:
    """'max', 'live' or a number above 0."""
    if text is None or text in ("max", "live"):
        return text
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise UsageError(f"--speed: expected a number above 0, max or live, found {text!r}")
    return speed
