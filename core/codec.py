"""Messages to bytes and back: msgpack for data, JSON for events; nothing non-finite passes in either direction."""

from __future__ import annotations

import functools
import typing
from typing import Any

import msgspec

from letrade.core import ranges
from letrade.core.errors import DataError
from letrade.core.messages.base import VERSION, Message
from letrade.core.messages.registry import BY_TAG, MESSAGE_TYPES, tag
from letrade.hotpath.ranges import Ranges


def _plain(value: Any) -> Any:
    """A number of numpy's as Python's own; TypeError for what no message can carry."""
    if callable(item := getattr(value, "item", None)):
        return item()
    raise TypeError(f"expected builtins and messages, found {type(value).__name__}")


_ANY_MESSAGE: Any = typing.Union[MESSAGE_TYPES]  # noqa: UP007 - a union of a tuple has no other form
_MSGPACK = msgspec.msgpack.Encoder(enc_hook=_plain)
_JSON = msgspec.json.Encoder(enc_hook=_plain)
_FROM_MSGPACK = msgspec.msgpack.Decoder(_ANY_MESSAGE)
_FROM_JSON = msgspec.json.Decoder(_ANY_MESSAGE)
_TAG_FROM_MSGPACK = msgspec.msgpack.Decoder(list[Any])
_TAG_FROM_JSON = msgspec.json.Decoder(list[Any])
_UNREADABLE = (msgspec.DecodeError, ValueError, OverflowError, RecursionError)
"""What any bytes can make a decoder raise: text that is no UTF-8 is a ValueError, too deep a RecursionError."""

_UNFIT = (OverflowError, ValueError, TypeError)
"""What an encoder raises on fields that no receiver would take."""

_TO_MSGPACK = _MSGPACK.encode
_TO_JSON = _JSON.encode
_DECODE_MSGPACK = _FROM_MSGPACK.decode
_KINDS = frozenset(MESSAGE_TYPES)


class UnknownTag(DataError):
    """A message of a kind that this version does not know: survived and counted."""


@functools.cache
def ranges_of(kind: type[Message]) -> Ranges | None:
    """What `check` asks of messages of this type; None when they hold no numbers."""
    return ranges.ranges_of((kind,)).get(kind) if kind in _KINDS else None


def _first_test(kind: type[Message]) -> ranges.Test:
    """Looks the ranges of a type up with the first message of it: those of all types are a fifth of a start."""

    def test(message: Message) -> bool:
        found = ranges_of(kind)
        _IN_RANGE[kind] = found.hold if found is not None else _always
        return _IN_RANGE[kind](message)

    return test


def _always(message: Message) -> bool:
    return True


_IN_RANGE: dict[type[Message], ranges.Test] = {kind: _first_test(kind) for kind in MESSAGE_TYPES}


def check(message: Message) -> None:
    """DataError when a number of the message, at any depth, is not finite or is outside its field's range."""
    in_range = _IN_RANGE.get(type(message))
    if in_range is not None and not in_range(message):
        raise _out_of_range(message)


def encode(message: Message) -> bytes:
    """Msgpack, or JSON for events. DataError when the message holds what its receivers would refuse."""
    # Called for every message: nothing but what must be done, in one function.
    kind = type(message)
    in_range = _IN_RANGE.get(kind)
    try:
        if in_range is None or in_range(message):
            return _TO_JSON(message) if kind.FAMILY == "ev" else _TO_MSGPACK(message)
    except _UNFIT as error:
        raise _cannot_encode(message, error) from error
    raise _out_of_range(message)


def encode_json(message: Message) -> bytes:
    """JSON, whatever the family."""
    try:
        check(message)
        return _TO_JSON(message)
    except _UNFIT as error:
        raise _cannot_encode(message, error) from error


def _cannot_encode(message: Message, error: Exception) -> DataError:
    return DataError(f"{tag(type(message))} cannot be encoded: {error}")


def _out_of_range(message: Message) -> DataError:
    return DataError(f"{tag(type(message))}.{ranges.first_outside(message)}")


def decode(payload: bytes) -> Message:
    """The message in a payload, JSON or msgpack by its first byte.

    UnknownTag for a kind that we do not know; DataError for everything else that is no message. Fields that a newer
    version appended are ignored.
    """
    is_json = payload[:1] == b"["
    try:
        return _FROM_JSON.decode(payload) if is_json else _DECODE_MSGPACK(payload)  # type: ignore[no-any-return]
    except _UNREADABLE as error:
        raise _explained(payload, is_json, error) from error


def _explained(payload: bytes, is_json: bool, error: Exception) -> DataError:
    try:
        fields = (_TAG_FROM_JSON if is_json else _TAG_FROM_MSGPACK).decode(payload)
    except _UNREADABLE:
        return DataError(f"expected a msgpack or JSON array, found {payload[:40]!r}: {error}")
    found = fields[0] if fields else None
    if isinstance(found, str) and found not in BY_TAG:
        known = f"this letrade knows version {VERSION}"
        return UnknownTag(f"unknown message kind {found!r} of version {fields[1:2]}; {known}")
    return DataError(f"malformed {found!r} message: {error}")
