"""Payloads of NATS messages in words: each field of a message with its name, money and packed levels readable."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import msgspec

from letrade.core.codec import decode
from letrade.core.errors import DataError
from letrade.core.messages.base import Message
from letrade.core.messages.registry import tag
from letrade.core.money import Money
from letrade.core.network.formats import decode_object
from letrade.core.texts import json_of

_PAIR = struct.Struct("<dd")


def named(message: Message) -> dict[str, Any]:
    """The message as {'kind': …, field: value, …}, in the order of its fields."""
    fields = {name: readable(getattr(message, name)) for name in message.__struct_fields__}
    return {"kind": tag(type(message)), **fields}


def readable(value: Any) -> Any:
    """Structs by field name, money as '1.5 USDT', packed levels as [price, size] pairs."""
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, msgspec.Struct):
        return {name: readable(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, (list, tuple)):
        return [readable(item) for item in value]
    if isinstance(value, dict):
        return {key: readable(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return [list(pair) for pair in _PAIR.iter_unpack(value)] if len(value) % _PAIR.size == 0 else value.hex()
    return value


def named_otherwise(payload: bytes) -> dict[str, Any]:
    """What passes over NATS and is no message: what processes tell each other of the run, and objects such as requests
    and their answers, in JSON or msgpack. DataError for everything else."""
    from letrade.core.stepping import signals

    try:
        signal = signals.decode(payload)
    except (DataError, ValueError, RecursionError):
        return {key: readable(value) for key, value in decode_object(payload).items()}
    said = {name: getattr(signal, name) for name in signal.__struct_fields__}
    if isinstance(signal, signals.Again):
        said["payloads"] = [named(decode(each)) for each in signal.payloads]
    return {"signal": signal.__struct_config__.tag, **said}


def to_json(value: object) -> bytes:
    """One line of JSON."""
    return json_of(value)


def messages_in(data: bytes) -> Iterator[Message]:
    """The messages of a payload, of lines of JSON, or of msgpack payloads one after the other. DataError at the first
    that is none."""
    offset = 0
    while offset < len(data):
        end = _end_of_line(data, offset) if data[offset] in b"[ \t\r\n" else end_of_msgpack(data, offset)
        payload = data[offset:end].strip() if data[offset] in b"[ \t\r\n" else data[offset:end]
        if payload:
            yield decode(payload)
        # A newline after a msgpack payload is what a shell puts between two of them: no message begins with one.
        offset = end


def _end_of_line(data: bytes, offset: int) -> int:
    found = data.find(b"\n", offset)
    return len(data) if found < 0 else found + 1


_FIXED = {
    0xC0: 0,
    0xC2: 0,
    0xC3: 0,
    0xCA: 4,
    0xCB: 8,
    0xCC: 1,
    0xCD: 2,
    0xCE: 4,
    0xCF: 8,
    0xD0: 1,
    0xD1: 2,
    0xD2: 4,
    0xD3: 8,
}
_SIZED = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}


def end_of_msgpack(data: bytes, offset: int) -> int:
    """Where the value that starts at `offset` ends. DataError when it is cut short or no msgpack that we write."""
    pending = 1
    while pending:
        if offset >= len(data):
            raise DataError(f"expected a whole message, found its end missing after {len(data)} bytes")
        head = data[offset]
        offset += 1
        pending -= 1
        if head <= 0x7F or head >= 0xE0:
            continue
        if head <= 0x8F:
            pending += 2 * (head & 0x0F)
        elif head <= 0x9F:
            pending += head & 0x0F
        elif head <= 0xBF:
            offset += head & 0x1F
        elif head in _FIXED:
            offset += _FIXED[head]
        elif head in _SIZED or head in _ARRAYS or head in _MAPS:
            width = _SIZED.get(head) or _ARRAYS.get(head) or _MAPS[head]
            count = int.from_bytes(data[offset : offset + width], "big")
            offset += width + (count if head in _SIZED else 0)
            pending += count * (2 if head in _MAPS else 1) if head not in _SIZED else 0
        else:
            raise DataError(f"expected a message, found the byte 0x{head:02x} at {offset - 1}")
    if offset > len(data):
        raise DataError(f"expected a whole message, found its end missing after {len(data)} bytes")
    return offset
