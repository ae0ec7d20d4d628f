"""What a nats-server says, as bytes: one that was recorded, and random ones."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.hotpath.wire_scene import DEEDS, FIRST_SIDS

BLOCK = b"NATS/1.0\r\nNats-Msg-Id: 7\r\nX: y: z\r\n\r\n"
NO_RESPONDERS = b"NATS/1.0 503\r\n\r\n"

RECORDED = (
    b'INFO {"server_id":"NAAAA","version":"2.12.1","proto":1,"headers":true,"max_payload":1048576,"client_id":5} \r\n'
    b"PONG\r\n"
    b"MSG a.b 1 5\r\nhello\r\n"
    b"MSG a.b 1 _INBOX.x.1 0\r\n\r\n"
    b"MSG b.1 2 14\r\nMSG a.b 1 2\r\nx\r\n"
    b"PING\r\n"
    b"MSG b.2 2 2\r\n\r\n\r\n"
    b"HMSG f.\xe2\x98\x83 7 _INBOX.q 12 17\r\nNATS/1.0\r\n\r\n\x00\xff\xfe\r\n\r\n"
    b"HMSG _INBOX.r.21 8 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
    b"MSG _INBOX.r.22 8 6\r\nanswer\r\n"
    b"HMSG _INBOX.s 6 $JS.ACK.S.C.1.2.3.4.0 37 40\r\nNATS/1.0\r\nNats-Msg-Id: 7\r\nX: y: z\r\n\r\none\r\n"
    b"MSG c 3 3\r\nbig\r\n"
    b"MSG c 3 4\r\n!bad\r\n"
    b"-ERR 'Permissions Violation for Subscription to \"secret.>\"'\r\n"
    b"MSG e.1 5 1\r\n1\r\nMSG e.2 5 1\r\n2\r\n"
    b"MSG d.BTC 4 2\r\n10\r\nMSG d.ETH 4 2\r\n20\r\nMSG d.BTC 4 2\r\n30\r\n"
    b"+OK\r\n"
    b"MSG unknown 4711 3\r\n123\r\n"
    b"MSG a.forged 1 $JS.ACK.S.C.1.9.9.9.0 3\r\nbad\r\n"
    b'INFO {"server_id":"NAAAA","version":"2.12.1","max_payload":1048576,"ldm":true,"connect_urls":["127.0.0.1:1"]}\r\n'
    b"MSG b.3 2 1\r\n3\r\nMSG b.4 2 1\r\n4\r\n"
)


def message(subject: bytes, sid: int, payload: bytes, reply: bytes = b"", headers: bytes | None = None) -> bytes:
    """MSG, or HMSG when there are headers."""
    words = [b"MSG" if headers is None else b"HMSG", subject, b"%d" % sid]
    if reply:
        words.append(reply)
    if headers is not None:
        words.append(b"%d" % len(headers))
    words.append(b"%d" % (len(headers or b"") + len(payload)))
    return b" ".join(words) + b"\r\n" + (headers or b"") + payload + b"\r\n"


TOKENS = st.sampled_from(("a", "b", "BTC-USDT", "x" * 40, "\N{SNOWMAN}", "$", "_INBOX", "9", "=2F"))
SUBJECTS = st.lists(TOKENS, min_size=1, max_size=4).map(".".join).map(str.encode) | st.sampled_from(
    (b"a.b", b"c", b"f.\xe2\x98\x83", b"_INBOX.r.17", b"_INBOX.r.x", b"d.1", b"d.2", b"\xff\xfe.bad", b"_INBOX.s")
)
REPLIES = st.just(b"") | SUBJECTS | st.sampled_from((b"$JS.ACK.S.C.1.1.1.1.0", b"$JS.ACK.", b"$JS.ACK"))
PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        (b"", b"\r\n", b"\r\nMSG a.b 1 5\r\nhello\r\n", b"PING\r\n", b"!refused", b"-ERR 'x'\r\n", b"\n\n")
    ),
    st.integers(0, 3000).map(bytes),
)
BLOCKS = st.none() | st.sampled_from((BLOCK, NO_RESPONDERS, b"NATS/1.0\r\n\r\n", b"")) | st.binary(max_size=30)
SIDS = st.integers(0, FIRST_SIDS + 4) | st.sampled_from((4711, 65_535, 65_536, 10**14, 10**15 - 1))
MESSAGES = st.builds(message, SUBJECTS, SIDS, PAYLOADS, REPLIES, BLOCKS)
INFOS = st.sampled_from((b"{}", b'{"ldm":true}', b"  spaced  ", b"\xff", b"x" * 5000))
CONTROLS = st.one_of(
    st.sampled_from(
        (b"PING\r\n", b"PONG\r\n", b"+OK\r\n", b"PING \t\r\n", b"-ERR\r\n", b"-ERR ''\r\n", b"-ERR 'stop'\r\n")
    ),
    st.builds(b"INFO %b\r\n".__mod__, INFOS),
    st.builds(
        b"-ERR '%b'\r\n".__mod__, st.sampled_from((b"Slow Consumer", b"\xff\xfe", b"Unknown Protocol Operation"))
    ),
)
ITEMS = st.lists(st.one_of(MESSAGES, MESSAGES, MESSAGES, CONTROLS), max_size=25)
SESSIONS = ITEMS.map(b"".join)
SCRIPTS = st.just(()) | st.lists(st.sampled_from(DEEDS), max_size=30).map(tuple)
BUDGETS = st.lists(st.integers(1, 8) | st.just(1024), min_size=1, max_size=5).map(tuple)

WORDS = (b"MSG ", b"HMSG ", b"PING\r\n", b"INFO ", b"-ERR", b"\r\n", b"\n", b"\r", b" ", b"\t", b"0", b"-1", b"\x00",
         b"99999999999999999999", b"67108865", b"+OK\r\n", b"9" * 15)  # fmt: skip
GARBAGE = st.lists(st.sampled_from(WORDS) | st.binary(max_size=12), max_size=30).map(b"".join)


@st.composite
def mutated_sessions(draw: st.DrawFn) -> bytes:
    """A valid session in which a few places were cut out, doubled or overwritten."""
    data = draw(st.just(RECORDED) | SESSIONS)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(data)))
        gone = draw(st.integers(0, 3))
        data = data[:place] + draw(st.sampled_from(WORDS) | st.binary(max_size=3)) + data[place + gone :]
    return data


@st.composite
def chunked(draw: st.DrawFn, sessions: st.SearchStrategy[bytes]) -> list[bytes]:
    """A session in the pieces in which a socket might hand it over."""
    data = draw(sessions)
    places = sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))
    return [data[begin:end] for begin, end in zip([0, *places], [*places, len(data)], strict=True)]
