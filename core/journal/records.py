"""The bytes of a journal: one frame a turn, with its length and checksum, so that a torn write is seen and cut off."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import msgspec

from letrade.core.errors import DataError

FRAME = struct.Struct("<II")
FRAME_BYTES_MAX = 256 * 1024 * 1024
MAGIC = b"LETRADE1"


class Turn(msgspec.Struct, array_like=True, gc=False):
    """One pass of a node: what went in, how it was run, and what it decided.

    `inputs` and `outputs` are encoded messages; of the outputs only the journalled kinds, the first of which has the
    number `first_output` in this process's journal.
    """

    number: int
    epoch: int
    floor: int
    until: int
    resume: int | None
    """When feedback enters; None: not yet; -1: at once, as often as there is any; -2: so, after those who decide."""
    low: int
    high: int
    inputs: list[bytes]
    outputs: list[bytes]
    first_output: int
    window: int = 0
    phase: int = 0
    starts: bool = False
    """Before this turn's inputs the actors were started."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Turn)


def frame(payload: bytes) -> bytes:
    """The payload with its length and CRC-32 in front."""
    return FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def encode_turn(turn: Turn) -> bytes:
    return frame(_ENCODER.encode(turn))


def decode_turn(payload: bytes) -> Turn:
    """DataError when the payload, though its checksum holds, is no turn."""
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise DataError(f"expected a journal turn, found {payload[:40]!r}: {error}") from error


def whole_frames(data: bytes | memoryview, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """(offset after the frame, payload) of each whole frame; ends at the first that is torn or damaged."""
    view = memoryview(data)
    while (payload := _payload_at(view, offset)) is not None:
        offset += FRAME.size + len(payload)
        yield offset, payload


def is_followed(data: bytes | memoryview, offset: int) -> bool:
    """Whether a whole frame comes after the damaged one at `offset`: then it was not torn by a crash."""
    view = memoryview(data)
    if offset + FRAME.size > len(view):
        return False
    length, _ = FRAME.unpack_from(view, offset)
    return _payload_at(view, offset + FRAME.size + length) is not None


def _payload_at(view: memoryview, offset: int) -> bytes | None:
    if offset + FRAME.size > len(view):
        return None
    length, checksum = FRAME.unpack_from(view, offset)
    end = offset + FRAME.size + length
    if not 0 < length <= FRAME_BYTES_MAX or end > len(view):
        return None
    payload = bytes(view[offset + FRAME.size : end])
    return payload if zlib.crc32(payload) == checksum else None
