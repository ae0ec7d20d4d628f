"""`--data bybit=FILE`: which venue, or which instrument, a recorded file is about, where its name does not say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from letrade.core.errors import UsageError

_NAMED = re.compile(r"([A-Za-z0-9_-]+)(\.[A-Za-z0-9_-]+)?=(.+)", re.DOTALL)


class NamedFile(NamedTuple):
    """A path, and the keys that its feed is given."""

    path: str
    keys: dict[str, str]


def named_file(text: str) -> NamedFile:
    """`bybit=FILE` names the venue, `bybit.BTC-USDT_USDT=FILE` the instrument; a file of that very name goes first."""
    found = _NAMED.fullmatch(text)
    if found is None or Path(text).exists():
        return NamedFile(text, {})
    venue, symbol, path = found.groups()
    return NamedFile(path, {"venue": venue, **({"instrument": venue + symbol} if symbol else {})})


def keys_of_files(files: Sequence[NamedFile]) -> dict[str, dict[str, str]]:
    """By path. UsageError where one file is said to be of two markets."""
    told: dict[str, dict[str, str]] = {}
    for file in files:
        if told.setdefault(file.path, file.keys) != file.keys:
            raise UsageError(f"{file.path}: expected one name of its market, found it as two")
    return told
