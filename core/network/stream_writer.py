"""Writes to a JetStream stream with many messages in flight: each is acknowledged, sent again, or reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType

import msgspec

from letrade.core.clock import SECOND, elapsed_ns
from letrade.core.errors import LetradeError, NatsError, TimeoutExpired
from letrade.core.network.jetstream import (
    MESSAGE_ID,
    NO_LEADER,
    NO_STREAM,
    JetStream,
    JetStreamRefusal,
    Stored,
    decode_stored,
)
from letrade.core.network.link import Link, Subscription
from letrade.core.network.wire import header_block

SWEEPS_PER_TIMEOUT = 8
# Resending goes on for less than the time that the stream remembers message ids: a later one could be stored twice.
DUPLICATE_WINDOW_SHARE = 0.8
_NOT_STORED = -(10**9)  # the turn of a message that the server said it did not take: due at once

_ID_BLOCK = f"NATS/1.0\r\n{MESSAGE_ID}: "
_decode_tokens = msgspec.json.Decoder(list[int]).decode
_decode_answers = msgspec.json.Decoder(list[Stored]).decode


class WriterConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be in flight, and how long a StreamWriter tries."""

    window_messages: int = 4_000
    window_bytes: int = 32 * 2**20
    answer_timeout_seconds: float = 2.0  # then a message is sent again
    patience_seconds: float = 60.0  # for one message; at most 80 % of the stream's duplicate window
    leader_patience_seconds: float = 20.0  # how long "no stream takes this" may be an election; it takes 4 to 9 s
    duplicates_ok: bool = False  # True: also messages without an id are sent again, and may then be stored twice


class WriterTotals(msgspec.Struct):
    """What a StreamWriter has done; after `flush`, sent = stored + refused + unknown."""

    sent: int = 0  # messages, however often each was sent
    stored: int = 0  # acknowledged
    duplicates: int = 0  # of those stored: the stream had the message id already
    resent: int = 0
    reordered: int = 0  # stored before a message that was sent earlier
    refused: int = 0
    unknown: int = 0
    strays: int = 0  # answers that no message waited for, such as the first one of a message that was sent twice
    last_sequence: int = 0  # the highest in the stream that was acknowledged


class Unstored(msgspec.Struct, frozen=True):
    """A message that is not known to be stored: NatsError = it is not; TimeoutExpired = nobody knows."""

    subject: str
    payload: bytes
    message_id: str | None
    error: LetradeError


class _Flight(msgspec.Struct, gc=False):
    """One message in flight; turns count the sweeps, and `first_ns` is when the turn of its first sending began."""

    subject: str
    payload: bytes
    headers: bytes | None
    message_id: str | None
    first_ns: int
    first_turn: int
    sent_turn: int
    doubtful: bool = False  # an earlier sending of it may have been stored


