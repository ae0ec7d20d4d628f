"""Environment variables such as LETRADE_ACTOR__ma_cross-1__fast=5, laid over the tables of a desk file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from letrade.core.config.describe import did_you_mean, fold
from letrade.core.config.merge import is_named, item_label
from letrade.core.config.problems import Origin, Place, Problems

PREFIX = "LETRADE_"
SEPARATOR = "__"


def parse_value(text: str) -> object:
    """The TOML value that the text spells, else the text itself."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def apply_overrides(
    tables: dict[str, Any], environ: Mapping[str, str], list_sections: Sequence[str], problems: Problems
) -> None:
    """Sets each overridden value in place; a list item's name may be written with `_` for `-` and `.`."""
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or SEPARATOR not in variable:
            continue
        section, *keys = variable.removeprefix(PREFIX).split(SEPARATOR)
        if not section or not keys or not all(keys):
            problems.add_text(f"{variable}: expected LETRADE_<SECTION>__<key> or LETRADE_<SECTION>__<name>__<key>")
            continue
        section = section.lower()
        if section in list_sections and not is_named(tables.get(section)):
            problems.add_text(f"{variable}: there is no [[{section}]] to override")
            continue
        _set(tables, [section, *keys], Origin(variable, text=environ[variable]), problems)


def _set(tables: dict[str, Any], keys: list[str], origin: Origin, problems: Problems) -> None:
    node: Any = tables
    place: Place = ()
    for position, key in enumerate(keys):
        if is_named(node):
            labels = [item_label(item, index) for index, item in enumerate(node)]
            label = _match(key, labels)
            if label is None:
                problems.add_text(f"{origin.label}: no {place[-1]} is named {key}{did_you_mean(key, labels)}")
                return
            node, place = node[labels.index(label)], (*place, label)
            continue
        place = (*place, key)
        if not isinstance(node, dict):
            problems.add_text(f"{origin.label}: {place[-2]} is not a table")
            return
        if position == len(keys) - 1:
            node[key] = parse_value(origin.text or "")
            problems.origins.replace(place, origin)
            return
        if key not in node:
            node[key] = {}
            problems.origins.replace(place, origin)
        node = node[key]
    problems.add_text(f"{origin.label}: names the whole of {keys[-1]}; name one of its keys")


def _match(key: str, labels: Sequence[str]) -> str | None:
    """The item of this very name, or the only one that folds to it."""
    if key in labels:
        return key
    alike = [label for label in labels if fold(label) == fold(key)]
    return alike[0] if len(alike) == 1 else None
