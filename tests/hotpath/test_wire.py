"""However a server's bytes come, the wire hands over what its slow twin does, and what is broken breaks nothing."""

from __future__ import annotations

import gc
import itertools
import weakref
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from letrade.hotpath.outbox import Outbox
from letrade.hotpath.wire import BUFFER_BYTES, LINE_BYTES_MAX, MESSAGE_BYTES_MAX, ProtocolError, Wire
from tests.hotpath.memory import grown_bytes
from tests.hotpath.sessions import (
    BUDGETS,
    GARBAGE,
    RECORDED,
    SCRIPTS,
    SESSIONS,
    chunked,
    message,
    mutated_sessions,
)
from tests.hotpath.wire_scene import Scene, one_by_one
from tests.models.outbox import SlowOutbox
from tests.models.wire import SlowWire


def played(chunks: Sequence[bytes], script: Sequence[str] = (), budgets: Sequence[int] = (1024,)) -> list[Any]:
    """What the wire made of it, which is what its twin makes of it."""
    events = Scene(Wire, Outbox, script).play(chunks, budgets)
    assert events == Scene(SlowWire, SlowOutbox, script).play(chunks, budgets)
    return events


# A recorded session


def test_a_recorded_session_is_heard_in_full() -> None:
    events = played([RECORDED])
    assert [event[0] for event in events[:-1]] == [
        "INFO", "PONG", "plain", "plain", "limited", "PING", "limited", "service", "reply", "reply", "stream",
        "decoded", "refused", "-ERR", "INFO", "limited", "batch", "conflated", "conflated",
    ]  # fmt: skip
    assert events[2:4] == [("plain", "a.b", b"hello", ""), ("plain", "a.b", b"", "_INBOX.x.1")]
    assert events[8:10] == [("reply", 21, b"", b"NATS/1.0 503\r\n\r\n"), ("reply", 22, b"answer", b"")]
    assert events[16:19] == [
        ("batch", ["e.1", "e.2"], [b"1", b"2"]), ("conflated", "d.ETH", 2, b"20"), ("conflated", "d.BTC", 2, b"30"),
    ]  # fmt: skip
    received, received_bytes, conflated, forged, unread = events[-1][1]
    assert (received, conflated, forged, unread) == (16, 1, 1, 0)
    assert received_bytes == 5 + 0 + 14 + 2 + 5 + 0 + 6 + 3 + 3 + 4 + 1 + 1 + 2 + 2 + 2 + 1


WHOLE = Scene(SlowWire, SlowOutbox).play([RECORDED])


