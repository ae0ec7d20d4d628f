"""The full, commented desk file shows every table and key that there is, with its default."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from letrade.core.config.describe import alternatives, is_struct, unwrap
from letrade.core.config.desk import ActorEntry, DeskConfig, FeedEntry
from letrade.core.config.load import load_desk, packaged_desks
from letrade.core.config.show import show
from tests.core.config_parts import FEED_KINDS, write

TEXT = packaged_desks()["full"].read_text(encoding="utf-8")
CLASS_KEYS = {"path": "class", "actor_class": None, "feed_class": None, "config": None}


def structs_within(annotation: Any) -> Iterator[type[msgspec.Struct]]:
    inner, _ = unwrap(annotation)
    if is_struct(inner):
        yield inner
    for member in (*get_args(inner), *(member for member in alternatives(inner) if member is not inner)):
        yield from structs_within(member)


def tables(kind: type[msgspec.Struct], header: str) -> Iterator[tuple[str, str]]:
    """Each (header, key) that a desk file may hold; a table's own key is its header, or an inline table."""
    for field in msgspec.structs.fields(kind):
        key = field.encode_name
        inner = None if key == "config" else next(structs_within(field.type), None)
        if inner is not None:
            yield from tables(inner, f"{header}.{key}".lstrip("."))
        elif kind in (ActorEntry, FeedEntry) and field.name in CLASS_KEYS:
            if CLASS_KEYS[field.name]:
                yield header, "class"
        else:
            yield header, key


def shown_keys() -> dict[str, set[str]]:
    """The keys below each header, those in comments and in inline tables too."""
    shown: dict[str, set[str]] = {}
    header = ""
    for line in TEXT.splitlines():
        if match := re.match(r"(?:# )?\[+([a-z_.]+)(?:\.\"[^\"]+\")?((?:\.[a-z_]+)?)\]+", line):
            header = match[1] + match[2]
            shown.setdefault(header, set())
        elif match := re.match(r"(?:# )?(\w+) = (.*)", line):
            shown[header].add(match[1])
            if match[2].startswith("{"):
                shown[f"{header}.{match[1]}"] = set(re.findall(r"(\w+) =", match[2]))
    return shown


@pytest.mark.parametrize(("header", "key"), sorted(tables(DeskConfig, "")))
def test_the_full_desk_shows_every_key(header: str, key: str) -> None:
    shown = shown_keys()
    limits = shown["risk"] if header == "risk.limit" else set()
    assert key in shown[header] | limits


def test_the_full_desk_loads_and_what_it_shows_are_the_defaults(tmp_path: Any) -> None:
    full = show(load_desk("full", {}, feed_kinds=FEED_KINDS))
    for section in ("desk", "nats", "risk", "capital"):
        defaults = show(DeskConfig())[section]
        assert {key: value for key, value in full[section].items() if key in defaults and value != []} | {
            key: defaults[key] for key in ("limit", "allocation") if key in defaults
        } == defaults
    required = {
        "venue": {"name": "x"},
        "account": {"name": "x", "venue": "x"},
        "worker": {"name": "x"},
        "instrument": {"name": "binance.BTC-USDT", "tick": "0.01", "lot": "0.00001"},
    }
    least = "\n".join(
        f"[[{section}]]\n" + "\n".join(f'{key} = "{value}"' for key, value in keys.items())
        for section, keys in required.items()
    )
    small = show(load_desk(write(tmp_path, least, "small.toml"), {}))
    for section, keys in required.items():
        own = {*keys, "balances"}
        assert {k: v for k, v in full[section][0].items() if k not in own} == {
            k: v for k, v in small[section][0].items() if k not in own
        }
