"""In which format a request came and its answer goes: JSON or msgpack, by the first byte and the Accept header."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from letrade.core.errors import DataError


class Format(enum.Enum):
    """What a body is written in; the value is its Content-Type."""

    JSON = "application/json"
    MSGPACK = "application/x-msgpack"


_NAMES = {
    "application/json": Format.JSON,
    "text/json": Format.JSON,
    "application/x-msgpack": Format.MSGPACK,
    "application/msgpack": Format.MSGPACK,
    "application/vnd.msgpack": Format.MSGPACK,
}
# A map or an array of msgpack. JSON text never begins with one of these bytes, so no body is both.
_MSGPACK_STARTS = frozenset((*range(0x80, 0xA0), *range(0xDC, 0xE0)))


def format_of(payload: bytes) -> Format:
    """What a body looks like; an empty one is JSON."""
    return Format.MSGPACK if payload and payload[0] in _MSGPACK_STARTS else Format.JSON


def format_of_answer(payload: bytes, headers: bytes) -> Format:
    """The best that the Accept header names of what we can write, else the format of the request."""
    accepted = [_accepted(item) for item in header(headers, "Accept").split(",")]
    for _, name in sorted((item for item in accepted if item[0] > 0), key=lambda item: -item[0]):
        if name in _NAMES:
            return _NAMES[name]
        if name in ("*/*", "application/*"):
            break
    return format_of(payload)


def _accepted(item: str) -> tuple[float, str]:
    """(how much it is wanted, a name of a format) of one item of an Accept header, such as `application/json;q=0.5`."""
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    weight = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
    try:
        return float(weight), name
    except ValueError:
        return 0.0, name


def header(block: bytes, name: str) -> str:
    """The first value of a header in the block of a NATS message, whatever its case; '' when it is not there."""
    wanted = name.lower().encode()
    for line in block.split(b"\r\n")[1:]:
        key, colon, value = line.partition(b":")
        if colon and key.strip().lower() == wanted:
            return value.strip().decode(errors="replace")
    return ""


def decode_object(payload: bytes) -> dict[str, Any]:
    """The object of a request; an empty body is an empty one. DataError for everything else."""
    if not payload.strip():
        return {}
    decoder = msgspec.msgpack.decode if format_of(payload) is Format.MSGPACK else msgspec.json.decode
    try:
        return decoder(payload, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(
            f"expected an object such as {{}}, in JSON or msgpack, found something else: {error}"
        ) from error


def encode_answer(answer: object, written_in: Format) -> bytes:
    """The body of an answer. TypeError or OverflowError for what the format cannot say."""
    return msgspec.msgpack.encode(answer) if written_in is Format.MSGPACK else msgspec.json.encode(answer)
