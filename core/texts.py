"""Texts of other people: names of files may hold bytes that are no UTF-8, which no file of ours can hold."""

from __future__ import annotations

from typing import Any

import msgspec


def writable(text: str) -> str:
    """The text with each byte that is no UTF-8 written out, as in \\udcff."""
    return text.encode("utf-8", "backslashreplace").decode()


def json_of(value: object) -> bytes:
    """JSON of anything that msgspec knows, whatever its texts hold."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_writable(msgspec.to_builtins(value)))


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, dict):
        return {_writable(key): _writable(each) for key, each in value.items()}
    return [_writable(each) for each in value] if isinstance(value, (list, tuple)) else value