class StreamWriter:
    """Many acknowledged writes at once; `async with` opens it, and flushes and closes it.

    The stream's order is that in which messages were offered, but for those that a cluster did not take at first while
    it took later ones: `totals.reordered` counts them. With message ids, nothing is lost or doubled by timeouts,
    reconnects, pauses and servers that die, as long as one answers within the patience; what then remains is reported.
    Close it before its link.
    """

    def __init__(
        self,
        link: Link,
        stream: str,
        report: Callable[[Unstored], None],
        config: WriterConfig = WriterConfig(),  # noqa: B008 - frozen
    ) -> None:
        self.totals = WriterTotals()
        self._link = link
        self._stream = stream
        self._report = report
        self._config = config
        self._publish = link.publish
        self._flights: dict[int, _Flight] = {}
        self._flying_bytes = 0
        self._token = 0
        self._last_token = 0  # the highest that was acknowledged
        self._turn = 0
        self._turn_ns = 0  # read once a turn: for each message it would cost as much as a quarter of its sending
        self._open = False  # as far as we know, the stream takes messages
        self._window_messages, self._window_bytes = config.window_messages, config.window_bytes
        self._prefix = ""
        self._subscription: Subscription | None = None
        self._sweeper: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._empty = asyncio.Event()
        self._sweep_seconds = config.answer_timeout_seconds / SWEEPS_PER_TIMEOUT
        self._patience_ns = 0

    async def open(self) -> None:
        """Get ready to write; JetStreamRefusal when there is no such stream."""
        info = await JetStream(self._link).stream(self._stream)
        remembered_seconds = info.config.duplicate_window / 1e9 * DUPLICATE_WINDOW_SHARE
        patience_seconds = min(self._config.patience_seconds, remembered_seconds or self._config.patience_seconds)
        self._patience_ns = int(patience_seconds * SECOND)
        inbox = self._link.new_inbox()
        self._prefix = inbox + "."
        self._subscription = self._link.subscribe_batches(f"{inbox}.*", self._take_answers)
        await self._link.flush()
        self._link.on_disconnected.append(self._disconnected)
        self._link.on_reconnected.append(self._reconnected)
        self._open = self._link.connected
        self._turn_ns = elapsed_ns()
        self._sweeper = asyncio.get_running_loop().call_later(self._sweep_seconds, self._sweep)

    async def __aenter__(self) -> StreamWriter:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                await self.flush()
        finally:
            self.close()

    # Sending

    async def publish(
        self, subject: str, payload: bytes, message_id: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send as soon as there is room; NatsError when it cannot be sent at all. Not waiting, it does not yield."""
        while not self.offer(subject, payload, message_id, headers):
            await self.ready()

    def offer(
        self, subject: str, payload: bytes, message_id: str | None = None, headers: Mapping[str, str] | None = None
    ) -> bool:
        """Send if there is room, and say whether."""
        flights = self._flights
        if len(flights) >= self._window_messages or self._flying_bytes >= self._window_bytes or not self._open:
            return False
        block = None
        if headers is not None or message_id is not None:
            if headers is None and message_id is not None and message_id.isprintable():
                block = f"{_ID_BLOCK}{message_id}\r\n\r\n".encode()
            else:
                message_id, block = _with_id(message_id, headers or {})
        token = self._token + 1
        try:
            self._publish(subject, payload, f"{self._prefix}{token}", block)
        except NatsError:
            if self._link.connected:
                raise
            self._open = False  # the link knows before it tells
            return False
        self._token = token
        turn = self._turn
        flights[token] = _Flight(subject, payload, block, message_id, self._turn_ns, turn, turn)
        self._flying_bytes += len(payload)
        return True

    async def ready(self) -> None:
        """Wait until a quarter of the window is free, the link is connected and the stream takes messages.

        NatsError when the writer is not open.
        """
        while not self._has_room():
            if self._subscription is None:
                raise NatsError(f"the writer of {self._stream} is not open: nothing was sent")
            self._room.clear()
            await self._room.wait()

    def _has_room(self) -> bool:
        few, small = (
            4 * len(self._flights) <= 3 * self._window_messages,
            4 * self._flying_bytes <= 3 * self._window_bytes,
        )
        return self._open and few and small

    async def flush(self) -> WriterTotals:
        """Wait until each message is stored or reported, at most the patience, and return the totals until now.

        A `close` meanwhile ends the wait.
        """
        await asyncio.sleep(0)  # reports that were due come first
        while self._flights:
            self._empty.clear()
            await self._empty.wait()
        return msgspec.structs.replace(self.totals, sent=self._token)

    def close(self) -> None:
        """Stop now; what is in flight is reported as unknown."""
        if self._subscription is None:
            return
        self._subscription.unsubscribe()
        self._subscription = None
        self._link.on_disconnected.remove(self._disconnected)
        self._link.on_reconnected.remove(self._reconnected)
        self._open = False
        self._room.set()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for token in list(self._flights):
            self._give_up(token, "the writer was closed before the answer came")
        self._wake()

    # Answers

    def _take_answers(self, subjects: list[str], payloads: list[bytes]) -> None:
        """All answers of one read, decoded in one go unless one of them is strange."""
        try:
            tokens = _decode_tokens(f"[{','.join(subjects).replace(self._prefix, '')}]")
            answers = _decode_answers(b"[%b]" % b",".join(payloads))
        except msgspec.MsgspecError:
            tokens, answers = [], []
        if not len(tokens) == len(answers) == len(payloads):
            tokens, answers = self._decode_singly(subjects, payloads)
        self._settle_all(tokens, answers)
        self._wake()

    def _settle_all(self, tokens: list[int], answers: list[Stored]) -> None:
        """Local names, since this runs for each message."""
        take, stream, totals = self._flights.pop, self._stream, self.totals
        last_token, last_sequence, stored, stored_bytes = self._last_token, totals.last_sequence, 0, 0
        for token, answer in zip(tokens, answers, strict=True):
            flight = take(token, None)
            if flight is None:
                totals.strays += 1
                continue
            if answer.error is not None or answer.stream != stream:
                self._refused(token, flight, answer)
                continue
            stored += 1
            stored_bytes += len(flight.payload)
            if answer.duplicate:
                totals.duplicates += 1
            elif token < last_token or answer.seq < last_sequence:
                totals.reordered += 1
            if token > last_token:
                last_token = token
            if answer.seq > last_sequence:
                last_sequence = answer.seq
        self._last_token, totals.last_sequence = last_token, last_sequence
        totals.stored += stored
        self._flying_bytes -= stored_bytes

    def _decode_singly(self, subjects: list[str], payloads: list[bytes]) -> tuple[list[int], list[Stored]]:
        tokens: list[int] = []
        answers: list[Stored] = []
        for subject, payload in zip(subjects, payloads, strict=True):
            try:
                token, answer = int(subject.removeprefix(self._prefix)), decode_stored(payload)
            except (ValueError, NatsError):
                self.totals.strays += 1
                continue
            tokens.append(token)
            answers.append(answer)
        return tokens, answers

    def _refused(self, token: int, flight: _Flight, answer: Stored) -> None:
        """Sent again while a cluster may be electing a leader, else reported."""
        error = answer.error
        self._flights[token] = flight
        if error is None:
            self._refuse(token, NatsError(f"{flight.subject} is not in {self._stream}: {answer.stream!r} took it"))
            return
        no_stream = error is NO_STREAM or error.err_code in NO_LEADER
        age_seconds = (self._turn - flight.first_turn) * self._sweep_seconds
        if no_stream and age_seconds < self._config.leader_patience_seconds:
            flight.sent_turn = _NOT_STORED
            self._open = False
        else:
            self._refuse(token, JetStreamRefusal(f"a message on {flight.subject}", error))

    def _refuse(self, token: int, refusal: NatsError) -> None:
        """A refusal of one sending says nothing of the others."""
        if self._flights[token].doubtful:
            self._give_up(token, f"it was sent more than once, and one sending was refused: {refusal}")
        else:
            self._settle(token, refusal)

    def _give_up(self, token: int, why: str) -> None:
        subject = self._flights[token].subject
        self._settle(token, TimeoutExpired(f"a message on {subject} may or may not be in {self._stream}: {why}"))

    def _settle(self, token: int, error: LetradeError) -> None:
        """The message's fate is told in a callback of its own, so that what that raises stops nothing here."""
        flight = self._flights.pop(token)
        self._flying_bytes -= len(flight.payload)
        if isinstance(error, TimeoutExpired):
            self.totals.unknown += 1
        else:
            self.totals.refused += 1
        unstored = Unstored(flight.subject, flight.payload, flight.message_id, error)
        asyncio.get_running_loop().call_soon(self._report, unstored)

    def _wake(self) -> None:
        if not self._flights:
            self._empty.set()
        if self._has_room():
            self._room.set()

    # Time and the connection

    def _sweep(self) -> None:
        """Find what waits for too long. Turns, not times: a loop that was busy for long has read no answers either.

        Patience is by the clock: the stream goes on forgetting message ids while this process stands still.
        """
        self._sweeper = asyncio.get_running_loop().call_later(self._sweep_seconds, self._sweep)
        self._turn += 1
        self._turn_ns = elapsed_ns()
        self._open = self._link.connected
        due = [token for token, flight in self._flights.items() if flight.sent_turn <= self._turn - SWEEPS_PER_TIMEOUT]
        for token in sorted(due):
            flight = self._flights[token]
            if self._open or self._is_too_late(flight):
                self._send_again(token, flight)
        self._wake()

    def _send_again(self, token: int, flight: _Flight) -> None:
        if self._is_too_late(flight):
            self._give_up(token, f"no answer within {self._patience_ns / SECOND:g} s")
            return
        sure = flight.sent_turn == _NOT_STORED
        if not (sure or self._may_double(flight)):
            self._give_up(token, "no answer came, and without a message id it was not sent again")
            return
        try:
            self._publish(flight.subject, flight.payload, f"{self._prefix}{token}", flight.headers)
        except NatsError:  # disconnected again, or too much waits to be sent: the next sweep finds it again
            return
        flight.sent_turn = self._turn
        flight.doubtful |= not sure
        self.totals.resent += 1

    def _is_too_late(self, flight: _Flight) -> bool:
        return elapsed_ns() - flight.first_ns > self._patience_ns

    def _may_double(self, flight: _Flight) -> bool:
        return self._config.duplicates_ok or flight.message_id is not None

    def _disconnected(self) -> None:
        self._open = False
        for token, flight in list(self._flights.items()):
            if flight.sent_turn != _NOT_STORED and not self._may_double(flight):
                self._give_up(token, "the connection broke before the answer came")
        self._wake()

    def _reconnected(self) -> None:
        """All answers to what is in flight are lost: send it again, in its order, before anything new."""
        self._open = True
        for token in sorted(self._flights):
            self._send_again(token, self._flights[token])
        self._wake()


def _with_id(message_id: str | None, headers: Mapping[str, str]) -> tuple[str | None, bytes]:
    """The message id, which the caller may have among the headers, and the block of all; NatsError for a bad one."""
    if message_id is not None:
        headers = {**headers, MESSAGE_ID: message_id}
    return headers.get(MESSAGE_ID), header_block(headers)
