"""The effective configuration, defaults included, as tables and as TOML; secrets are named, never shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args

import msgspec

from letrade.core.config.describe import alternatives, fields_of, mark_of, unwrap
from letrade.core.config.desk import ActorEntry, DeskConfig, FeedEntry
from letrade.core.config.merge import is_named
from letrade.core.config.secrets import HIDDEN, Secret, is_sensitive, without_user_info
from letrade.core.config.values import File, TextForm, show_decimal

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


def show(config: DeskConfig) -> dict[str, Any]:
    """The tables of a desk as builtins: durations and decimals as text, a secret as its reference, else as `***`."""
    shown: dict[str, Any] = _show(config, DeskConfig, "")
    return shown


def show_toml(config: DeskConfig) -> str:
    """The same as TOML, which describes the same desk where every secret is a reference."""
    lines: list[str] = []
    _write_table(show(config), (), lines)
    return "\n".join(lines).strip() + "\n"


def _show(value: Any, annotation: Any, key: str) -> Any:
    if isinstance(value, Secret):
        return value.reference
    if isinstance(value, (ActorEntry, FeedEntry)):
        return _show_entry(value)
    if isinstance(value, msgspec.Struct):
        return _show_struct(value)
    if isinstance(value, Mapping):
        return {str(name): _show(item, _inner(annotation, 1), str(name)) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_show(item, _inner(annotation, 0), key) for item in value]
    if is_sensitive(key) and value is not None and mark_of(annotation, File) is None:
        return HIDDEN
    if isinstance(value, Decimal):
        return show_decimal(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        form = mark_of(annotation, TextForm)
        return form.show(value) if form is not None else value
    return value if isinstance(value, float) else without_user_info(str(value))


def _show_struct(struct: msgspec.Struct) -> dict[str, Any]:
    fields = fields_of(type(struct))
    shown = {field.encode_name: _show(getattr(struct, field.name), field.type, field.encode_name) for field in fields}
    return {key: value for key, value in shown.items() if value is not None}


def _show_entry(entry: ActorEntry | FeedEntry) -> dict[str, Any]:
    """As it stands in a desk file: the class's keys next to the entry's own."""
    own: dict[str, Any] = {"name": entry.name, "class": entry.path}
    if isinstance(entry, FeedEntry):
        own |= {"kind": entry.kind, "speed": entry.speed, "files": list(entry.files)}
    shown = {**_show_struct(entry.config), **own}
    return {key: shown[key] for key in (*own, *shown) if shown[key] is not None}


def _inner(annotation: Any, place: int) -> Any:
    """The type of what a container holds: of a list at 0, of a table's values at 1."""
    members = [get_args(unwrap(member)[0]) for member in alternatives(unwrap(annotation)[0])]
    return next((arguments[place] for arguments in members if len(arguments) > place), Any)


def _write_table(table: Mapping[str, Any], path: tuple[str, ...], lines: list[str]) -> None:
    """Plain keys first, then sub-tables, then lists of tables, as TOML wants them."""
    inner = {key: value for key, value in table.items() if _is_table(value) or is_named(value)}
    lines += [f"{_key(key)} = {_value(value)}" for key, value in table.items() if key not in inner]
    for key, value in inner.items():
        here = (*path, key)
        header = ".".join(_key(word) for word in here)
        for item in value if isinstance(value, list) else [value]:
            lines += ["", f"[[{header}]]" if isinstance(value, list) else f"[{header}]"]
            _write_table(item, here, lines)


def _is_table(value: object) -> bool:
    return isinstance(value, dict) and bool(value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _string(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_key(key)} = {_value(item)}' for key, item in value.items())}}}"
    return repr(value)


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
