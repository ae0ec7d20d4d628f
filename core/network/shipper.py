"""Copies a process's journal to JetStream: each record once and in order, whatever happens to the server meanwhile.

Every write names the stream sequence that the subject's last record must have, so the server itself refuses whatever
would double, skip or reorder; after any doubt the last record is read back. Nothing depends on how long the server
remembers message ids. A backlog goes in atomic batches, where the server knows them: all of one is stored, or nothing.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from typing import Protocol

import msgspec

from letrade.core.errors import DataError, LetradeError, NatsError, TimeoutExpired
from letrade.core.ids import fresh_token
from letrade.core.network.jetstream import (
    EXPECTED_LAST,
    MESSAGE_ID,
    SUBJECT_MOVED,
    JetStreamRefusal,
    decode_stored,
)
from letrade.core.network.journal_stream import JournalStream, record_id
from letrade.core.network.link import Link

IDLE_POLL_SECONDS = 0.05
STOP_POLL_SECONDS = 0.01
FIRST_BACKOFF_SECONDS = 0.05
LONGEST_BACKOFF_SECONDS = 1.0
# A batch costs the server some milliseconds, whatever its size, and it takes no larger ones. Two cannot be under way at
# once: the fence of the second is where the first ends, which nobody knows while other processes write to the stream.
BATCH_RECORDS_MIN = 16
BATCH_RECORDS_MAX = 1000
# So many are published in one turn of the event loop.
BURST_RECORDS = 250
BATCH_BYTES_MAX = 4 * 2**20
_MESSAGE_ID = MESSAGE_ID.encode()


class Record(msgspec.Struct, frozen=True):
    """One journalled record; `sequence` counts up by one over the whole life of a journal, also from epoch to epoch."""

    epoch: int
    sequence: int
    payload: bytes


class JournalReader(Protocol):
    """The local journal, as the shipper needs it."""

    def read_after(self, sequence: int, limit: int) -> list[Record]:
        """At most `limit` records that follow `sequence`, in order; 0 is before the first."""
        ...


class ShipperState(enum.StrEnum):
    """Where the copy stands; in all but `SHIPPING` the lag grows."""

    STARTING = "starting"
    SHIPPING = "shipping"
    AWAY = "away"  # no server answers
    REFUSED = "refused"  # the stream is full, or refuses for a reason that an operator must see to


class Shipper:
    """One process's copy; run `run` as a task, and `wake` it when the journal has grown."""

    def __init__(
        self,
        link: Link,
        stream: JournalStream,
        process: str,
        reader: JournalReader,
        report: Callable[[LetradeError], None] = lambda error: None,
        answer_timeout_seconds: float = 5.0,
    ) -> None:
        self.state = ShipperState.STARTING
        self.last_error: LetradeError | None = None
        self.stored_sequence = 0
        self.stored_count = 0
        self.resynchronisations = 0
        self._link = link
        self._stream = stream
        self._process = process
        self._subject = stream.subject(process)
        self._reader = reader
        self._report = report
        self._answer_timeout_seconds = answer_timeout_seconds
        self._known_sequence = 0
        self._expected_last = 0
        self._batches = False
        self._changed = asyncio.Event()
        self._stopping = False

    @property
    def lag(self) -> int:
        """Records of the journal that the stream does not hold yet, as far as `wake` told."""
        return max(self._known_sequence - self.stored_sequence, 0)

    def wake(self, last_sequence: int) -> None:
        """The journal now ends at this record."""
        self._known_sequence = last_sequence
        self._changed.set()

    async def run(self) -> None:
        """Ship until `stop`; what goes wrong is reported, and tried again after a while."""
        backoff = FIRST_BACKOFF_SECONDS
        while not self._stopping:
            stored_before = self.stored_count
            try:
                await self._resynchronise()
                while not self._stopping:
                    await self._ship()
            except LetradeError as error:
                self._fail(error)
                backoff = FIRST_BACKOFF_SECONDS if self.stored_count > stored_before else backoff
                await asyncio.sleep(backoff)
                backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)

    async def stop(self, patience_seconds: float = 5.0) -> None:
        """End `run`, once all is stored or patience is over; what is left is shipped by the next run."""
        for _ in range(int(patience_seconds / STOP_POLL_SECONDS)):
            if not self._work_is_left():
                break
            await asyncio.sleep(STOP_POLL_SECONDS)
        self._stopping = True
        self._changed.set()

    def _work_is_left(self) -> bool:
        if self.state not in (ShipperState.STARTING, ShipperState.SHIPPING):
            return False
        return self.state is ShipperState.STARTING or bool(self._reader.read_after(self.stored_sequence, 1))

    async def _resynchronise(self) -> None:
        """Learn from the stream what it holds, and go on after that."""
        self._batches = await self._stream.ensure()
        last = await self._stream.last(self._process)
        if last is not None:
            self._check_same_journal(last.epoch, last.sequence)
        self.stored_sequence = last.sequence if last is not None else 0
        self._expected_last = last.stream_sequence if last is not None else 0
        self.resynchronisations += 1

    def _check_same_journal(self, epoch: int, sequence: int) -> None:
        """Skipping what another journal shipped under our name would lose ours."""
        found = self._reader.read_after(sequence - 1, 1)
        if found and (found[0].sequence > sequence or found[0].epoch == epoch):
            return
        ours = record_id(self._process, found[0].epoch, found[0].sequence) if found else "nothing so late"
        raise DataError(
            f"{self._stream.name} ends with {record_id(self._process, epoch, sequence)}, but our journal has {ours}: "
            f"another data directory was used with this desk's name. Purge {self._subject}, or use that directory"
        )

    async def _ship(self) -> None:
        """Ship what the journal has, or wait a little for more."""
        self._changed.clear()
        records = _within_bytes(self._reader.read_after(self.stored_sequence, BATCH_RECORDS_MAX))
        if not records:
            self._succeed()
            try:
                async with asyncio.timeout(IDLE_POLL_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                return
        elif self._batches and len(records) >= BATCH_RECORDS_MIN:
            await self._write_batch(records)
        else:
            for record in records:
                await self._write_last([record], self._block(record, self._fence()))

    async def _write_batch(self, records: list[Record]) -> None:
        """All or nothing: the first record carries the fence, the last one commits and gets the answer."""
        batch = b"Nats-Batch-Id: %b\r\nNats-Batch-Sequence: %%d\r\n" % fresh_token().encode()
        self._link.publish(self._subject, records[0].payload, headers=self._block(records[0], self._fence(), batch % 1))
        for place in range(2, len(records)):
            record = records[place - 1]
            self._link.publish(self._subject, record.payload, headers=self._block(record, batch % place))
            if place % BURST_RECORDS == 0:
                await asyncio.sleep(0)
        commit = self._block(records[-1], batch % len(records), b"Nats-Batch-Commit: 1\r\n")
        await self._write_last(records, commit)

    async def _write_last(self, records: list[Record], headers: bytes) -> None:
        """Send the last of `records`, wait for the answer, and count them all as stored."""
        last = records[-1]
        try:
            answer = await self._link.request(self._subject, last.payload, self._answer_timeout_seconds, headers)
        except TimeoutExpired as error:
            if self._link.connected:
                raise TimeoutExpired(
                    f"{self._stream.name} does not answer, though its server does: if its disk was full (nats.log), "
                    "make room and restart nats-server"
                ) from error
            raise
        stored = decode_stored(answer)
        if stored.duplicate or (stored.error is not None and stored.error.err_code in SUBJECT_MOVED):
            raise NatsError(f"{self._subject} changed while we wrote to it: reading it again")
        if stored.error is not None:
            raise JetStreamRefusal(f"record {last.sequence} of {self._process}", stored.error)
        if stored.stream != self._stream.name or stored.seq <= self._expected_last:
            raise NatsError(
                f"expected record {last.sequence} of {self._process} in {self._stream.name} after "
                f"{self._expected_last}, found it stored in {stored.stream!r} at {stored.seq}: reading it again"
            )
        self._expected_last = stored.seq
        self.stored_sequence = last.sequence
        self.stored_count += len(records)
        self._succeed()

    def _fence(self) -> bytes:
        return f"{EXPECTED_LAST}: {self._expected_last}\r\n".encode()

    def _block(self, record: Record, *lines: bytes) -> bytes:
        """The headers of a record: written out, since each is sent once and a mapping costs ten times as much."""
        identity = record_id(self._process, record.epoch, record.sequence)
        return b"NATS/1.0\r\n%b%b: %b\r\n\r\n" % (b"".join(lines), _MESSAGE_ID, identity.encode())

    def _succeed(self) -> None:
        self.state, self.last_error = ShipperState.SHIPPING, None

    def _fail(self, error: LetradeError) -> None:
        no_answer = isinstance(error, NatsError | TimeoutExpired) and not isinstance(error, JetStreamRefusal)
        state = ShipperState.AWAY if no_answer else ShipperState.REFUSED
        news = state is not self.state
        self.state, self.last_error = state, error
        if news:
            self._report(error)


def _within_bytes(records: list[Record]) -> list[Record]:
    """As many of the first records as one batch may weigh, at least one."""
    total = 0
    for count, record in enumerate(records):
        total += len(record.payload)
        if total > BATCH_BYTES_MAX and count:
            return records[:count]
    return records
