"""Requests: each gets its own reply, or learns at once or in time that there will be none."""

from __future__ import annotations

import asyncio

import pytest

from letrade.core.errors import NatsError, TimeoutExpired
from letrade.core.network.link import Link
from tests.network.conformance.links import Links, subscribed
from tests.network.running import eventually
from tests.network.servers import NatsServer, Servers


async def echo(link: Link, subject: str) -> None:
    """Answers each request with what it asked, twice."""
    link.subscribe(subject, lambda asked, payload, reply: link.publish(reply, payload * 2))
    await link.flush()


async def test_a_thousand_requests_at_once_get_their_own_replies(links: Links, plain: NatsServer) -> None:
    link, other = await links.connect(plain), await links.connect(plain)
    await echo(other, "r.twice")
    answers = await asyncio.gather(*(link.request("r.twice", b"%d." % number, 30.0) for number in range(1000)))
    assert answers == [b"%d.%d." % (number, number) for number in range(1000)]


async def test_a_request_that_nobody_hears_fails_at_once(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    with pytest.raises(NatsError, match="nobody listens"):
        await link.request("r.nobody", b"", 3600.0)


async def test_a_request_that_nobody_answers_times_out_and_its_late_reply_goes_to_no_other(
    links: Links, plain: NatsServer
) -> None:
    link, other = await links.connect(plain), await links.connect(plain)
    asked: list[str] = []
    other.subscribe("r.slow", lambda subject, payload, reply: asked.append(reply))
    await other.flush()
    with pytest.raises(TimeoutExpired, match=r"r\.slow"):
        await link.request("r.slow", b"", 0.05)
    second = asyncio.ensure_future(link.request("r.slow", b"", 30.0))
    await eventually(lambda: len(asked) == 2, "the second request")
    other.publish(asked[0], b"late")
    other.publish(asked[1], b"in time")
    other.publish(asked[1], b"again")
    assert await second == b"in time"
    await link.flush()
    assert link.connected


async def test_a_cancelled_request_leaves_nothing_behind(links: Links, plain: NatsServer) -> None:
    link, other = await links.connect(plain), await links.connect(plain)
    asked: list[str] = []
    other.subscribe("r.cancelled", lambda subject, payload, reply: asked.append(reply))
    await other.flush()
    task = asyncio.ensure_future(link.request("r.cancelled", b"", 30.0))
    await eventually(lambda: bool(asked), "the request")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    other.publish(asked[0], b"late")
    await other.flush()
    await echo(other, "r.after")
    assert await link.request("r.after", b"x", 30.0) == b"xx"


async def test_headers_of_a_request_reach_the_service_and_payloads_stay_apart_from_them(
    links: Links, plain: NatsServer
) -> None:
    link, other = await links.connect(plain), await links.connect(plain)
    asked: list[tuple[bytes, bytes]] = []

    def serve(subject: str, payload: bytes, reply: str, headers: bytes) -> None:
        asked.append((payload, headers))
        other.publish(reply, b"done", headers={"Answer": "a b: c"})

    other.subscribe_service("r.headers", serve, "q")
    await other.flush()
    headers = {"Nats-Msg-Id": "desk:1:7", "Empty": "", "Text": "käse: 1, 2"}
    assert await link.request("r.headers", b"ask", 30.0, headers) == b"done"
    assert await link.request("r.headers", b"", 30.0) == b"done"
    block = "NATS/1.0\r\nNats-Msg-Id: desk:1:7\r\nEmpty: \r\nText: käse: 1, 2\r\n\r\n".encode()
    assert asked == [(b"ask", block), (b"", b"")]


async def test_a_plain_handler_gets_the_payload_without_the_headers(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    seen = await subscribed(link, "r.plain")
    link.publish("r.plain", b"payload", headers={"K": "v"})
    link.publish("r.plain", b"", headers={"K": "v"})
    await seen.reach(2)
    assert seen.payloads == [b"payload", b""]


async def test_an_error_status_in_a_reply_that_is_not_503_is_an_answer(links: Links, plain: NatsServer) -> None:
    link, other = await links.connect(plain), await links.connect(plain)
    other.subscribe("r.status", lambda subject, payload, reply: other.publish(reply, b"no", headers={"Status": "503"}))
    await other.flush()
    assert await link.request("r.status", b"", 30.0) == b"no"


async def test_a_request_on_a_closed_link_is_refused(links: Links, plain: NatsServer) -> None:
    link = await links.connect(plain)
    await link.close()
    with pytest.raises(NatsError, match="not connected"):
        await link.request("r.x", b"", 30.0)


async def test_what_is_wrong_with_a_request_is_raised_where_it_is_awaited(links: Links, servers: Servers) -> None:
    server = servers.start()
    link = await links.connect(server)
    await echo(link, "r.echo")
    asked = (link.request("r.echo", b"1", 30.0), link.request("r. bad", b"", 30.0), link.request("r.echo", b"2", 30.0))
    first, bad, last = await asyncio.gather(*asked, return_exceptions=True)
    assert (first, type(bad), last) == (b"11", NatsError, b"22")
    server.kill()
    await eventually(lambda: not link.connected, "the loss")
    lost = await asyncio.gather(*(link.request("r.echo", b"", 30.0) for _ in range(2)), return_exceptions=True)
    assert [type(error) for error in lost] == [NatsError, NatsError]
    assert all("not connected" in str(error) for error in lost)
