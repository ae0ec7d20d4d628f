"""What a real nats-server says, cut at every place; and the same bytes as nats-py's own parser understands them."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nats.errors import ProtocolError as NatsPyError
from nats.protocol.parser import Parser

from letrade.core.errors import NatsError
from letrade.core.network.wire import header_block
from letrade.hotpath.outbox import Outbox
from letrade.hotpath.wire import ProtocolError, Wire
from tests.hotpath.sessions import BLOCK, MESSAGES, RECORDED, chunked
from tests.hotpath.wire_scene import Scene, one_by_one
from tests.models.outbox import SlowOutbox
from tests.models.wire import SlowWire
from tests.network.servers import Servers

# A server with little patience, and a user who may not hear everything.
CONFIGURATION = """
ping_interval: "200ms"
ping_max: 1000
max_payload: 2MB
authorization { users [ { user: u, password: p, permissions: { publish: ">", subscribe: { deny: "secret.>" } } } ] }
"""
CONNECT = (
    b'CONNECT {"user":"u","pass":"p","verbose":true,"headers":true,"no_responders":true,"protocol":1,"lang":"raw"}\r\n'
)
SUBSCRIPTIONS = (b"a.>", b"b.*", b"c", b"d.>", b"e.> q", b"_INBOX.s", b"f.\xe2\x98\x83 q", b"_INBOX.r.*", b"g")
PAYLOADS = (b"", b"\r\n", b"\r\nMSG a.b 1 5\r\nhello\r\n", b"PING\r\n", b"\x00\xff\r\n-ERR 'x'\r\n", b"!")


def requests() -> Iterator[bytes]:
    """What a client asks for so that the server says all that it can say."""
    yield CONNECT
    yield from (b"SUB %b %d\r\n" % (subject, sid) for sid, subject in enumerate(SUBSCRIPTIONS, 1))
    yield b"UNSUB 2 3\r\nSUB secret.x 10\r\nPING\r\n"
    for payload in PAYLOADS:
        for subject in (b"a.b", b"b.1", b"c", b"d.BTC", b"e.1", b"f.\xe2\x98\x83", b"_INBOX.r.7", b"g"):
            yield b"PUB %b %d\r\n%b\r\n" % (subject, len(payload), payload)
    yield b"PUB a.b _INBOX.q 2\r\nhi\r\n"
    yield b"PUB _INBOX.s _INBOX.q 2\r\nhi\r\n"
    yield b"HPUB a.b %d %d\r\n%bpayload\r\n" % (len(BLOCK), len(BLOCK) + 7, BLOCK)
    yield b"HPUB f.\xe2\x98\x83 _INBOX.q %d %d\r\n%b\r\n" % (len(BLOCK), len(BLOCK), BLOCK)
    yield b"PUB nobody.listens _INBOX.r.21 0\r\n\r\nUNSUB 9\r\nPUB g 1\r\nx\r\nPING\r\n"


def recorded(servers: Servers) -> bytes:
    """All that a real server said, up to its farewell."""
    server = servers.start(CONFIGURATION)
    said = b""

    def hear_until(words: bytes) -> None:
        nonlocal said
        while words not in said:
            piece = connection.recv(65_536)
            assert piece, f"the server ended before it said {words!r}: {said!r}"
            said += piece

    with socket.create_connection((server.host, server.port), timeout=20) as connection:
        connection.sendall(b"".join(requests()))
        hear_until(b"HMSG _INBOX.r.21 8 ")
        hear_until(b"PONG\r\nPING\r\n")
        server.lame_duck()
        hear_until(b'"ldm":true')
    return said[: said.rindex(b"\n") + 1]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bytes]:
    servers = Servers(tmp_path_factory.mktemp("recorded"))
    try:
        yield recorded(servers)
    finally:
        servers.stop()


def heard(chunks: Sequence[bytes]) -> list[Any]:
    """The same from the wire and from its twin; batches taken apart, and what was conflated left to them."""
    events = Scene(Wire, Outbox).play(chunks)
    assert events == Scene(SlowWire, SlowOutbox).play(chunks)
    return sorted((event for event in one_by_one(events[:-1]) if event[0] != "conflated"), key=lambda event: event[0])


def test_a_real_session_is_heard_in_full(session: bytes) -> None:
    events = heard([session])
    names = [event[0] for event in events]
    count = len(PAYLOADS)
    expected = {
        "plain": count + 2, "limited": 3, "decoded": count - 1, "refused": 2, "batch": count, "service": count + 1,
        "reply": count + 1, "stream": 1, "batch2": count, "-ERR": 1,
    }  # fmt: skip
    assert {name: names.count(name) for name in expected} == expected
    assert {"INFO", "PING", "PONG"} <= set(names)
    answer = next(event for event in events if event[:2] == ("reply", 21))
    assert answer[2] == b""
    assert answer[3].startswith(b"NATS/1.0 503")


def test_a_real_session_can_be_cut_in_two_at_every_place(session: bytes) -> None:
    whole = heard([session])
    for place in range(len(session)):
        assert heard([session[:place], session[place:]]) == whole, place


def test_a_real_session_can_be_cut_in_three_and_come_byte_by_byte(session: bytes) -> None:
    whole = heard([session])
    for first, second in itertools.combinations(range(0, len(session), len(session) // 23), 2):
        assert heard([session[:first], session[first:second], session[second:]]) == whole, (first, second)
    assert heard([bytes([each]) for each in session]) == whole


# The same bytes to nats-py


class NatsPy:
    """Stands where nats-py has its client, and notes what its parser says."""

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, payload: bytes, headers: bytes | None) -> None:
        names = (bytes(each).decode(errors="replace") for each in (subject, reply))
        self.events.append(("message", sid, *names, payload, headers or b""))

    async def _process_err(self, text: str) -> None:
        self.events.append(("-ERR", text.strip("'")))

    async def _process_ping(self) -> None:
        self.events.append(("PING",))

    async def _process_pong(self) -> None:
        self.events.append(("PONG",))

    async def _process_info(self, info: dict[str, Any]) -> None:
        self.events.append(("INFO", info))


class Ours:
    """The same from the wire."""

    SIDS = 12

    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.wire = Wire(self)
        for sid in range(1, self.SIDS + 1):
            self.wire.add_stream("x", lambda subject, payload, reply, headers, sid=sid: self.events.append(
                ("message", sid, subject, reply, payload, headers)))  # fmt: skip

    def on_info(self, info: bytes) -> None:
        self.events.append(("INFO", json.loads(info)))

    def on_ping(self) -> None:
        self.events.append(("PING",))

    def on_pong(self) -> None:
        self.events.append(("PONG",))

    def on_server_error(self, text: str) -> None:
        self.events.append(("-ERR", text.lower()))

    def on_handler_error(self, error: Exception) -> None:
        raise error


def to_nats_py(chunks: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """Without messages of subscriptions that we do not have: the wire drops those itself."""
    client = NatsPy()
    parser = Parser(client)

    async def parse() -> None:
        for chunk in chunks:
            await parser.parse(chunk)

    asyncio.run(parse())
    return [event for event in client.events if event[0] != "message" or 1 <= event[1] <= Ours.SIDS]


def to_ours(chunks: Sequence[bytes]) -> list[tuple[Any, ...]]:
    ours = Ours()
    for chunk in chunks:
        ours.wire.feed(chunk)
        while ours.wire.parse(7):
            pass
    return ours.events


CONTROLS = st.sampled_from((b"PING\r\n", b"PONG\r\n", b"+OK\r\n", b'INFO {"a":[1]}\r\n', b"-ERR 'Slow Consumer'\r\n"))


@given(chunked(st.lists(MESSAGES | CONTROLS, max_size=20).map(b"".join)))
@example([RECORDED])
@example([RECORDED[place : place + 5] for place in range(0, len(RECORDED), 5)])
@settings(max_examples=200)
def test_nats_py_understands_the_same(chunks: list[bytes]) -> None:
    assert to_ours(chunks) == to_nats_py(chunks)


def test_nats_py_understands_the_same_of_a_real_session(session: bytes) -> None:
    assert to_ours([session]) == to_nats_py([session]) != []


WE_REFUSE = {
    "a payload longer than it says": b"MSG a 1 1\r\nxyzPING\r\n",
    "a payload that does not end with CR LF": b"MSG a 1 1\r\nx\n\nPING\r\n",
    "fields on several lines": b"MSG a\r\n1 0\r\n\r\n",
    "fields apart by tabs": b"MSG a\t1\t0\r\n\r\n",
    "headers longer than the message": b"HMSG a 1 9 3\r\nabc\r\n",
    "a size beyond what a server sends": b"MSG a 1 99999999999\r\n",
    "blank lines behind a word": b"PING\n\n\r\n",
    "a word that it takes for the start of a long line": b"x" * 5000 + b"\r\n",
}


@pytest.mark.parametrize("data", WE_REFUSE.values(), ids=WE_REFUSE)
def test_we_refuse_what_nats_py_lets_pass(data: bytes) -> None:
    to_nats_py([data])
    with pytest.raises(ProtocolError):
        to_ours([data])


WE_ACCEPT = {
    "an error without quotes": b"-ERR unquoted\r\n",
    "an error without words": b"-ERR \r\n",
    "an error with one word of two lines": b"-ERR\r\n",
}


@pytest.mark.parametrize("data", WE_ACCEPT.values(), ids=WE_ACCEPT)
def test_we_hear_out_an_error_that_nats_py_chokes_on(data: bytes) -> None:
    with pytest.raises((NatsPyError, AttributeError)):
        to_nats_py([data])
    assert [event[0] for event in to_ours([data])] == ["-ERR"]


# Headers that were made before


def test_a_block_is_made_once_and_then_taken_as_it_is() -> None:
    block = header_block({"K": "v"})
    assert block == b"NATS/1.0\r\nK: v\r\n\r\n"
    assert header_block(block) is block


@pytest.mark.parametrize("header", [{"a b": "c"}, {"": "c"}, {"a:": "c"}, {"a": "b\r\nc"}, {"a": "\ud800"}])
def test_a_header_that_would_break_the_block_is_refused(header: dict[str, str]) -> None:
    with pytest.raises(NatsError, match="expected"):
        header_block(header)
