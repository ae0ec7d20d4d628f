"""What is too large, or would break out of its line, is refused before anything leaves."""

from __future__ import annotations

import hashlib

import pytest

from letrade.core.errors import NatsError
from tests.network.conformance.links import Links, subscribed
from tests.network.servers import NatsServer, Servers

TWO_MEGABYTES = bytes(range(256)) * 8192
BAD_SUBJECTS = {
    "space": "a b", "line break": "a\r\nPUB spy.x 0\r\n\r\n", "line feed": "a\nb", "return": "a\rb", "tab": "a\tb",
    "empty token": "a..b", "empty first token": ".a", "empty last token": "a.", "over-long": "a" * 5000,
    "zero": "a\x00b", "half a character": "a\ud800", "only a space": " ",
}  # fmt: skip
BAD_HEADERS = {
    "space in key": {"a b": "c"}, "empty key": {"": "c"}, "colon in key": {"a:": "c"}, "break in key": {"a\r\nb": "c"},
    "break in value": {"a": "b\r\nc: d"}, "line feed in value": {"a": "b\nc"}, "return in value": {"a": "b\rc"},
    "non-ASCII key": {"ä": "c"}, "half a character": {"a": "\ud800"},
}  # fmt: skip


@pytest.mark.parametrize("subject", BAD_SUBJECTS.values(), ids=BAD_SUBJECTS.keys())
async def test_a_subject_that_breaks_the_rules_is_refused_wherever_it_stands(
    links: Links, plain: NatsServer, subject: str
) -> None:
    link, spy = await links.connect(plain), await links.connect(plain)
    seen = await subscribed(spy, ">")
    for attempt in (
        lambda: link.publish(subject, b""),
        lambda: link.publish(subject, b"", late_ok=True),
        lambda: link.publish("spy.x", b"", reply=subject),
        lambda: link.subscribe(subject, seen),
        lambda: link.subscribe("spy.x", seen, queue=subject),
        lambda: link.subscribe_batches("spy.x", lambda subjects, payloads: None, queue=subject),
        lambda: link.subscribe_stream(subject, lambda *message: None),
    ):
        with pytest.raises(NatsError, match=r"subject|queue"):
            attempt()
    with pytest.raises(NatsError, match="subject"):
        await link.request(subject, b"", 30.0)
    link.publish("spy.end", b"")
    await link.flush()
    await seen.reach(1)
    assert seen == [("spy.end", b"")]
    assert link.counters.sent == 1


async def test_an_empty_subject_is_refused(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    with pytest.raises(NatsError, match="subject"):
        link.publish("", b"")
    with pytest.raises(NatsError, match="subject"):
        link.subscribe("", lambda subject, payload, reply: None)


async def test_a_negative_limit_of_messages_is_refused(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    with pytest.raises(NatsError, match="limit"):
        link.subscribe("a", lambda subject, payload, reply: None, limit=-1)


async def test_a_subject_outside_ascii_is_refused_or_arrives_as_it_is(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    seen = await subscribed(link, "na.>")
    expected = [("na.end", b"")]
    try:
        link.publish("na.käse", b"1")
        expected.insert(0, ("na.käse", b"1"))
    except NatsError as error:
        assert "subject" in str(error)  # noqa: PT017 - either is right
    link.publish("na.end", b"")
    await link.flush()
    assert seen == expected


@pytest.mark.parametrize("headers", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
async def test_a_header_that_breaks_the_rules_is_refused(
    links: Links, plain: NatsServer, headers: dict[str, str]
) -> None:
    link = await links.connect(plain)
    seen = await subscribed(link, "hd.>")
    with pytest.raises(NatsError, match="header"):
        link.publish("hd.x", b"", headers=headers)
    with pytest.raises(NatsError, match="header"):
        await link.request("hd.x", b"", 30.0, headers)
    link.publish("hd.end", b"", headers={"A": "b"})
    await link.flush()
    assert seen == [("hd.end", b"")]


async def test_what_the_server_would_not_take_is_refused_here_and_the_link_lives(
    links: Links, plain: NatsServer
) -> None:
    link = await links.connect(plain)
    seen = await subscribed(link, "big.>")
    largest = link.server.max_payload_bytes
    assert largest == 2**20
    for payload, headers in ((TWO_MEGABYTES, None), (b"x" * (largest - 5), {"K": "v"}), (b"x" * (largest + 1), None)):
        with pytest.raises(NatsError, match=r"big\.x"):
            link.publish("big.x", payload, headers=headers)
        with pytest.raises(NatsError, match=r"big\.x"):
            await link.request("big.x", payload, 30.0, headers)
    link.publish("big.x", b"x" * largest)
    link.publish("big.x", b"x" * (largest - len(b"NATS/1.0\r\nK: v\r\n\r\n")), headers={"K": "v"})
    await link.flush()
    await seen.reach(2)
    assert link.counters.reconnects == 0


async def test_two_megabytes_arrive_unchanged_where_the_server_takes_them(links: Links, servers: Servers) -> None:
    server = servers.start("max_payload: 8MB")
    link, other = await links.connect(server), await links.connect(server)
    assert link.server.max_payload_bytes == 8 * 2**20
    seen = await subscribed(other, "big.>")
    for _ in range(4):
        link.publish("big.x", TWO_MEGABYTES)
        link.publish("big.y", TWO_MEGABYTES, headers={"K": "v"})
    await seen.reach(8)
    digest = hashlib.sha256(TWO_MEGABYTES).hexdigest()
    assert [hashlib.sha256(payload).hexdigest() for payload in seen.payloads] == [digest] * 8


async def test_a_server_that_takes_less_is_believed(links: Links, servers: Servers) -> None:
    link = await links.connect(servers.start("max_payload: 1KB"))
    with pytest.raises(NatsError, match="1024"):
        link.publish("big.x", b"x" * 1025)
    link.publish("big.x", b"x" * 1024)
    await link.flush()
    assert link.connected


async def test_more_than_may_wait_is_refused_and_counted(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain, waiting_bytes_max=100_000)
    accepted = 0
    with pytest.raises(NatsError, match="100000"):  # noqa: PT012 - the first that is too much
        for _ in range(1_000_000):
            link.publish("full.x", b"x" * 1000)
            accepted += 1
    assert (link.counters.sent, link.counters.dropped) == (accepted, 1)
    await link.flush()
    link.publish("full.x", b"after")
    await link.flush()
    assert link.counters.sent == accepted + 1
