"""From the paths that a user names to one checked DeskConfig."""

from __future__ import annotations

import copy
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, get_args
from urllib.parse import unquote

import msgspec

from letrade.core.config.check import Checker
from letrade.core.config.classes import FEED_KINDS, special_tables
from letrade.core.config.decode import INVALID, Decoder
from letrade.core.config.describe import did_you_mean, fields_of, mark_of
from letrade.core.config.desk import DeskConfig, FeedEntry
from letrade.core.config.merge import is_named, item_label, merge, report_duplicates
from letrade.core.config.overrides import apply_overrides
from letrade.core.config.problems import Origin, Origins, Place, Problems
from letrade.core.config.secrets import Secret
from letrade.core.config.values import DURATION_FORM, File
from letrade.core.errors import ConfigurationError

DESK_FILE_BYTES_MAX = 4 * 2**20
COMMAND_LINE = "command line"
LIST_SECTIONS = ("venue", "instrument", "account", "route", "feed", "actor", "worker")

_SYMBOL = re.compile(r"([A-Za-z0-9]+)-([A-Za-z0-9]+)(?:_([A-Za-z0-9]+))?(?:-([0-9]{6}))?")
_LOGINS = ("user", "password", "token", "nkey_seed", "credentials")
_LOGIN_URL = re.compile(r"((?:[a-z]+://)?)(\S*)@(.*)", re.IGNORECASE)


def load_desk(
    paths: Sequence[Path | str] | Path | str,
    overrides: Mapping[str, str] = os.environ,
    *,
    extra: Mapping[str, Any] | None = None,
    feed_kinds: Mapping[str, str] = FEED_KINDS,
) -> DeskConfig:
    """The desk that these files describe, the later over the earlier; a bare name is a desk that Letrade brings.

    `extra` are tables laid over the files (a command's arguments), `overrides` are LETRADE_… variables, laid over all.
    ConfigurationError tells everything that is wrong, a line each.
    """
    named = [paths] if isinstance(paths, (str, Path)) else list(paths)
    files = [find_desk_file(path) for path in named]
    problems = Problems()
    layers = [(Origin(str(file), is_file=True), read_tables(file, problems)) for file in files]
    problems.raise_if_any()
    if extra:
        layers.append((Origin(COMMAND_LINE), dict(extra)))
    return build_desk(layers, overrides, feed_kinds)


def build_desk(
    layers: Sequence[tuple[Origin, Mapping[str, Any]]],
    overrides: Mapping[str, str],
    feed_kinds: Mapping[str, str] = FEED_KINDS,
) -> DeskConfig:
    """The desk of tables that were read already, each with who says so. ConfigurationError as load_desk."""
    problems = Problems(Origins())
    tables: dict[str, Any] = {}
    for origin, layer in layers:
        report_duplicates(dict(layer), origin.label, problems)
        merge(tables, copy.deepcopy(dict(layer)), origin, problems.origins)
    apply_overrides(tables, overrides, LIST_SECTIONS, problems)
    _infer_instruments(tables)
    _infer_step(tables)
    _split_login(tables, problems)
    desk = Decoder(problems, special_tables(feed_kinds)).decode(tables, DeskConfig, ())
    problems.raise_if_any()
    if desk is INVALID:
        raise ConfigurationError("the configuration does not describe a desk")
    checked: DeskConfig = _with_file_paths(desk, problems)
    Checker(checked, problems).run()
    problems.raise_if_any()
    return checked


def packaged_desks() -> dict[str, Path]:
    """The desks that Letrade brings, by name."""
    folder = Path(str(resources.files("letrade").joinpath("desks")))
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def find_desk_file(path: Path | str) -> Path:
    """The file of a path or of a bare name. ConfigurationError, naming the desks there are, when there is none."""
    desks = packaged_desks()
    bare = isinstance(path, str) and path.isprintable() and Path(path).name == path and not path.endswith(".toml")
    if bare and path in desks:
        return desks[str(path)]
    file = Path(path).expanduser()
    if file.is_file():
        return file
    shown = ", ".join(desks) or "none"
    if bare:
        hint = did_you_mean(str(path), desks)
        meant = hint if hint.startswith(",") else ""
        raise ConfigurationError(f'there is no desk "{path}"{meant}; Letrade brings: {shown}; a file ends in .toml')
    what = "a directory" if file.is_dir() else "no such file"
    raise ConfigurationError(f"{file}: expected a desk file, found {what}; Letrade brings these desks: {shown}")


