"""The outbox writes what its slow twin writes, keeps what may be late, and lets nothing break a line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.hotpath.outbox import SUBJECT_BYTES_MAX, Outbox, header_block
from tests.hotpath.memory import grown_bytes
from tests.models.outbox import FIRST_CAPACITY, SlowOutbox
from tests.models.outbox import header_block as slow_header_block


class Refused(Exception):
    """What the outbox was told to raise."""


class Desk:
    """Uses an outbox as a link would; the same with the compiled one and with its twin."""

    def __init__(self, new_outbox: Any, waiting_max: int = 1 << 30) -> None:
        self.events: list[Any] = []
        self.written = b""
        self.unwritten = 0
        self.breaks = False
        self.outbox = new_outbox(Refused, self.wake, waiting_max)
        self.outbox.inbox = b"_INBOX.me."

    def wake(self, now: bool) -> None:
        self.events.append(now)
        if now and self.breaks:
            self.outbox.open = False
            self.outbox.drop_early()
        elif now:
            self.flush(self.unwritten)

    def flush(self, unwritten: int) -> None:
        """The connection takes what waits, and holds so much of it."""
        self.written += self.outbox.take()
        self.outbox.unwritten = unwritten

    def do(self, deed: str, *arguments: Any, **named: Any) -> None:
        try:
            if deed == "open":
                self.outbox.open = arguments[0]
            elif deed == "lose":
                self.outbox.open = False
                self.outbox.drop_early()
                self.outbox.unwritten = 0
            elif deed == "flush":
                self.flush(*arguments)
            elif deed == "hold":
                self.unwritten = arguments[0]
            else:
                getattr(self.outbox, deed)(*arguments, **named)
        except Refused:
            self.events.append("refused")
        except ValueError:
            self.events.append("mistaken")

    def told(self) -> tuple[Any, ...]:
        box = self.outbox
        return (
            self.events,
            len(box),
            box.sent,
            box.sent_bytes,
            box.dropped,
            box.open,
            box.awake,
            self.written,
            box.take(),
        )


def told(deeds: list[tuple[Any, ...]], waiting_max: int = 1 << 30, *, breaks: bool = False) -> tuple[Any, ...]:
    """What the outbox tells after these deeds, which is what its twin tells."""
    desks = [Desk(Outbox, waiting_max), Desk(SlowOutbox, waiting_max)]
    for desk in desks:
        desk.breaks = breaks
        desk.do("open", True)
        for deed, arguments, named in deeds:
            desk.do(deed, *arguments, **named)
    compiled, slow = (desk.told() for desk in desks)
    assert compiled == slow
    return compiled


def publish(
    subject: str, payload: bytes, reply: str = "", headers: Any = None, late_ok: bool = False
) -> tuple[Any, ...]:
    return "publish", (subject, payload, reply, headers), {"late_ok": late_ok}


# What is written


def test_commands_are_written_as_the_protocol_says() -> None:
    block = header_block({"K": "v"})
    deeds = [
        publish("a.b", b"x\r\ny"), publish("a.b", b"", "_INBOX.1"), publish("a", b"xy", headers={"K": "v"}),
        publish("a", b"xy", "r", block, late_ok=True), ("ask", ("a", b"q", 0), {}), ("ask", ("a", b"q", 17, block), {}),
        ("subscribe", ("a.>", 7), {}), ("subscribe", ("a.*", 8, "q", 3), {}), ("unsubscribe", (8,), {}),
        ("command", (b"PING\r\n",), {}),
    ]  # fmt: skip
    assert told(deeds)[-1].replace(b"SUB a.>  7", b"SUB a.> 7") == (
        b"PUB a.b 4\r\nx\r\ny\r\nPUB a.b _INBOX.1 0\r\n\r\nHPUB a 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nxy\r\n"
        b"HPUB a r 18 20\r\nNATS/1.0\r\nK: v\r\n\r\nxy\r\nPUB a _INBOX.me.0 1\r\nq\r\n"
        b"HPUB a _INBOX.me.17 18 19\r\nNATS/1.0\r\nK: v\r\n\r\nq\r\n"
        b"SUB a.> 7\r\nSUB a.* q 8\r\nUNSUB 8 3\r\nUNSUB 8\r\nPING\r\n"
    )


NAMES = st.sampled_from(("a", "b.c", "x" * 200, "\N{SNOWMAN}.y", "bad subject", "*.x"))
SIZES = st.sampled_from((0, 1, 9, 10, 99, 100, 1000, 65_536, 200_000, 300_000))
HEADERS = st.none() | st.sampled_from(({}, {"K": "v"}, {"a b": "c"}, b"NATS/1.0\r\n\r\n", {"K": "v" * 3000}))
DEEDS = st.one_of(
    st.builds(publish, NAMES, SIZES.map(bytes), st.just("") | NAMES, HEADERS, st.booleans()),
    st.tuples(st.just("ask"), st.tuples(NAMES, SIZES.map(bytes), st.integers(-1, 2**63 - 1), HEADERS), st.just({})),
    st.tuples(
        st.just("subscribe"),
        st.tuples(NAMES, st.integers(1, 2**62), st.just("") | NAMES, st.integers(0, 2)),
        st.just({}),
    ),
    st.tuples(st.sampled_from(("lose", "drop_all", "drop_early")), st.just(()), st.just({})),
    st.tuples(st.just("open"), st.tuples(st.booleans()), st.just({})),
    st.tuples(st.sampled_from(("flush", "hold")), st.tuples(st.sampled_from((0, 0, 5000, 2**20))), st.just({})),
    st.tuples(st.just("command"), st.tuples(st.sampled_from((b"PING\r\n", b""))), st.just({})),
)


@given(st.lists(DEEDS, max_size=40), st.sampled_from((0, 2000, 300_000, 1 << 30)), st.booleans())
@settings(max_examples=300)
def test_it_writes_drops_and_refuses_what_its_twin_does(deeds: list[Any], waiting_max: int, breaks: bool) -> None:
    told(deeds, waiting_max, breaks=breaks)


def test_what_may_be_late_is_kept_in_its_order_however_often_the_kinds_alternate() -> None:
    deeds = [publish(f"s.{number}", b"", late_ok=number % 3 == 0) for number in range(1000)]
    *_, written, waiting = told([*deeds, ("lose", (), {}), publish("late", b"", late_ok=True), publish("early", b"")])
    assert written == b""
    assert waiting == b"".join(b"PUB s.%d 0\r\n\r\n" % number for number in range(0, 1000, 3)) + b"PUB late 0\r\n\r\n"
    told([*deeds, ("lose", (), {}), publish("late", b"", late_ok=True), ("drop_all", (), {})])


def test_an_order_is_not_kept_when_the_connection_breaks_while_room_is_made_for_it() -> None:
    deeds = [
        publish("fill", bytes(200_000)),
        publish("order", bytes(200_000)),
        publish("late", bytes(200_000), late_ok=True),
    ]
    events, waiting, sent, *_ = told(deeds, breaks=True)
    assert (events, sent) == ([False, True, "refused"], 2)
    assert waiting < 201_000


# Limits and the buffer


@pytest.mark.parametrize("size", [1024 * 1024 - 10, 1024 * 1024 - 9, 1024 * 1024, 1024 * 1024 + 1])
@pytest.mark.parametrize("block", [None, b"NATS/1.0\r\n"])
def test_more_than_the_server_takes_is_refused(size: int, block: bytes | None) -> None:
    events, *_ = told([publish("a", bytes(size), headers=block)])
    assert ("refused" in events) == (size + len(block or b"") > 1024 * 1024)


@pytest.mark.parametrize("waiting_max", [575, 576, 577, 1000, FIRST_CAPACITY])
def test_what_waits_has_a_limit(waiting_max: int) -> None:
    deeds = [("open", (False,), {})] + [publish("a", bytes(100), late_ok=True) for _ in range(1500)]
    _, waiting, sent, _, dropped, *_ = told(deeds, waiting_max)
    assert waiting <= waiting_max
    assert sent + dropped == 1500


def test_the_buffer_grows_with_what_waits_and_is_given_back() -> None:
    outbox = Outbox(Refused, lambda now: None, 1 << 30)
    payload = bytes(1_000_000)

    def turn(number: int) -> None:
        for _ in range(100):
            outbox.publish("a", payload, late_ok=True)
        assert len(outbox.take()) == 100 * (1_000_000 + len(b"PUB a 1000000\r\n\r\n"))

    assert grown_bytes(turn, warm_up=1, turns=3) < 16 * 2**20


def test_a_million_commands_leave_no_memory_behind() -> None:
    outbox = Outbox(Refused, lambda now: None, 1 << 30)
    outbox.open = True

    def turn(number: int) -> None:
        for each in range(1000):
            outbox.publish("a.b.c", b"payload", "r", {"K": "v"} if each % 10 == 0 else None, late_ok=each % 2 == 0)
        outbox.drop_early() if number % 2 else outbox.take()

    assert grown_bytes(turn, warm_up=50, turns=1000) < 4 * 2**20


def test_an_inbox_that_does_not_fit_is_refused() -> None:
    outbox: Any = Outbox(Refused, lambda now: None, 1 << 30)
    outbox.open = True
    for inbox in (b"", b"x" * (SUBJECT_BYTES_MAX + 2), None):
        outbox.inbox = inbox
        with pytest.raises(ValueError, match="inbox"):
            outbox.ask("a", b"", 1)
    outbox.inbox = b"x" * (SUBJECT_BYTES_MAX + 1)
    outbox.ask("s" * SUBJECT_BYTES_MAX, b"", 2**63 - 1, {"K": "v"})
    assert outbox.take().endswith(b" 18 18\r\nNATS/1.0\r\nK: v\r\n\r\n\r\n")


# Injection

BAD_SUBJECTS = [
    "", " ", "a b", "a ", " a", "a\r\nPUB x 0\r\n", "a\rb", "a\nb", "a\0b", "a\x7fb", "a\tb", "a\x1fb", "a\x0bb",
    "a..b", ".a", "a.", ".", "..", "\ud800", "a.\udfff", "a\udc80", "x" * (SUBJECT_BYTES_MAX + 1), "\N{SNOWMAN}" * 86,
]  # fmt: skip
WILD_SUBJECTS = ["*", ">", "a.*", "a.>", "*.a", "a.*.b", ">.a"]
PLACES = ("subject", "reply", "queue", "ask", "subscribe")


def use(outbox: Any, place: str, text: str) -> None:
    if place == "subject":
        outbox.publish(text, b"")
    elif place == "reply":
        outbox.publish("a", b"", text or ".")
    elif place == "queue":
        outbox.subscribe("a", 1, text or ".")
    elif place == "ask":
        outbox.ask(text, b"", 1)
    else:
        outbox.subscribe(text, 1)


def opened(new_outbox: Any) -> Any:
    outbox = new_outbox(Refused, lambda now: None, 1 << 30)
    outbox.open, outbox.inbox = True, b"_INBOX."
    return outbox


@pytest.mark.parametrize("new_outbox", [Outbox, SlowOutbox])
@pytest.mark.parametrize("place", PLACES)
def test_what_would_break_a_line_is_refused_wherever_a_subject_stands(new_outbox: Any, place: str) -> None:
    for text in BAD_SUBJECTS + (WILD_SUBJECTS if place != "subscribe" else []):
        outbox = opened(new_outbox)
        with pytest.raises(Refused):
            use(outbox, place, text)
        assert (outbox.take(), outbox.sent) == (b"", 0), text


@given(st.text(max_size=20) | st.text("ab.*> \r\n\t\0\x7f\xa0\u2028\ud800", max_size=8), st.sampled_from(PLACES))
@settings(max_examples=400)
def test_any_text_is_refused_or_is_one_field_of_one_line(text: str, place: str) -> None:
    written = []
    for new_outbox in (Outbox, SlowOutbox):
        outbox = opened(new_outbox)
        try:
            use(outbox, place, text)
        except Refused:
            assert len(outbox) == 0
        written.append(outbox.take())
    assert written[0] == written[1]
    if written[0]:
        line, _, rest = written[0].partition(b"\r\n")
        assert text.encode() in line.split()
        assert rest in (b"", b"\r\n")
        assert not any(control in line for control in (b"\r", b"\n", b"\0", b"\t", b"\x7f"))


BAD_HEADERS = [
    {"": "v"}, {"a b": "v"}, {"a:": "v"}, {"a\r\nB": "v"}, {"a\n": "v"}, {"a\t": "v"}, {"a\0": "v"},
    {"a\x7f": "v"}, {"\xe9": "v"}, {"a": "b\r\nC: d"}, {"a": "b\n"}, {"a": "\r"}, {"a": "b\0c"}, {"a": "\ud800"},
    {"\ud800": "v"}, {"ok": "v", "b ": ""},
]  # fmt: skip


@pytest.mark.parametrize("headers", BAD_HEADERS, ids=repr)
def test_a_header_that_would_break_the_block_is_refused(headers: dict[str, str]) -> None:
    outbox = opened(Outbox)
    for tried in (lambda: outbox.publish("a", b"", headers=headers), lambda: outbox.ask("a", b"", 1, headers)):
        with pytest.raises(Refused, match="expected"):
            tried()
    with pytest.raises(ValueError, match="expected"):
        header_block(headers)
    with pytest.raises(ValueError, match=r"expected|surrogates"):
        slow_header_block(headers)
    assert outbox.take() == b""


@given(st.dictionaries(st.text(max_size=6) | st.text("aZ-:\r\n \0", max_size=4), st.text(max_size=8), max_size=4))
@settings(max_examples=300)
def test_any_headers_are_refused_or_are_a_line_each(headers: dict[str, str]) -> None:
    blocks = []
    for make in (header_block, slow_header_block):
        try:
            blocks.append(make(headers))
        except ValueError:
            blocks.append(b"")
    assert blocks[0] == blocks[1]
    if blocks[0]:
        lines = [f"{key}: {value}".encode() for key, value in headers.items()]
        assert blocks[0].split(b"\r\n") == [b"NATS/1.0", *lines, b"", b""]


@pytest.mark.parametrize("payload", ["text", bytearray(b"x"), None, 7])
def test_a_payload_is_bytes(payload: Any) -> None:
    outbox = opened(Outbox)
    with pytest.raises(TypeError):
        outbox.publish("a", payload)
    for subject in (None, 7, b"a"):
        with pytest.raises(TypeError):
            outbox.publish(subject, b"")
    with pytest.raises(TypeError):
        outbox.publish("a", b"", headers={"a": 7})
    assert (outbox.take(), outbox.sent) == (b"", 0)
