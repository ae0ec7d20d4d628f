"""The ranges that message fields state for their numbers, as one quick test for each message type."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from letrade.core.messages.base import NUMBER_LIMIT, Message

Test = Callable[[Any], bool]


def tests_of(kinds: Iterable[type[Message]]) -> dict[type[Message], Test]:
    """For each type that holds numbers, whether those of a message are all in range; the decoder asks the same."""
    found = {kind: _condition(kind, "message", 0) for kind in kinds}
    return {kind: _compiled(condition) for kind, condition in found.items() if condition}


def first_outside(message: Message) -> str:
    """The first field with a number outside its range, for the text of an error."""
    for name, annotation in _fields(type(message)):
        condition = _condition(annotation, "message", 0)
        value = getattr(message, name)
        if condition and not _compiled(condition)(value):
            return f"{name}: expected finite numbers in the range of this field, found {value!r}"
    return "expected finite numbers"


def _compiled(condition: str) -> Test:
    """A Python expression made here of nothing but field names and limits: called for every message, so no loop."""
    return eval(f"lambda message: {condition}", {})  # type: ignore[no-any-return]


def _fields(kind: type[Any]) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return [(name, hints[name]) for name in kind.__struct_fields__]


def _condition(annotation: Any, value: str, depth: int) -> str:
    """A Python expression that is true when the value's numbers are in range; '' when it holds none."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        metas = [part for part in parts[1:] if isinstance(part, msgspec.Meta)]
        return _number_condition(value, metas) if parts[0] is float else _condition(parts[0], value, depth)
    if annotation is float:
        return _number_condition(value, [])
    if origin in (typing.Union, types.UnionType):
        found = [condition for part in parts if (condition := _condition(part, value, depth))]
        return f"({value} is None or {' or '.join(found)})" if found else ""
    if origin is tuple and parts[-1:] == (Ellipsis,):
        condition = _condition(parts[0], f"item{depth}", depth + 1)
        return f"all({condition} for item{depth} in {value})" if condition else ""
    if origin is tuple:
        return _all_of(((part, f"{value}[{place}]") for place, part in enumerate(parts)), depth)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return _all_of(((hint, f"{value}.{name}") for name, hint in _fields(annotation)), depth)
    return ""


def _all_of(places: Iterable[tuple[Any, str]], depth: int) -> str:
    return " and ".join(condition for hint, value in places if (condition := _condition(hint, value, depth)))


def _number_condition(value: str, metas: list[msgspec.Meta]) -> str:
    low, above, high = -NUMBER_LIMIT, None, NUMBER_LIMIT
    for meta in metas:
        low = low if meta.ge is None else meta.ge
        above = above if meta.gt is None else meta.gt
        high = high if meta.le is None else meta.le
    floor = f"{low!r} <=" if above is None else f"{above!r} <"
    return f"{floor} {value} <= {high!r}"