def read_tables(file: Path, problems: Problems) -> dict[str, Any]:
    """The tables of one file; empty when it cannot be read, which is then told."""
    try:
        with file.open("rb") as opened:
            content = opened.read(DESK_FILE_BYTES_MAX + 1)
        if len(content) > DESK_FILE_BYTES_MAX:
            raise ValueError(f"expected a desk file of at most {DESK_FILE_BYTES_MAX} bytes")
        return tomllib.loads(content.decode())
    except OSError as error:
        problems.add_text(f"{file}: cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        problems.add_text(f"{file}: expected UTF-8 text, found another byte at {error.start}")
    except tomllib.TOMLDecodeError as error:
        problems.add_text(f"{file}: not valid TOML: {error}")
    except (ValueError, RecursionError) as error:
        problems.add_text(f"{file}: cannot be read: {error}")
    return {}


def _infer_instruments(tables: dict[str, Any]) -> None:
    """Currencies and kind that the id spells already need not be repeated."""
    instruments = tables.get("instrument")
    for item in instruments if is_named(instruments) else ():
        symbol = str(item.get("name", "")).partition(".")[2]
        match = _SYMBOL.fullmatch(symbol)
        if match is not None:
            base, quote, settle, day = match.groups()
            kind = "spot" if not settle else "inverse" if settle == base else "linear"
            inferred = {"base": base, "quote": quote, "settle": settle or quote, "kind": kind}
            if day is not None:
                inferred["expires"] = f"20{day[:2]}-{day[2:4]}-{day[4:]}T08:00:00Z"
            for key, value in inferred.items():
                item.setdefault(key, value)


def _infer_step(tables: dict[str, Any]) -> None:
    """The longest window that no order can arrive within: the least order latency."""
    desk, venues = tables.setdefault("desk", {}), tables.get("venue")
    if not isinstance(desk, dict) or "step" in desk or not is_named(venues):
        return
    default = DURATION_FORM.show(50_000_000)
    try:
        latencies_ns = [DURATION_FORM.parse(venue.get("order_latency", default)) for venue in venues]
    except ValueError:
        return  # told by the venue's own key
    if min(latencies_ns) > 0:
        desk["step"] = DURATION_FORM.show(min(latencies_ns))


def _split_login(tables: dict[str, Any], problems: Problems) -> None:
    """user:password@ or token@ in a server's URL becomes keys of [nats]; a file may not hold them."""
    nats = tables.get("nats")
    if isinstance(nats, dict) and "credentials" in nats:
        origin = problems.origins.of(("nats", "credentials"))
        if origin is not None and origin.label == COMMAND_LINE:
            _forget_logins(nats, "credentials")
    url = nats.get("url") if isinstance(nats, dict) else None
    urls = url if isinstance(url, list) else [url]
    matches = [_LOGIN_URL.fullmatch(text) if isinstance(text, str) else None for text in urls]
    logins = {match[2] for match in matches if match is not None}
    if not isinstance(nats, dict) or not logins:
        return
    place = ("nats", "url")
    origin = problems.origins.of(place)
    bare = [match[1] + match[3] if match is not None else text for match, text in zip(matches, urls, strict=True)]
    nats["url"] = bare if isinstance(url, list) else bare[0]
    login = logins.pop()
    user, colon, password = login.partition(":")
    if (origin is not None and origin.is_file) or logins or not login:
        text = 'expected a URL without login, with user and password = "env:NAME", or token = "env:NAME", next to it'
        problems.add(place, text)
        return
    # The text of the variable holds the login: what is decoded and told from here on must not come back to it.
    problems.origins.replace(place, Origin(origin.label if origin is not None else COMMAND_LINE))
    found: dict[str, Any] = {"user": unquote(user), "password": Secret.of_value(unquote(password))}
    _forget_logins(nats)
    nats |= found if colon else {"token": Secret.of_value(unquote(user))}
    for key in found if colon else ("token",):
        problems.origins.replace(("nats", key), problems.origins.by_place[place])


def _forget_logins(nats: dict[str, Any], but: str = "") -> None:
    """Who is named on the command line is meant alone."""
    for key in _LOGINS:
        if key != but:
            nats.pop(key, None)


def without_login(url: str) -> str:
    """The URL of a server, without user, password or token."""
    match = _LOGIN_URL.fullmatch(url)
    return match[1] + match[3] if match is not None else url


def _with_file_paths(desk: DeskConfig, problems: Problems) -> DeskConfig:
    """Files that a desk file names are meant from the folder of that file."""

    def resolve_marked(table: msgspec.Struct, place: Place) -> Any:
        """The files of a table and of the tables in it."""
        changes = {}
        for field in fields_of(type(table)):
            value, here = getattr(table, field.name), (*place, field.encode_name)
            if isinstance(value, msgspec.Struct):
                changes[field.name] = resolve_marked(value, here)
            elif isinstance(value, str | list) and _is_file(field.type):
                origin = problems.origins.of(here)
                if origin is not None and origin.is_file:
                    folder = Path(origin.label).parent
                    files = [
                        str(folder / Path(each).expanduser()) for each in ([value] if isinstance(value, str) else value)
                    ]
                    changes[field.name] = files[0] if isinstance(value, str) else files
        return msgspec.structs.replace(table, **changes)

    def resolve(feed: FeedEntry, index: int) -> FeedEntry:
        label = item_label({"name": feed.name}, index)
        origin = problems.origins.of(("feed", label, "files"))
        if origin is None or not origin.is_file:
            return feed
        folder = Path(origin.label).parent
        files = [str(folder / Path(file).expanduser()) for file in feed.files]
        config: Any = feed.config
        if "files" in config.__struct_fields__:
            config = msgspec.structs.replace(config, files=type(config.files)(files))
        return msgspec.structs.replace(feed, files=files, config=config)

    feeds = [resolve(feed, index) if feed.files else feed for index, feed in enumerate(desk.feeds)]
    venues = [
        msgspec.structs.replace(venue, margin=resolve_marked(venue.margin, ("venue", venue.name, "margin")))
        if venue.margin is not None
        else venue
        for venue in desk.venues
    ]
    return msgspec.structs.replace(desk, feeds=feeds, venues=venues, nats=resolve_marked(desk.nats, ("nats",)))


def _is_file(annotation: object) -> bool:
    """A path, or a list of paths."""
    return any(mark_of(each, File) is not None for each in (annotation, *get_args(annotation)))
