"""What one push consumer of a stream has delivered and its reader has not taken yet: columns, checked for gaps."""

from __future__ import annotations

import asyncio

import msgspec

from letrade.core.errors import NatsError
from letrade.core.network.jetstream import parse_headers
from letrade.core.network.link import Link, StreamHandler

STATUS = b"NATS/1.0 "  # a code follows; the headers of stored messages have none
FLOW_CONTROL_AND_HEARTBEAT = b"100"
STALLED = "Nats-Consumer-Stalled"
LAST_DELIVERED = "Nats-Last-Consumer"

_decode_numbers = msgspec.json.Decoder(list[int]).decode


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Messages of a stream in its order, as columns of equal length; times are the server's, in ns UTC."""

    subjects: list[str]
    payloads: list[bytes]
    headers: list[bytes]  # the block as stored, or b""; `jetstream.parse_headers` reads it
    sequences: list[int]  # in the stream
    times_ns: list[int]

    def __len__(self) -> int:
        return len(self.sequences)


class Delivery:
    """Collects for one consumer; the reader takes, and replaces it by a new consumer once `lost` says why it must."""

    def __init__(self, link: Link, consumer: str) -> None:
        self.consumer = consumer
        self.lost = ""
        self.exhausted = False  # there may be nothing left to deliver
        self.news = asyncio.Event()
        self._link = link
        self._subjects: list[str] = []
        self._payloads: list[bytes] = []
        self._replies: list[str] = []
        self._headers: list[bytes] = []
        self._taken = 0  # messages, which is also the consumer sequence of the last one
        self._flow_requests: list[tuple[int, str]] = []  # to be answered once so many messages were taken
        self._prefix = ""  # of the replies, up to their numbers
        self._numbers_each = 5

    def handler(self) -> StreamHandler:
        """What the link calls for each message; it must cost little."""
        add_subject, add_payload = self._subjects.append, self._payloads.append
        add_reply, add_headers = self._replies.append, self._headers.append
        replies, wake = self._replies, self.news.set

        def handle(subject: str, payload: bytes, reply: str, headers: bytes) -> None:
            if headers and headers.startswith(STATUS):
                self._take_status(reply, headers)
                return
            if not replies:
                wake()
            add_subject(subject)
            add_payload(payload)
            add_reply(reply)
            add_headers(headers)

        return handle

    def _take_status(self, reply: str, block: bytes) -> None:
        self.news.set()
        if not block.startswith(FLOW_CONTROL_AND_HEARTBEAT, len(STATUS)):
            self.lost = block[len(STATUS) :].split(b"\r\n", 1)[0].decode(errors="replace")
            return
        if reply:
            self._flow_requests.append((self._taken + len(self._replies), reply))
            return
        headers = parse_headers(block)
        self.exhausted = not self._replies
        if STALLED in headers:
            self._flow_requests.append((self._taken + len(self._replies), headers[STALLED]))
        delivered = headers.get(LAST_DELIVERED, "")
        if delivered.isdecimal() and int(delivered) > self._taken + len(self._replies):
            self.lost = "messages were lost on the way"

    def answer_flow_requests(self) -> None:
        """Let the server send on; called when the caller is done with all that was taken."""
        while self._flow_requests and self._flow_requests[0][0] <= self._taken and not self.lost:
            _, reply = self._flow_requests.pop(0)
            try:
                self._link.publish(reply, b"")
            except NatsError as error:
                self.lost = str(error)

    def take(self, limit: int) -> Batch | None:
        """At most `limit` messages, None when none is there; what follows a gap is never taken, and `lost` is set."""
        if not self._replies or self.lost:
            self.news.clear()
            return None
        replies = self._replies[:limit]
        subjects, payloads, headers = self._subjects[:limit], self._payloads[:limit], self._headers[:limit]
        del self._replies[:limit], self._subjects[:limit], self._payloads[:limit], self._headers[:limit]
        try:
            sequences, order, times_ns, left = self._parse(replies)
        except (ValueError, IndexError):
            self.lost = f"a message came that consumer {self.consumer} did not send"
            return None
        expected, good = range(self._taken + 1, self._taken + 1 + len(order)), len(order)
        if order != list(expected):
            good = next(place for place, (a, b) in enumerate(zip(order, expected, strict=True)) if a != b)
            self.lost = f"message {expected[good]} of consumer {self.consumer} is missing"
            del subjects[good:], payloads[good:], headers[good:], sequences[good:], times_ns[good:]
        self._taken += good
        self.exhausted = not self.lost and left[-1] == 0
        return Batch(subjects, payloads, headers, sequences, times_ns) if good else None

    def _parse(self, replies: list[str]) -> tuple[list[int], list[int], list[int], list[int]]:
        """Stream sequences, consumer sequences, times and counts of what is left; all in one go where possible.

        A reply is a prefix, the same for all messages of a consumer, and then
        deliveries.stream sequence.consumer sequence.time.left
        """
        if not self._prefix:
            head, name, tail = replies[0].partition(f".{self.consumer}.")
            self._prefix, self._numbers_each = head + name, tail.count(".") + 1
        each = self._numbers_each
        try:
            numbers = _decode_numbers(f"[{','.join(replies).replace(self._prefix, '').replace('.', ',')}]")
        except msgspec.MsgspecError:
            numbers = []
        if each < 5 or len(numbers) != each * len(replies):
            rows = [[int(part) for part in reply.removeprefix(self._prefix).split(".")[:5]] for reply in replies]
            numbers, each = [number for row in rows for number in row], 5
            if len(numbers) != each * len(replies):
                raise ValueError("a reply has too few numbers")
        return numbers[1::each], numbers[2::each], numbers[3::each], numbers[4::each]