def in_order(events: list[Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Without conflation; batches apart, as they come at the end of a pass."""
    single = [event for event in one_by_one(events[:-1]) if event[0] != "conflated"]
    return (
        [each for each in single if each[0] != "batch"],
        [each for each in single if each[0] == "batch"],
        events[-1][2],
    )


def test_it_can_be_cut_in_two_at_every_place() -> None:
    for place in range(len(RECORDED) + 1):
        assert in_order(played([RECORDED[:place], RECORDED[place:]])) == in_order(WHOLE), place


def test_it_can_be_cut_in_three() -> None:
    for first, second in itertools.combinations(range(0, len(RECORDED), 23), 2):
        chunks = [RECORDED[:first], RECORDED[first:second], RECORDED[second:]]
        assert in_order(played(chunks)) == in_order(WHOLE), (first, second)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("budget", [1, 2, 1024])
def test_it_can_come_in_small_pieces(size: int, budget: int) -> None:
    pieces = [RECORDED[place : place + size] for place in range(0, len(RECORDED), size)]
    assert in_order(played(pieces, budgets=[budget])) == in_order(WHOLE)


def test_bytes_written_into_its_own_buffer_are_as_good_as_fed_ones() -> None:
    scene = Scene(Wire, Outbox)
    for place in range(0, len(RECORDED), 31):
        piece = RECORDED[place : place + 31]
        with memoryview(scene.wire) as room:
            room[: len(piece)] = piece
        scene.wire.fed(len(piece))
        scene.wire.parse(1024)
    assert in_order([*scene.events, scene.left()]) == in_order(WHOLE)


# Random sessions


@given(chunked(SESSIONS), SCRIPTS, BUDGETS)
@example([RECORDED], ("raise", "remove", "add", "publish", "parse") * 5, (3,))
@settings(max_examples=400)
def test_random_sessions_with_handlers_that_act(
    chunks: list[bytes], script: tuple[str, ...], budgets: tuple[int, ...]
) -> None:
    assert ("broken",) not in played(chunks, script, budgets) or "leave" in script


@given(chunked(GARBAGE), BUDGETS)
@settings(max_examples=400)
def test_garbage_is_refused_or_understood_as_the_twin_does(chunks: list[bytes], budgets: tuple[int, ...]) -> None:
    played(chunks, (), budgets)


@given(chunked(mutated_sessions()), SCRIPTS, BUDGETS)
@settings(max_examples=400)
def test_mutated_sessions_are_refused_or_understood_as_the_twin_does(
    chunks: list[bytes], script: tuple[str, ...], budgets: tuple[int, ...]
) -> None:
    played(chunks, script, budgets)


@given(
    st.lists(st.sampled_from((0, 1, 65_535, 65_536, 262_143, 262_144, 262_145, 600_000)), min_size=1, max_size=4),
    st.sampled_from((1000, 65_536, 262_144, 10**6)),
)
@settings(max_examples=15)
def test_messages_beyond_the_buffer_are_whole(sizes: list[int], piece: int) -> None:
    payloads = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    data = b"".join(message(b"a.big", 1, payload) for payload in payloads)
    events = played([data[place : place + piece] for place in range(0, len(data), piece)])
    assert [event[2] for event in events[:-1] if event[0] == "plain"] == payloads


BROKEN = [
    b"MSG a.b 1 5\r\nhell\r\n\r\n", b"MSG a.b 1 5\r\nhelloo\r\n", b"MSG a.b 1 5\r\nhello\n\r",
    b"MSG a.b 1 5\nhello\r\n",
    b"MSG a.b 1\r\n", b"MSG a.b\r\n", b"MSG \r\n", b"MSG\r\n", b"MSG a.b 1 r s 5\r\nhello\r\n", b"MSG a.b x 0\r\n\r\n",
    b"MSG a.b -1 0\r\n\r\n", b"MSG a.b 1 -1\r\n\r\n", b"MSG a.b 1 1e1\r\n\r\n", b"MSG a.b 1 0x1\r\nx\r\n",
    b"MSG a.b 1 9999999999999999\r\n", b"MSG a.b 1 %d\r\n" % (MESSAGE_BYTES_MAX + 1), b"MSG a.b 1 +5\r\nhello\r\n",
    b"HMSG a.b 1 5\r\nhello\r\n", b"HMSG a.b 1 6 5\r\nhello\r\n", b"HMSG a.b 1 -1 5\r\nhello\r\n",
    b"HMSG a.b 1 r s 1 5\r\nhello\r\n", b"PUB a 0\r\n\r\n", b"SUB a 1\r\n", b"\r\n", b"\n", b"ping\r\n", b"PINGX\r\n",
    b"INFO\r\n", b"INFO \r\n", b"INFO{}\r\n", b"+OK yes\r\n", b"MSGa.b 1 0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\n", b"x" * LINE_BYTES_MAX, b"INFO " + b"x" * LINE_BYTES_MAX + b"\r\n",
]  # fmt: skip


@pytest.mark.parametrize("data", BROKEN, ids=lambda data: repr(data[:30]))
def test_what_no_server_says_ends_the_connection_and_hands_nothing_over(data: bytes) -> None:
    for chunks in ([data], [bytes([each]) for each in data] if len(data) < 1000 else [data[:9], data[9:]]):
        assert played([message(b"a.b", 1, b"good"), *chunks])[:2] == [("plain", "a.b", b"good", ""), ("broken",)]


def test_a_refusal_shows_what_came() -> None:
    scene = Scene(Wire, Outbox)
    scene.wire.feed(b"HTTP/1.1 400 Bad Request\r\n")
    with pytest.raises(ProtocolError, match=r"HTTP/1\.1 400 Bad Request"):
        scene.wire.parse(1)


# Subscriptions


def test_what_was_unsubscribed_in_a_pass_is_not_handed_over_at_its_end() -> None:
    for kind in ("batch", "conflated"):
        scene = Scene(Wire, Outbox)
        route = scene.routes[scene.NAMES.index(kind)]
        scene.wire.feed(message(b"e.1", 5, b"x") + message(b"d.1", 4, b"y"))
        scene.on_ping = lambda wire=scene.wire, route=route: wire.remove(route)  # type: ignore[method-assign]
        scene.wire.feed(b"PING\r\n")
        scene.wire.parse(10)
        assert [event[0] for event in scene.events] == ["conflated" if kind == "batch" else "batch"]


def test_a_handler_that_ends_the_pass_loses_nobody_elses_batch() -> None:
    class Ended(BaseException):
        pass

    def end(*said: object) -> None:
        raise Ended

    scene = Scene(Wire, Outbox)
    scene.wire.add_batch("z", end)
    scene.wire.feed(message(b"z", 10, b"x") + message(b"e.1", 5, b"1"))
    with pytest.raises(Ended):
        scene.wire.parse(10)
    scene.wire.parse(10)
    assert scene.events == [("batch", ["e.1"], [b"1"])]


def test_subjects_are_told_apart_however_many_there_are() -> None:
    names = [f"a.{number}.{'x' * (number % 50)}" for number in range(20_000)] * 2
    scene = Scene(Wire, Outbox)
    for name in names:
        scene.wire.feed(message(name.encode(), 1, b""))
        scene.wire.parse(1)
    assert [event[1] for event in scene.events] == names
    assert len({id(event[1]) for event in scene.events}) > 20_000, "some collided"


def test_sids_beyond_the_near_ones_are_found() -> None:
    scene = Scene(Wire, Outbox)
    twin = Scene(SlowWire, SlowOutbox)
    for each in (scene, twin):
        for number in range(10, 65_540):
            route = each.wire.add(f"n.{number}", lambda *said, number=number, on=each: on.events.append((number, said)))
            if number < 65_530:
                each.wire.remove(route)
    data = b"".join(message(b"x", sid, b"") for sid in (10, 65_531, 65_535, 65_536, 65_539, 65_540))
    assert scene.play([data]) == twin.play([data])
    assert [event[0] for event in scene.events] == [65_531, 65_535, 65_536, 65_539]


# The buffer


def test_the_buffer_stays_where_it_is_while_somebody_writes_into_it() -> None:
    wire = Scene(Wire, Outbox).wire
    with memoryview(wire) as room:
        assert len(room) == BUFFER_BYTES
        wire.feed(b"x" * BUFFER_BYTES)
        with pytest.raises(BufferError):
            wire.feed(b"x")
    wire.feed(b"x")
    assert wire.unread == BUFFER_BYTES + 1


@pytest.mark.parametrize("count", [-1, BUFFER_BYTES + 1])
def test_more_than_there_is_room_for_cannot_have_come(count: int) -> None:
    wire = Scene(Wire, Outbox).wire
    with pytest.raises(ValueError, match="cannot have been read"):
        wire.fed(count)


def test_there_is_always_room_and_it_is_given_back() -> None:
    wire = Scene(Wire, Outbox).wire
    wire.feed(message(b"a.b", 1, bytes(5_000_000))[:-10])
    wire.parse(1)
    with memoryview(wire) as room:
        assert len(room) >= 10
    wire.feed(bytes(8) + b"\r\n")
    wire.parse(1)
    with memoryview(wire) as room:
        assert len(room) == BUFFER_BYTES


# Memory


def test_a_million_messages_leave_no_memory_behind() -> None:
    wire = Wire(Scene(Wire, Outbox))
    for add in (wire.add, wire.add_batch, wire.add_stream):
        add("m.>", lambda *said: None)
    wire.add_decoded("m.>", len, lambda *said: None, lambda *said: None, True)
    data = [
        b"".join(message(b"m.%d.%d" % (turn, number), 1 + number % 4, bytes(200), b"r", b"NATS/1.0\r\n\r\n")
                 for number in range(1000))
        for turn in range(10)
    ]  # fmt: skip

    def turn(number: int) -> None:
        wire.feed(data[number % 10])
        wire.parse(2000)

    assert grown_bytes(turn, warm_up=100, turns=1000) < 4 * 2**20
    assert wire.received == 1_100_000


def test_a_million_subscriptions_leave_no_memory_behind() -> None:
    wire = Wire(Scene(Wire, Outbox))

    def turn(number: int) -> None:
        for _ in range(1000):
            wire.remove(wire.add("m.>", print))

    assert grown_bytes(turn, warm_up=100, turns=1000) < 4 * 2**20
    assert wire.routes() == []


def test_a_wire_and_its_listener_go_together() -> None:
    scene = Scene(Wire, Outbox)
    scene.play([RECORDED])
    gone = weakref.ref(scene)
    del scene
    gc.collect()
    assert gone() is None
