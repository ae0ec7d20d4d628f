"""Options that several commands share, and where a desk's data directory is."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
from click.core import ParameterSource

from letrade.core.errors import DataError, UsageError

Function = TypeVar("Function", bound=Callable[..., Any])

DEFAULT_DESK = "main"


def _instrument_id(context: click.Context, option: click.Parameter, text: str | None) -> str | None:
    """UsageError for what is no instrument's id, before any data is read."""
    if text is None:
        return None
    from letrade.core.subjects import check_instrument

    try:
        return check_instrument(text)
    except DataError as error:
        raise UsageError(f"--instrument: {error}") from error


as_json = click.option("--json", "as_json", is_flag=True, help="Machine-readable: JSON on standard output.")
desk_files = click.argument("desks", nargs=-1, metavar="[DESK]...")
instrument = click.option(
    "--instrument", metavar="ID", callback=_instrument_id,
    help="What recorded data is about, where it does not say: binance.BTC-USDT.",
)  # fmt: skip
data_directory = click.option(
    "--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Journal, snapshots and server of the desk."
)


class GivenServer(NamedTuple):
    """A server that the command line names; the files are absolute paths."""

    url: str
    credentials: str | None = None
    authorities: str | None = None

    def table(self) -> dict[str, Any]:
        """As [nats] of a desk file says it."""
        urls = self.url.split(",")
        table: dict[str, Any] = {"url": urls[0] if len(urls) == 1 else urls}
        if self.credentials is not None:
            table["credentials"] = self.credentials
        if self.authorities is not None:
            table["tls"] = {"authorities": self.authorities}
        return table


Server = GivenServer | None


def takes_server(help_text: str) -> Callable[[Function], Function]:
    """--nats, --nats-creds and --nats-ca, which the function gets together as `server`: a GivenServer, or None."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def with_server(
            *, nats_urls: tuple[str, ...], nats_creds: Path | None, nats_ca: Path | None, **others: Any
        ) -> Any:
            if not nats_urls:
                _refuse_without_server(nats_creds=nats_creds, nats_ca=nats_ca)
                return function(server=None, **others)
            files = [str(file) if file is not None else None for file in (nats_creds, nats_ca)]
            return function(server=GivenServer(",".join(nats_urls), *files), **others)

        file = click.Path(path_type=Path, dir_okay=False, resolve_path=True)
        wrapped: Any = with_server
        for option in (
            click.option(
                "--nats-ca", type=file, envvar="LETRADE_NATS_CA", show_envvar=True,
                help="With --nats: who may sign the server's certificate, PEM.",
            ),
            click.option(
                "--nats-creds", type=file, envvar="LETRADE_NATS_CREDS", show_envvar=True,
                help="With --nats: the .creds file to log in with.",
            ),
            click.option("--nats", "nats_urls", multiple=True, metavar="URL", help=help_text),
        ):  # fmt: skip
            wrapped = option(wrapped)
        result: Function = wrapped
        return result

    return decorate


def _refuse_without_server(**given: Path | None) -> None:
    """What a variable of the environment says holds for whoever names a server, and for nobody else."""
    context = click.get_current_context()
    for name, value in given.items():
        if value is not None and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise UsageError(f"--{name.replace('_', '-')} goes with --nats: of a running desk all is known")


def reaches_desk(function: Function) -> Function:
    """--desk, --data-dir and --nats: which running desk is meant."""
    for option in (
        takes_server("The desk's server, instead of what run.json says."),
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
