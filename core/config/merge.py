"""Several desk files into one: tables merge key by key, lists of named tables by name; the later wins."""

from __future__ import annotations

from typing import Any, TypeGuard

from letrade.core.config.problems import Origin, Origins, Place, Problems, show_place


def merge(base: dict[str, Any], extra: dict[str, Any], origin: Origin, origins: Origins, place: Place = ()) -> None:
    """Lays `extra` over `base`, in place."""
    for key, value in extra.items():
        here = (*place, key)
        known = base.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            merge(known, value, origin, origins, here)
        elif isinstance(known, list) and is_named(known) and is_named(value) and _any_name([*known, *value]):
            _merge_items(known, value, origin, origins, here)
        else:
            base[key] = value
            origins.replace(here, origin)


def _merge_items(base: list[Any], extra: list[Any], origin: Origin, origins: Origins, place: Place) -> None:
    known = {item_label(item, index): item for index, item in enumerate(base)}
    for item in extra:
        label = item_label(item, len(base))
        if label in known:
            merge(known[label], item, origin, origins, (*place, label))
        else:
            base.append(item)
            known[label] = item
            origins.replace((*place, label), origin)


def _any_name(items: list[dict[str, Any]]) -> bool:
    """Tables without any name, such as brackets or legs, are a value: the later list takes the place of the other."""
    return any("name" in item for item in items)


def is_named(value: object) -> TypeGuard[list[dict[str, Any]]]:
    """Whether this is a list of tables (a name may be missing, which is told later)."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def item_label(item: object, index: int) -> str:
    """What a list item is known by: its name, with the day from which a version of it holds; else its index."""
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        return f"[{index}]"
    version = item.get("valid_from")
    return f"{item['name']}@{version}" if version is not None else str(item["name"])


def report_duplicates(tables: dict[str, Any], label: str, problems: Problems, place: Place = ()) -> None:
    """Two items of one name in one file are a slip of the pen, never meant to be merged."""
    for key, value in tables.items():
        here = (*place, key)
        if isinstance(value, dict):
            report_duplicates(value, label, problems, here)
        elif is_named(value):
            names = [item_label(item, index) for index, item in enumerate(value)]
            for name in dict.fromkeys(name for name in names if names.count(name) > 1):
                problems.add_text(f"{label}: {show_place((*here, name))}: the name is given twice")
