"""Copies a process's journal to JetStream: each record once and in order, whatever happens to the server meanwhile.

Every write names the stream sequence that the subject's last record must have. Within a window that sequence is a
guess (nobody else wrote in between); a wrong guess is refused together with all that follows it, so the stream holds a
gapless prefix at any moment, and nothing depends on how long the server remembers message ids.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from typing import Protocol

import msgspec

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.errors import DataError, LetradeError, NatsError, TimeoutExpired
from letrade.core.network.jetstream import (
    EXPECTED_LAST,
    MESSAGE_ID,
    WRONG_LAST_SEQUENCE,
    ApiError,
    JetStreamRefusal,
    decode_stored,
)
from letrade.core.network.journal_stream import JournalStream, record_id
from letrade.core.network.link import Link

IDLE_POLL_SECONDS = 0.05
STOP_POLL_SECONDS = 0.01
SLOWEST_WINDOW_GROWTH = 1 / 64
FIRST_BACKOFF_SECONDS = 0.05
LONGEST_BACKOFF_SECONDS = 1.0
RECORD_OVERHEAD_BYTES = 200


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


class ShipperConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be on its way at once, and how long an answer may take."""

    window_records: int = 1024
    window_bytes: int = 4 * 2**20
    answer_timeout_seconds: float = 2.0


