"""What the processes of a desk tell each other about the run itself; msgpack on letrade.<desk>.step.<process>."""

from __future__ import annotations

import msgspec

from letrade.core.errors import DataError


class Step(msgspec.Struct, array_like=True, frozen=True, tag="step"):
    """The leader: this window begins; `sent` counts what the feeds brought, by kind. The last step ends the run."""

    process: str
    number: int
    start: int
    end: int
    sent: dict[str, int]
    last: bool = False


class Settled(msgspec.Struct, array_like=True, frozen=True, tag="settled"):
    """This process has run this phase of the window, and sent so much in it, by kind."""

    process: str
    number: int
    phase: int
    sent: dict[str, int]


class Closed(msgspec.Struct, array_like=True, frozen=True, tag="closed"):
    """This process has ended the window; the next thing that waits in it is at `next_time`."""

    process: str
    number: int
    next_time: int | None


class Missing(msgspec.Struct, array_like=True, frozen=True, tag="missing"):
    """This process waits in window `number`: send again what you sent in it and the one before."""

    process: str
    number: int


class Since(msgspec.Struct, array_like=True, frozen=True, tag="since"):
    """By the clock: process `of`, send again what you said of these journalled kinds from `time` on."""

    process: str
    of: str
    time: int
    kinds: list[str]


class Again(msgspec.Struct, array_like=True, frozen=True, tag="again"):
    """By the clock: the answer to `to`, in parts counted from 1; the payloads are encoded messages."""

    process: str
    to: str
    part: int
    parts: int
    payloads: list[bytes]
    epoch: int = 0
    sent: dict[str, int] = {}
    """As in its heartbeats: what was sent until now."""


StepSignal = Step | Settled | Closed | Missing | Since | Again

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(StepSignal)


def encode(signal: StepSignal) -> bytes:
    return _ENCODER.encode(signal)


def decode(payload: bytes) -> StepSignal:
    """DataError when the payload is none of these."""
    try:
        signal: StepSignal = _DECODER.decode(payload)
    except msgspec.DecodeError as error:
        raise DataError(f"expected a step signal, found {payload[:40]!r}: {error}") from error
    return signal
