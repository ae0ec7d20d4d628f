"""The ranges that message fields state for their numbers, as one quick test for each message type."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from letrade.core.messages.base import NUMBER_LIMIT, Message
from letrade.hotpath.ranges import Ranges

Test = Callable[[Any], bool]


def ranges_of(kinds: Iterable[type[Message]]) -> dict[type[Message], Ranges]:
    """For each type that holds numbers, whether those of a message are all in range; the decoder asks the same."""
    found = {kind: _condition(kind, "message", 0) for kind in kinds}
    return {kind: _ranges(kind, condition) for kind, condition in found.items() if condition}


def _ranges(kind: type[Message], condition: str) -> Ranges:
    limits: list[tuple[str, float, bool, float]] = []
    rest: list[str] = []
    for name, annotation in _fields(kind):
        limit = _limit(annotation)
        if limit is not None:
            limits.append((name, *limit))
        elif other := _condition(annotation, f"message.{name}", 0):
            rest.append(other)
    return Ranges(kind, limits, _compiled(" and ".join(rest)) if rest else None, _compiled(condition))


def _limit(annotation: Any) -> tuple[float, bool, float] | None:
    """(lowest, whether that itself is outside, highest) of a field that is a number and nothing else."""
    if annotation is float:
        return _number_limit([])
    if typing.get_origin(annotation) is typing.Annotated and typing.get_args(annotation)[0] is float:
        return _number_limit([part for part in annotation.__metadata__ if isinstance(part, msgspec.Meta)])
    return None


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
    low, above, high = _number_limit(metas)
    return f"{low!r} {'<' if above else '<='} {value} <= {high!r}"


def _number_limit(metas: list[msgspec.Meta]) -> tuple[float, bool, float]:
    low, above, high = -NUMBER_LIMIT, None, NUMBER_LIMIT
    for meta in metas:
        low = low if meta.ge is None else meta.ge
        above = above if meta.gt is None else meta.gt
        high = high if meta.le is None else meta.le
    return (float(low), False, float(high)) if above is None else (float(above), True, float(high))
