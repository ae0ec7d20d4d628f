"""Messages to bytes and back: msgpack for data, JSON for events; nothing non-finite passes in either direction."""

from __future__ import annotations

import types
import typing
from typing import Any

import msgspec

from letrade.core.errors import DataError
from letrade.core.messages.base import NUMBER_LIMIT, VERSION, Message
from letrade.core.messages.registry import BY_TAG, MESSAGE_TYPES, tag

_ANY_MESSAGE: Any = typing.Union[MESSAGE_TYPES]  # noqa: UP007 - a union of a tuple has no other form
_MSGPACK = msgspec.msgpack.Encoder()
_JSON = msgspec.json.Encoder()
_FROM_MSGPACK = msgspec.msgpack.Decoder(_ANY_MESSAGE)
_FROM_JSON = msgspec.json.Decoder(_ANY_MESSAGE)
_TAG_FROM_MSGPACK = msgspec.msgpack.Decoder(list[Any])
_TAG_FROM_JSON = msgspec.json.Decoder(list[Any])


class UnknownTag(DataError):
    """A message of a kind that this version does not know: survived and counted."""


def _is_float(annotation: Any) -> bool:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return typing.get_args(annotation)[0] is float
    if origin in (typing.Union, types.UnionType):
        return any(_is_float(part) for part in typing.get_args(annotation))
    return annotation is float


def _float_fields(kind: type[Message]) -> tuple[str, ...]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return tuple(name for name in kind.__struct_fields__ if _is_float(hints[name]))


_FLOATS: dict[type, tuple[str, ...]] = {kind: _float_fields(kind) for kind in MESSAGE_TYPES}


def check(message: Message) -> None:
    """DataError when a number of the message is not finite or is beyond 1e15. Numbers inside tuples: at decoding."""
    for name in _FLOATS.get(type(message), ()):
        value = getattr(message, name)
        if value is not None and not -NUMBER_LIMIT <= value <= NUMBER_LIMIT:
            raise DataError(f"{tag(type(message))}.{name}: expected a finite number within ±1e15, found {value!r}")


def encode(message: Message) -> bytes:
    """Msgpack, or JSON for events. DataError when a number is out of range."""
    check(message)
    try:
        return _JSON.encode(message) if message.FAMILY == "ev" else _MSGPACK.encode(message)
    except (OverflowError, ValueError) as error:
        raise DataError(f"{tag(type(message))} cannot be encoded: {error}") from error


def encode_json(message: Message) -> bytes:
    """JSON, whatever the family."""
    check(message)
    return _JSON.encode(message)


def decode(payload: bytes) -> Message:
    """The message in a payload, JSON or msgpack by its first byte.

    UnknownTag for a kind that we do not know; DataError for everything else that is no message. Fields that a newer
    version appended are ignored.
    """
    is_json = payload[:1] == b"["
    try:
        message: Message = _FROM_JSON.decode(payload) if is_json else _FROM_MSGPACK.decode(payload)
    except msgspec.DecodeError as error:
        raise _explained(payload, is_json, error) from error
    return message


def _explained(payload: bytes, is_json: bool, error: msgspec.DecodeError) -> DataError:
    try:
        fields = (_TAG_FROM_JSON if is_json else _TAG_FROM_MSGPACK).decode(payload)
    except msgspec.DecodeError:
        return DataError(f"expected a msgpack or JSON array, found {payload[:40]!r}: {error}")
    found = fields[0] if fields else None
    if isinstance(found, str) and found not in BY_TAG:
        known = f"this letrade knows version {VERSION}"
        return UnknownTag(f"unknown message kind {found!r} of version {fields[1:2]}; {known}")
    return DataError(f"malformed {found!r} message: {error}")
