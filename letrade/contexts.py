"""Context files of the `nats` command: where it keeps them, and those of a desk's viewer, operator and system user."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from letrade.core.errors import ResourceError, UsageError
from letrade.core.network.server_files import write_private

MARK = "Letrade desk "
"""What the description of a context begins with that was written here; others are left alone."""
ROLES = ("viewer", "operator", "system")


class Context(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of the nats command, in its own words; what is empty is not written."""

    name: str
    description: str
    url: str
    user: str = ""
    password: str = ""
    token: str = ""
    creds: str = ""
    nkey: str = ""
    cert: str = ""
    key: str = ""
    ca: str = ""
    tls_first: bool = False
    inbox_prefix: str = ""
    """Where answers come, for whom the server permits no other place."""


class Kept(msgspec.Struct, frozen=True):
    """What a file says; other programs write more into it."""

    description: str = ""
    url: str = ""
    user: str = ""


def root() -> Path:
    """$XDG_CONFIG_HOME/nats, else ~/.config/nats."""
    configured = os.environ.get("XDG_CONFIG_HOME")
    return (Path(configured) if configured else Path.home() / ".config") / "nats"


def path_of(name: str) -> Path:
    return root() / "context" / f"{name}.json"


def name_of(desk: str, role: str = "viewer") -> str:
    """letrade-main is the viewer's, letrade-main-operator the operator's."""
    return f"letrade-{desk}" if role == "viewer" else f"letrade-{desk}-{role}"


def describe(desk: str, role: str, may: str) -> str:
    return f"{MARK}{desk}: {role}, {may}"


def write(contexts: Iterable[Context], force: bool) -> list[Path]:
    """The files, readable by their owner alone. UsageError, and nothing written, where one is not ours to replace."""
    wanted = list(contexts)
    foreign = [path_of(each.name) for each in wanted if path_of(each.name).exists() and not _is_ours(each.name)]
    if foreign and not force:
        names = ", ".join(map(str, foreign))
        raise UsageError(f"{names}: was not written by letrade; --force replaces it, --name gives ours another name")
    folder = root() / "context"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ResourceError(f"cannot make {folder}: {error.strerror}") from error
    for each in wanted:
        write_private(path_of(each.name), msgspec.json.format(msgspec.json.encode(each), indent=2).decode() + "\n")
    return [path_of(each.name) for each in wanted]


def ours() -> dict[str, Kept]:
    """The contexts that were written here, by name."""
    names = sorted(path.stem for path in (root() / "context").glob("*.json"))
    return {name: kept for name in names if (kept := _read(name)).description.startswith(MARK)}


def remove(desk: str | None) -> list[str]:
    """Delete ours, of one desk or of all; the names of those that were there."""
    prefix = MARK if desk is None else f"{MARK}{desk}:"
    names = [name for name, kept in ours().items() if kept.description.startswith(prefix)]
    for name in names:
        path_of(name).unlink(missing_ok=True)
    if selected() in names:
        (root() / "context.txt").unlink(missing_ok=True)
    return names


def selected() -> str:
    """The context that `nats` uses when it is told none; '' when there is none."""
    try:
        return (root() / "context.txt").read_text().strip()
    except FileNotFoundError:
        return ""


def select(name: str) -> None:
    """As `nats context select` does; `nats context previous` goes back."""
    if (before := selected()) and before != name:
        write_private(root() / "previous-context.txt", before)
    write_private(root() / "context.txt", name)


def _is_ours(name: str) -> bool:
    return _read(name).description.startswith(MARK)


def _read(name: str) -> Kept:
    """What is no context is nobody's: it has no description."""
    path = path_of(name)
    try:
        return msgspec.json.decode(path.read_bytes(), type=Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Kept()
    except OSError as error:
        raise ResourceError(f"{path}: cannot be read: {error.strerror}") from error
