"""Whatever stands at any place of a desk file, the answer is a desk or a ConfigurationError, never another failure."""

import copy
import datetime
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from letrade.core.config.load import packaged_desks
from letrade.core.config.show import show, show_toml
from letrade.core.errors import ConfigurationError
from tests.core.config_parts import built

ODD_VALUES: list[Any] = [
    -1,
    2**70,
    float("nan"),
    True,
    "",
    "\n\x00é\ud7ff" * 1_000,
    "1e999999",
    "50ms",
    "env:NAME",
    datetime.datetime(9999, 12, 31, 23, 59, 59),  # noqa: DTZ001 -- TOML has times without a zone
    datetime.date(1, 1, 1),
    [[]],
    [{"name": 5}],
    [{"name": "x"}, {"name": "x"}],
    {"": 1},
    {"name": {"name": {}}},
]


FULL = tomllib.loads(packaged_desks()["full"].read_text(encoding="utf-8"))


def full_desk() -> dict[str, Any]:
    return copy.deepcopy(FULL)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield (*path, key)
        yield from places(node[key], (*path, key))


def check(tables: dict[str, Any], **variables: str) -> None:
    """A desk that can be shown, or the right error."""
    try:
        desk = built(tables, **variables)
    except ConfigurationError:
        return
    assert tomllib.loads(show_toml(desk)) == show(desk)


@pytest.mark.parametrize("place", list(places(full_desk())), ids=str)
def test_any_value_at_any_place_is_a_desk_or_a_configuration_error(place: tuple[Any, ...]) -> None:
    for value in [*ODD_VALUES, None]:
        tables: Any = full_desk()
        node = tables
        for key in place[:-1]:
            node = node[key]
        if value is None:
            del node[place[-1]]
        else:
            node[place[-1]] = copy.deepcopy(value)
        check(tables)


@pytest.mark.parametrize("text", ["", "nan", "[{name = 'x'}]", "nats://a:b@c", "\udcff"])
def test_any_text_in_any_variable_is_a_desk_or_a_configuration_error(text: str) -> None:
    for place in places(full_desk()):
        section, *keys = [str(key) for key in place if not isinstance(key, int)]
        check(full_desk(), **{"__".join([f"LETRADE_{section}", *keys]): text})
        check(full_desk(), **{"__".join([f"LETRADE_{section}", "paper", *keys]): text})
