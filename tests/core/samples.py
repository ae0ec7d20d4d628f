"""One valid message of every type, made from the types of its fields alone; and where its numbers are."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any

import msgspec

from letrade.core.messages.base import Message
from letrade.core.messages.registry import MESSAGE_TYPES
from letrade.core.money import Money

NAMES = {"instrument": "x.A-B", "strategy": "s", "account": "a", "source": "feed", "cause": "feed:1:1"}


def sample(kind: type[Any]) -> Any:
    """Every field is set, optional ones too, tuples hold one item."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return kind(**{name: NAMES[name] if name in NAMES else _value(hints[name]) for name in kind.__struct_fields__})


def _value(annotation: Any) -> Any:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _value(parts[0])
    if origin in (typing.Union, types.UnionType):
        return _value(parts[0])
    if origin is tuple:
        return tuple(_value(part) for part in parts if part is not Ellipsis)
    if origin is dict:
        return {_value(parts[0]): _value(parts[1])}
    if annotation is Money:
        return Money("USDT", 8, 12345)
    if issubclass(annotation, msgspec.Struct):
        return sample(annotation)
    return {int: 1, float: 0.25, str: "text", bytes: b"bytes", bool: True}[annotation]


SAMPLES: tuple[Message, ...] = tuple(sample(kind) for kind in MESSAGE_TYPES)


def with_number(value: Any, number: float) -> Iterator[Any]:
    """The value once for each float in it, at any depth, with `number` in that float's place."""
    if type(value) is float:
        yield number
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            for changed in with_number(item, number):
                yield (*value[:place], changed, *value[place + 1 :])
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            for changed in with_number(getattr(value, name), number):
                yield msgspec.structs.replace(value, **{name: changed})
