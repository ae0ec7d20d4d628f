"""Where a running desk is, and a link to it: by run.json of its data directory, or by a server's URL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import msgspec

from letrade.commands.options import DEFAULT_DESK, GivenServer, data_root
from letrade.core.config.desk import NatsTls
from letrade.core.engine.access import Access
from letrade.core.engine.data_dir import RunRecord, read_run
from letrade.core.errors import DataError, NatsError, NotRunningError, UsageError
from letrade.core.network.link import DESK_INBOX, VIEWER_INBOX, Link
from letrade.core.network.links import new_link

DEFAULT_URL = "nats://127.0.0.1:4222"


class Address(Access, frozen=True, kw_only=True):
    """The desk's name, its servers, and whom to be there: nobody is the viewer of a plain `nats sub`."""

    desk: str
    pid: int | None = None
    inbox: str = VIEWER_INBOX
    """Where answers come: to the desk's own place for who logs in as the desk, which is permitted no other."""

    @property
    def is_desk(self) -> bool:
        """Whether we log in as the desk itself, which may be let listen to its own subjects alone."""
        return self.inbox == DESK_INBOX and self.has_login


class Login(NamedTuple):
    """What the URL of a server says; a user without a password is a token."""

    url: str
    user: str | None
    password: str | None
    token: str | None


def split_login(url: str) -> Login:
    """The URL, and the login that was in it. UsageError when it is no URL of a server."""
    parts = urlsplit(url if "://" in url else f"nats://{url}")
    try:
        host, port = parts.hostname, parts.port or 4222
    except ValueError:
        host, port = None, 0
    if not host:
        raise UsageError(f"--nats: expected a URL such as {DEFAULT_URL}, found {url.rpartition('@')[2]!r}")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password is not None else None
    place = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    return Login(place, None, None, user) if password is None else Login(place, user, password, None)


def address_at(server: GivenServer, desk: str | None) -> Address:
    """The desk at a server that was named; a .creds file counts before a login in its URL."""
    logins = [split_login(url) for url in server.url.split(",")]
    _, user, password, token = logins[0] if server.credentials is None else Login("", None, None, None)
    return Address(
        desk=desk or DEFAULT_DESK, urls=[login.url for login in logins], user=user, password=password, token=token,
        credentials=server.credentials, tls=NatsTls(authorities=server.authorities) if server.authorities else None,
    )  # fmt: skip


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


def find_desk(desk: str | None, data_dir: Path | None, server: GivenServer | None, operator: bool) -> Address:
    """NotRunningError when no desk is there; UsageError when several are and none is named."""
    if server is not None:
        return address_at(server, desk)
    record = record_of(desk, data_dir)
    if not record.is_private:
        return Address(**record.fields(), desk=record.desk, pid=record.pid, inbox=DESK_INBOX)
    address = Address(**record.fields(), desk=record.desk, pid=record.pid)
    return address.as_user(record.operator_user, record.operator_password) if operator else address.as_user(None, None)


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
    link = new_link(address.link_config(name, inbox_prefix=address.inbox))
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
            raise NotRunningError(f"no desk {address.desk} answers at {address.places}: {error}") from error
    try:
        answer: dict[str, Any] = msgspec.json.decode(payload, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise DataError(f"expected JSON from {subject}, found {payload[:60]!r}: {error}") from error
    return answer
