"""Names of files may hold any bytes; what is written of them is always text."""

from __future__ import annotations

import msgspec

from letrade.core.texts import json_of, writable


class Told(msgspec.Struct):
    """Something with texts at several depths."""

    where: str
    by_name: dict[str, tuple[str, int]]


def test_bytes_that_are_no_text_are_written_out() -> None:
    assert writable("a-\udcff") == "a-\\udcff"
    assert writable("plain ü") == "plain ü"


def test_json_is_made_of_everything_whatever_its_texts_hold() -> None:
    told = Told("x\udcfe", {"\udcff": ("y\udcfd", 1)})
    assert msgspec.json.decode(json_of(told)) == {"where": "x\\udcfe", "by_name": {"\\udcff": ["y\\udcfd", 1]}}
    assert json_of(Told("x", {})) == b'{"where":"x","by_name":{}}'