class Shipper:
    """One process's copy; run `run` as a task, and `wake` it when the journal has grown."""

    def __init__(
        self,
        link: Link,
        stream: JournalStream,
        process: str,
        reader: JournalReader,
        config: ShipperConfig | None = None,
        report: Callable[[LetradeError], None] = lambda error: None,
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
        self._config = config or ShipperConfig()
        self._report = report
        self._known_sequence = 0
        self._sent_sequence = 0
        self._expected_last = 0
        self._base_is_fresh = False
        self._window = 1.0
        self._window_growth = 1.0
        self._reconnects = 0
        self._in_flight: dict[int, int] = {}
        self._in_flight_bytes = 0
        self._round = 0
        self._refusal: ApiError | None = None
        self._answered_ns = 0
        self._changed = asyncio.Event()
        self._stopping = False

    @property
    def lag(self) -> int:
        """Records of the journal that the stream does not hold yet."""
        return max(self._known_sequence, self._sent_sequence, self.stored_sequence) - self.stored_sequence

    def wake(self, last_sequence: int) -> None:
        """The journal now ends at this record."""
        self._known_sequence = last_sequence
        self._changed.set()

    async def run(self) -> None:
        """Ship until `stop`; what goes wrong is reported, and tried again after a while."""
        inbox = self._link.new_inbox()
        subscription = self._link.subscribe(f"{inbox}.*.*", self._answer)
        self._link.on_disconnected.append(self._changed.set)
        self._link.on_reconnected.append(self._changed.set)
        backoff = FIRST_BACKOFF_SECONDS
        try:
            while not self._stopping:
                stored_before = self.stored_count
                try:
                    await self._resynchronise()
                    await self._ship(inbox)
                except LetradeError as error:
                    self._fail(error)
                    backoff = FIRST_BACKOFF_SECONDS if self.stored_count > stored_before else backoff
                    await asyncio.sleep(backoff)
                    backoff = min(2 * backoff, LONGEST_BACKOFF_SECONDS)
        finally:
            self._link.on_disconnected.remove(self._changed.set)
            self._link.on_reconnected.remove(self._changed.set)
            subscription.unsubscribe()

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
        return self.lag > 0 or bool(self._reader.read_after(self.stored_sequence, 1))

    async def _resynchronise(self) -> None:
        """Learn from the stream what it holds, and go on after that."""
        self._round += 1
        self._in_flight.clear()
        self._in_flight_bytes = 0
        self._refusal = None
        self._base_is_fresh = False
        self._reconnects = self._link.counters.reconnects
        await self._stream.ensure()
        last = await self._stream.last(self._process)
        if last is not None:
            self._check_same_journal(last.epoch, last.sequence)
        self.stored_sequence = self._sent_sequence = last.sequence if last is not None else 0
        self._expected_last = last.stream_sequence if last is not None else 0
        self.resynchronisations += 1
        self.state = ShipperState.SHIPPING
        self.last_error = None

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

    async def _ship(self, inbox: str) -> None:
        """Keep a window of records on its way; returns when the window must be reconciled, or at the end."""
        while not self._stopping:
            self._changed.clear()
            if not self._link.connected or self._link.counters.reconnects != self._reconnects:
                raise NatsError("the connection to NATS broke: the journal is shipped when it is back")
            if self._refusal is None:
                self._fill_window(inbox)
            elif not self._in_flight:
                self._settle_refusal(self._refusal)
                return
            if self._in_flight and monotonic_ns() - self._answered_ns > self._config.answer_timeout_seconds * SECOND:
                raise TimeoutExpired(f"{self._stream.name} did not answer {len(self._in_flight)} records")
            try:
                async with asyncio.timeout(IDLE_POLL_SECONDS):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _fill_window(self, inbox: str) -> None:
        if self._in_flight and not self._base_is_fresh:
            return
        # After a pause others may have written: one record goes alone, and where it lands is the base of the guesses.
        room = int(self._window) - len(self._in_flight) if self._base_is_fresh else 1
        if room <= 0 or self._in_flight_bytes >= self._config.window_bytes:
            return
        if not self._in_flight:
            self._answered_ns = monotonic_ns()
        for record in self._reader.read_after(self._sent_sequence, room):
            headers = {
                MESSAGE_ID: record_id(self._process, record.epoch, record.sequence),
                EXPECTED_LAST: str(self._expected_last),
            }
            reply = f"{inbox}.{self._round}.{record.sequence}"
            self._link.publish(self._subject, record.payload, reply, headers)
            self._in_flight[record.sequence] = len(record.payload) + RECORD_OVERHEAD_BYTES
            self._in_flight_bytes += self._in_flight[record.sequence]
            self._sent_sequence = record.sequence
            self._expected_last += 1
        self._base_is_fresh = self._base_is_fresh and bool(self._in_flight)

    def _answer(self, subject: str, payload: bytes, reply: str) -> None:
        """One write's answer. Stored means that all before it are stored too: each write is fenced by the one before."""
        _, round_text, sequence_text = subject.rsplit(".", 2)
        sequence = int(sequence_text)
        if int(round_text) != self._round or sequence not in self._in_flight:
            return
        self._answered_ns = monotonic_ns()
        self._changed.set()
        stored = decode_stored(payload)
        if stored.error is not None or stored.duplicate:
            self._in_flight_bytes -= self._in_flight.pop(sequence)
            self._refusal = self._refusal or stored.error or ApiError(err_code=WRONG_LAST_SEQUENCE[0])
            return
        while self._in_flight and (done := next(iter(self._in_flight))) <= sequence:
            self._in_flight_bytes -= self._in_flight.pop(done)
            self.stored_count += 1
        self.stored_sequence = sequence
        if not self._in_flight:
            self._expected_last = stored.seq
            self._base_is_fresh = True
        self._window = min(self._window + self._window_growth, float(self._config.window_records))

    def _settle_refusal(self, refusal: ApiError) -> None:
        """A wrong guess shrinks the window and slows its growth; any other refusal is an error."""
        if refusal.err_code not in WRONG_LAST_SEQUENCE:
            raise JetStreamRefusal(f"a record of {self._process}", refusal)
        if self._window < 2:
            raise NatsError(f"{self._subject} changed while we wrote to it: reading it again")
        self._window = max(1.0, self._window / 2)
        self._window_growth = max(self._window_growth / 4, SLOWEST_WINDOW_GROWTH)

    def _fail(self, error: LetradeError) -> None:
        away = isinstance(error, TimeoutExpired) or (isinstance(error, NatsError) and not isinstance(error, JetStreamRefusal))
        state = ShipperState.AWAY if away else ShipperState.REFUSED
        if state is not self.state or str(error) != str(self.last_error):
            self._report(error)
        self.state, self.last_error = state, error
