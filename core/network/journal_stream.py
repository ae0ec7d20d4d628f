"""The journal of a desk as a JetStream stream: its name and settings, the last record of a process, and lost ranges."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from letrade.core.errors import DataError, NatsError
from letrade.core.network.jetstream import MESSAGE_ID, JetStream, StoredMessage, check_name, parse_headers
from letrade.core.network.link import Link
from letrade.core.network.stream_reader import StreamReader

DUPLICATE_WINDOW_NS = 120_000_000_000
GAP_RECORDS_MAX = 10_000


class Position(msgspec.Struct, frozen=True):
    """One record in the stream; `stream_sequence` counts the records of all processes."""

    epoch: int
    sequence: int
    stream_sequence: int


class JournalStream:
    """Reads, and if need be makes, the stream that holds the journals of all processes of one desk."""

    def __init__(self, link: Link, desk: str, max_bytes: int = 2 * 2**30) -> None:
        self.name = f"LETRADE_{check_name(desk, 'a desk name')}_JOURNAL"
        self._prefix = f"letrade.{desk}.journal"
        self._max_bytes = max_bytes
        self._link = link
        self._jetstream = JetStream(link)

    def subject(self, process: str) -> str:
        return f"{self._prefix}.{check_name(process, 'a process name')}"

    async def ensure(self) -> bool:
        """Make the stream unless it is there; True when it takes atomic batches (nats-server 2.12 and later).

        When full it refuses new records: it never discards old ones.
        """
        configuration = {
            "subjects": [f"{self._prefix}.>"],
            "description": "what each process of the desk decided and owns, in order",
            "storage": "file", "retention": "limits", "discard": "new", "max_bytes": self._max_bytes,
            "duplicate_window": DUPLICATE_WINDOW_NS, "allow_direct": True, "deny_delete": True,
            "allow_atomic": True,
        }  # fmt: skip
        settings = await self._jetstream.ensure_stream(self.name, configuration)
        return bool(settings.get("allow_atomic", False))

    async def last(self, process: str) -> Position | None:
        """The last record of a process in the stream, None before its first."""
        message = await self._jetstream.last(self.name, self.subject(process))
        return None if message is None else _position(message.subject, message.sequence, message.headers)

    async def fetch_gap(self, process: str, first_sequence: int, last_sequence: int) -> list[bytes]:
        """The payloads of records first..last; NatsError while the stream does not hold all of them."""
        wanted = last_sequence - first_sequence + 1
        if not 0 < wanted <= GAP_RECORDS_MAX:
            found = f"{first_sequence} to {last_sequence}"
            raise NatsError(f"expected a gap of 1 to {GAP_RECORDS_MAX} records, found {found}")
        first = await self._first_at_or_after(process, first_sequence)
        payloads = [] if first is None else await self._read_run(first, first_sequence, wanted)
        if len(payloads) < wanted:
            raise NatsError(
                f"{self.name} holds {len(payloads)} of the records {first_sequence} to {last_sequence} of {process}: "
                "they were not shipped yet, or were purged"
            )
        return payloads

    async def _read_run(self, first: StoredMessage, first_sequence: int, wanted: int) -> list[bytes]:
        """At most so many records that follow each other from `first_sequence` on, if `first` is that one."""
        payloads: list[bytes] = []
        async with StreamReader(self._link, self.name, [first.subject], first.sequence) as reader:
            async for batch in reader:
                for payload, block, place in zip(batch.payloads, batch.headers, batch.sequences, strict=True):
                    position = _position(first.subject, place, parse_headers(block))
                    if position.sequence != first_sequence + len(payloads) or len(payloads) == wanted:
                        return payloads
                    payloads.append(payload)
                if len(payloads) == wanted:
                    break
        return payloads

    async def _first_at_or_after(self, process: str, sequence: int) -> StoredMessage | None:
        """Bisects the stream: a process's records are in order there, with those of others in between."""
        subject = self.subject(process)
        last = await self._jetstream.last(self.name, subject)
        low, high = 1, last.sequence if last is not None else 0
        found: StoredMessage | None = None
        while low <= high:
            middle = (low + high) // 2
            message = await self._jetstream.next(self.name, subject, middle)
            if message is None or _position(subject, message.sequence, message.headers).sequence >= sequence:
                found, high = message or found, middle - 1
            else:
                low = message.sequence + 1
        return found


def record_id(process: str, epoch: int, sequence: int) -> str:
    """What the stream knows a record by."""
    return f"{process}:{epoch}:{sequence}"


def _position(subject: str, stream_sequence: int, headers: Mapping[str, str]) -> Position:
    parts = headers.get(MESSAGE_ID, "").rsplit(":", 2)
    if len(parts) != 3 or not (parts[1].isdecimal() and parts[2].isdecimal()):
        raise DataError(
            f"expected {MESSAGE_ID} <process>:<epoch>:<sequence> on {subject} at {stream_sequence}, "
            f"found {':'.join(parts)!r}: something else than a desk wrote into the journal's stream"
        )
    return Position(int(parts[1]), int(parts[2]), stream_sequence)
