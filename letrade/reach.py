"""Where a running desk is, and a link to it: by run.json of its data directory, or by a server's URL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from letrade.commands.options import DEFAULT_DESK, data_root
from letrade.core.engine.data_dir import RunRecord, read_run
from letrade.core.errors import DataError, NatsError, NotRunningError, UsageError
from letrade.core.network.link import VIEWER_INBOX, Link, LinkConfig
from letrade.core.network.links import new_link

DEFAULT_URL = "nats://127.0.0.1:4222"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's name, its servers, and whom to be there: None is the viewer of a plain `nats sub`."""

    desk: str
    urls: tuple[str, ...]
    user: str | None = None
    password: str | None = None
    pid: int | None = None


def split_login(url: str) -> tuple[str, str | None, str | None]:
    """(the URL without its login, user, password). UsageError when it is no URL of a server."""
    parts = urlsplit(url if "://" in url else f"nats://{url}")
    try:
        host, port = parts.hostname, parts.port or 4222
    except ValueError:
        host, port = None, 0
    if not host:
        raise UsageError(f"--nats: expected a URL such as {DEFAULT_URL}, found {url!r}")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}", user, password


def is_alive(pid: int) -> bool:
    """Whether a process of this id runs, ours or another's; one that ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except ProcessLookupError:
        return False
    except (PermissionError, FileNotFoundError):
        return True
    return state != "Z"


def running_desks() -> dict[str, RunRecord]:
    """The desks that run with the default data directories, by name."""
    found = {}
    for file in sorted(data_root().glob("*/run.json")):
        record = read_run(file.parent)
        if record is not None and is_alive(record.pid):
            found[record.desk] = record
    return found


def find_desk(desk: str | None, data_dir: Path | None, nats_url: str | None, operator: bool) -> Address:
    """NotRunningError when no desk is there; UsageError when several are and none is named."""
    if nats_url is not None:
        url, user, password = split_login(nats_url)
        return Address(desk=desk or DEFAULT_DESK, urls=(url,), user=user, password=password)
    record = record_of(desk, data_dir)
    return Address(
        desk=record.desk, urls=tuple(record.urls), pid=record.pid,
        user=record.operator_user if operator else None, password=record.operator_password if operator else None,
    )  # fmt: skip


def record_of(desk: str | None, data_dir: Path | None) -> RunRecord:
    """What run.json says of the desk that is meant. NotRunningError when it does not run."""
    if data_dir is not None or desk is not None:
        folder = data_dir if data_dir is not None else data_root() / str(desk)
        record = read_run(folder)
        if record is None:
            raise NotRunningError(f"no desk runs with the data directory {folder}: start one with letrade run")
        if not is_alive(record.pid):
            raise NotRunningError(
                f"the desk {record.desk} of {folder} is gone (process {record.pid} died): start it again, it recovers"
            )
        return record
    running = running_desks()
    if not running:
        raise NotRunningError(
            f"no desk runs below {data_root()}: start one with letrade run, or name --data-dir or --nats"
        )
    if len(running) > 1 and DEFAULT_DESK not in running:
        raise UsageError(f"several desks run: {', '.join(running)}: name one with --desk")
    return running.get(DEFAULT_DESK) or next(iter(running.values()))


@asynccontextmanager
async def linked(address: Address, name: str) -> AsyncIterator[Link]:
    """A link to the desk's server while the body runs. NatsError where it cannot be reached."""
    link = new_link(
        LinkConfig(
            servers=address.urls, name=name, user=address.user, password=address.password, inbox_prefix=VIEWER_INBOX
        )
    )
    await link.connect()
    try:
        yield link
    finally:
        await link.close()


async def ask(address: Address, verb: str, request: dict[str, Any], timeout_seconds: float) -> dict[str, Any]:
    """The answer to one request. NotRunningError when nobody listens; the desk's own refusal as the error it names."""
    async with linked(address, f"letrade-{verb}") as link:
        subject = f"letrade.{address.desk}.req.{verb}"
        try:
            payload = await link.request(subject, msgspec.json.encode(request), timeout_seconds)
        except NatsError as error:
            raise NotRunningError(f"no desk {address.desk} answers at {', '.join(address.urls)}: {error}") from error
    try:
        answer: dict[str, Any] = msgspec.json.decode(payload, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise DataError(f"expected JSON from {subject}, found {payload[:60]!r}: {error}") from error
    return answer
