"""Reads a JetStream stream from one place to another: each message once, in order, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal

import msgspec

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.errors import DataError, LetradeError, NatsError, TimeoutExpired
from letrade.core.ids import fresh_token
from letrade.core.network.delivery import Batch, Delivery
from letrade.core.network.jetstream import STREAM_NOT_FOUND, JetStream, JetStreamRefusal
from letrade.core.network.link import Link, Subscription

SILENT_HEARTBEATS_MAX = 3
FIRST_BACKOFF_SECONDS = 0.05
LONGEST_BACKOFF_SECONDS = 0.5
SERVER_TROUBLE = 500  # codes from here on may go away by themselves: no leader, no peer

Until = int | Literal["end", "never"]


class ReaderConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a StreamReader waits."""

    batch_messages_max: int = 4096
    heartbeat_seconds: float = 0.5  # of the consumer; three without a sign of it, and it is made again
    patience_seconds: float = 30.0  # for a server that is connected, but whose JetStream does not answer


class StreamReader:
    """`async with StreamReader(...) as reader: async for batch in reader: ...`

    Reads what matches one of `subjects` (none: all), from stream sequence `start`, or from `start_time_ns` (UTC) on,
    until a stream sequence (which may be yet to come), or the stream's present end, or for ever. The server sends at
    most 32 MB ahead of a caller that is slow. A lost message, a silent or deleted consumer, a reconnect: it goes on
    after the last message taken, and `restarts` counts it. Errors end it: a stream that was deleted, made again, or
    that ends before what was read from it; a server that does not answer for the patience.
    Sequences that the stream itself does not hold are legitimate; `missing` counts them where all subjects are read.
    """

    def __init__(
        self,
        link: Link,
        stream: str,
        subjects: Sequence[str] = (),
        start: int = 1,
        until: Until = "end",
        start_time_ns: int | None = None,
        config: ReaderConfig = ReaderConfig(),  # noqa: B008 - frozen
    ) -> None:
        self.last_sequence = 0  # of the last message taken
        self.missing = 0
        self.restarts = 0
        self.last_restart = ""  # why
        self._link = link
        self._jetstream = JetStream(link)
        self._stream = stream
        self._subjects = tuple(subjects)
        self._next = start
        self._start_time_ns = start_time_ns
        self._until = until
        self._config = config
        self._name = f"letrade-{fresh_token(8)}"
        self._made = 0
        self._delivery: Delivery | None = None
        self._subscription: Subscription | None = None
        self._created = ""
        self._stream_last = 0
        self._finished = False
        self._give_up_ns: int | None = None
        self._backoff_seconds = FIRST_BACKOFF_SECONDS

    async def __aenter__(self) -> StreamReader:
        self._link.on_disconnected.append(self._disconnected)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._link.on_disconnected.remove(self._disconnected)
        self._drop()

    def __aiter__(self) -> StreamReader:
        return self

    async def __anext__(self) -> Batch:
        """The next messages, at least one. Asking for them says that the caller is done with those before."""
        while not self._finished:
            delivery = self._delivery
            if delivery is None or delivery.lost:
                delivery = await self._start_with_patience(delivery)
                continue
            delivery.answer_flow_requests()
            batch = delivery.take(self._config.batch_messages_max)
            if batch is None:
                if not await self._is_finished(delivery):
                    await self._wait(delivery)
            else:
                self._recovered()
                if checked := self._check(batch):
                    return checked
        self._drop()
        raise StopAsyncIteration

    def _check(self, batch: Batch) -> Batch | None:
        """What the caller gets of it."""
        sequences = batch.sequences
        if sequences[0] < self._next:
            raise DataError(f"{self._stream} sent {sequences[0]} again: expected {self._next} or later")
        if isinstance(self._until, int) and sequences[-1] >= self._until:
            self._finished = True
            if sequences[-1] > self._until:
                batch = _first(batch, bisect_right(sequences, self._until))
                if not batch.sequences:
                    return None
        if not self._subjects:
            self.missing += batch.sequences[-1] - self._next + 1 - len(batch)
        self.last_sequence = batch.sequences[-1]
        self._next = self.last_sequence + 1
        return batch

    async def _wait(self, delivery: Delivery) -> None:
        """Until something came; three heartbeats' time without anything, and the consumer counts as lost."""
        for _ in range(SILENT_HEARTBEATS_MAX):
            try:
                async with asyncio.timeout(self._config.heartbeat_seconds):
                    await delivery.news.wait()
            except TimeoutError:
                continue
            return
        if not delivery.lost:
            delivery.lost = f"nothing was heard of consumer {delivery.consumer}"

    def _disconnected(self) -> None:
        if self._delivery is not None:
            self._delivery.lost = "the connection broke"
            self._delivery.news.set()

    # The end

    async def _is_finished(self, delivery: Delivery) -> bool:
        """Asks the stream's leader, whenever the consumer has nothing more to send, whether that is all."""
        if not delivery.exhausted or delivery.lost:
            return False
        self._recovered()
        delivery.exhausted = False
        if not isinstance(self._until, int):
            return False
        try:
            if self._stream_last < self._until:
                self._stream_last = (await self._jetstream.stream(self._stream)).state.last_seq
            if self._stream_last < self._until:
                return False
            for subject in self._subjects or (">",):
                message = await self._jetstream.next(self._stream, subject, self._next)
                if message is not None and message.sequence <= self._until:
                    return False
        except (NatsError, TimeoutExpired) as error:
            delivery.lost = str(error)
            return False
        self._finished = True
        return True

    # The consumer

    async def _start_with_patience(self, lost: Delivery | None) -> Delivery | None:
        if lost is not None:
            self.restarts += 1
            self.last_restart = lost.lost
            await self._back_off(NatsError(f"cannot read {self._stream} beyond {self.last_sequence}: {lost.lost}"))
        while True:
            self._drop()
            try:
                return await self._start()
            except (NatsError, TimeoutExpired) as error:
                if isinstance(error, JetStreamRefusal) and error.error.code < SERVER_TROUBLE:
                    raise self._explained(error) from error
                await self._back_off(error)

    async def _back_off(self, error: LetradeError) -> None:
        """Wait longer each time, until messages come again; raises the error once patience is over."""
        if not self._link.connected:
            self._give_up_ns = None  # the link comes back by itself, and then the patience begins
        elif self._give_up_ns is None:
            self._give_up_ns = monotonic_ns() + int(self._config.patience_seconds * SECOND)
        elif monotonic_ns() > self._give_up_ns:
            raise error
        await asyncio.sleep(self._backoff_seconds)
        self._backoff_seconds = min(2 * self._backoff_seconds, LONGEST_BACKOFF_SECONDS)

    def _recovered(self) -> None:
        self._give_up_ns, self._backoff_seconds = None, FIRST_BACKOFF_SECONDS

    async def _start(self) -> Delivery | None:
        """Make a consumer that goes on after the last message taken."""
        info = await self._jetstream.stream(self._stream)
        self._stream_last = info.state.last_seq
        if self._created not in ("", info.created):
            raise DataError(f"{self._stream} was deleted and made again: read up to {self.last_sequence} of the first")
        if self._stream_last < self.last_sequence:  # a new leader may not know all yet
            raise NatsError(f"{self._stream} ends at {self._stream_last}, but was read up to {self.last_sequence}")
        self._created = info.created
        if self._until == "end":
            self._until = self._stream_last
        if isinstance(self._until, int) and self._next > self._until:
            self._finished = True
            return None
        self._made += 1
        delivery = Delivery(self._link, f"{self._name}-{self._made}")
        inbox = self._link.new_inbox()
        self._subscription = self._link.subscribe_stream(inbox, delivery.handler())
        self._delivery = delivery
        await self._create_consumer(delivery, inbox)
        return delivery

    async def _create_consumer(self, delivery: Delivery, inbox: str) -> None:
        config: dict[str, object] = {
            "name": delivery.consumer, "deliver_subject": inbox, "ack_policy": "none", "max_deliver": 1,
            "replay_policy": "instant", "flow_control": True, "num_replicas": 1, "mem_storage": True,
            "idle_heartbeat": int(self._config.heartbeat_seconds * SECOND),
        }  # fmt: skip
        if self._start_time_ns is None:
            config |= {"deliver_policy": "by_start_sequence", "opt_start_seq": self._next}
        else:
            config |= {"deliver_policy": "by_start_time", "opt_start_time": _rfc3339(self._start_time_ns)}
        verb = f"CONSUMER.CREATE.{self._stream}.{delivery.consumer}"
        if len(self._subjects) == 1:
            config["filter_subject"] = self._subjects[0]
            verb += f".{self._subjects[0]}"
        elif self._subjects:
            config["filter_subjects"] = list(self._subjects)
        made = await self._jetstream.ask(verb, {"stream_name": self._stream, "action": "create", "config": config})
        if self._start_time_ns is not None:
            self._start_time_ns = None
            self._next = int(made["delivered"]["stream_seq"]) + 1
        if made.get("num_pending", 0) == 0:
            delivery.exhausted = True

    def _explained(self, refusal: JetStreamRefusal) -> LetradeError:
        if refusal.error.err_code == STREAM_NOT_FOUND and self._created:
            return NatsError(
                f"{self._stream} was deleted while it was read: the last message read is {self.last_sequence}"
            )
        return refusal

    def _drop(self) -> None:
        """Forget the consumer, and let the server know."""
        delivery, self._delivery = self._delivery, None
        if self._subscription is not None:
            self._subscription.unsubscribe()
            self._subscription = None
        if delivery is not None and self._link.connected:
            try:
                self._link.publish(f"$JS.API.CONSUMER.DELETE.{self._stream}.{delivery.consumer}", b"")
            except NatsError:  # it ends by itself, now that nobody listens
                return


def _first(batch: Batch, count: int) -> Batch:
    return Batch(
        batch.subjects[:count], batch.payloads[:count], batch.headers[:count],
        batch.sequences[:count], batch.times_ns[:count],
    )  # fmt: skip


def _rfc3339(time_ns: int) -> str:
    seconds, nanoseconds = divmod(time_ns, SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"
