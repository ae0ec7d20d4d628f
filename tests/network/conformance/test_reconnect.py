"""Servers that die and return: what holds, what is sent late, and what never is."""

from __future__ import annotations

import asyncio
import socket

import pytest

from letrade.core.errors import NatsError, TimeoutExpired
from letrade.core.network.server_files import any_free_port
from tests.network.conformance.links import Links, Seen, back_again, errors_of, subscribed, turns
from tests.network.proxy import FaultProxy
from tests.network.running import eventually
from tests.network.servers import NatsServer, Servers


async def test_subscriptions_hold_and_only_what_may_be_late_is_sent_late(links: Links, servers: Servers) -> None:
    server = servers.start()
    link, states = await links.connect(server), list[str]()
    seen, in_queue = await subscribed(link, "t.x"), await subscribed(link, "t.x", queue="q")
    link.on_disconnected.append(lambda: states.append("down"))
    link.on_reconnected.append(lambda: states.append("up"))
    server.kill()
    await eventually(lambda: states == ["down"], "the loss")
    assert not link.connected
    with pytest.raises(NatsError, match="late"):
        link.publish("t.x", b"order")
    with pytest.raises(NatsError):
        await link.request("t.x", b"order", 30.0)
    with pytest.raises(NatsError):
        await link.flush()
    link.publish("t.x", b"news", late_ok=True)
    link.subscribe("t.y", seen)
    server.start()
    await back_again(link)
    link.publish("t.x", b"after")
    link.publish("t.y", b"new")
    await seen.reach(3)
    assert seen.payloads == [b"news", b"after", b"new"]
    assert in_queue.payloads == [b"news", b"after"]
    assert (states, link.counters.reconnects) == (["down", "up"], 1)


async def test_it_comes_back_again_and_again(links: Links, servers: Servers) -> None:
    server = servers.start()
    link, states = await links.connect(server), list[str]()
    link.on_disconnected.append(lambda: states.append("down"))
    link.on_reconnected.append(lambda: states.append("up"))
    seen = await subscribed(link, "t.x")
    for number in range(1, 4):
        server.kill()
        await eventually(lambda: not link.connected, "the loss")
        server.start()
        await back_again(link, number)
        link.publish("t.x", b"%d" % number)
        await seen.reach(number)
    assert seen.payloads == [b"1", b"2", b"3"]
    assert states == ["down", "up"] * 3


async def test_a_limit_counts_over_a_reconnect(links: Links, servers: Servers) -> None:
    server = servers.start()
    link = await links.connect(server)
    seen = await subscribed(link, "t.x", limit=5)
    spent = await subscribed(link, "t.spent", limit=1)
    link.publish("t.spent", b"")
    for number in range(3):
        link.publish("t.x", b"%d" % number)
    await seen.reach(3)
    await spent.reach(1)
    server.kill()
    server.start()
    await back_again(link)
    link.publish("t.spent", b"")
    for number in range(3, 10):
        link.publish("t.x", b"%d" % number)
    await link.flush()
    assert seen.payloads == [b"0", b"1", b"2", b"3", b"4"]
    assert len(spent) == 1


async def test_what_was_unsubscribed_while_away_does_not_return(links: Links, servers: Servers) -> None:
    server = servers.start()
    link, gone = await links.connect(server), Seen()
    subscription = link.subscribe("t.gone", gone)
    kept = await subscribed(link, "t.>")
    server.kill()
    await eventually(lambda: not link.connected, "the loss")
    subscription.unsubscribe()
    server.start()
    await back_again(link)
    link.publish("t.gone", b"")
    await kept.reach(1)
    await link.flush()
    assert gone == []


async def test_a_request_whose_connection_breaks_is_unknown_at_once(links: Links, servers: Servers) -> None:
    server = servers.start()
    link = await links.connect(server)
    asked = await subscribed(link, "t.silent")
    request = asyncio.ensure_future(link.request("t.silent", b"", 3600.0))
    await asked.reach(1)
    server.kill()
    with pytest.raises(TimeoutExpired):
        await request


async def test_a_wait_for_the_server_ends_when_the_connection_breaks(links: Links, servers: Servers) -> None:
    server = servers.start()
    link = await links.connect(server)
    server.kill()
    with pytest.raises((NatsError, TimeoutExpired)):
        await link.flush(3600.0)


async def test_a_dead_server_in_the_list_is_passed_over(links: Links, plain: NatsServer) -> None:
    dead = f"nats://127.0.0.1:{any_free_port('127.0.0.1')}"
    for urls in ((dead, plain.url), (plain.url, dead), (dead, dead, plain.url)):
        link = await links.connect(urls)
        assert link.server.name == plain.name


async def test_the_next_server_in_the_list_is_taken_when_the_first_dies(links: Links, servers: Servers) -> None:
    first, second = servers.start(name="first"), servers.start(name="second")
    link = await links.connect((first.url, second.url))
    seen = await subscribed(link, "t.x")
    by_name = {server.name: server for server in (first, second)}
    by_name.pop(link.server.name).kill()
    await back_again(link)
    assert link.server.name in by_name
    link.publish("t.x", b"1")
    await seen.reach(1)


async def test_an_ipv6_address_stands_in_brackets(links: Links, servers: Servers) -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    server = servers.start(host="::1")
    link = await links.connect(f"nats://[::1]:{server.port}")
    seen = await subscribed(link, "t.x")
    link.publish("t.x", b"1")
    await seen.reach(1)


async def test_nobody_at_all_is_a_clear_error_in_the_time_allowed(links: Links) -> None:
    ports = [any_free_port("127.0.0.1") for _ in range(2)]
    link = links.new(tuple(f"nats://127.0.0.1:{port}" for port in ports), connect_timeout_seconds=0.3)
    with pytest.raises(NatsError, match=f"{ports[0]}.*{ports[1]}"):
        await link.connect()
    assert not link.connected
    with pytest.raises(NatsError):
        link.publish("t.x", b"")


async def test_a_listener_that_never_speaks_is_a_clear_error(links: Links) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(NatsError, match=str(port)):
            await links.new(f"nats://127.0.0.1:{port}", connect_timeout_seconds=0.5).connect()


async def test_a_server_that_is_away_is_reported_once_and_not_at_each_attempt(links: Links, servers: Servers) -> None:
    server = servers.start()
    link = await links.connect(server, reconnect_wait_seconds=0.005)
    errors = errors_of(link)
    server.kill()
    await eventually(lambda: not link.connected, "the loss")
    await asyncio.sleep(0.3)  # dozens of attempts
    assert 1 <= len(errors) <= 6


async def test_closing_is_final_and_can_be_repeated(links: Links, plain: NatsServer) -> None:
    link, states = await links.connect(plain), list[str]()
    link.on_disconnected.append(lambda: states.append("down"))
    await link.close()
    await link.close()
    await turns()
    assert not link.connected
    assert states == []
    for late_ok in (False, True):
        with pytest.raises(NatsError):
            link.publish("t.x", b"", late_ok=late_ok)
    with pytest.raises(NatsError):
        link.subscribe("t.x", lambda *message: None)
    with pytest.raises(NatsError):
        await link.flush()


async def test_closing_while_the_server_is_away_does_not_wait(links: Links, servers: Servers) -> None:
    server = servers.start()
    link = await links.connect(server)
    server.kill()
    await eventually(lambda: not link.connected, "the loss")
    link.publish("t.x", b"news", late_ok=True)
    async with asyncio.timeout(5):
        await link.close()
    assert link.counters.dropped == 1


async def test_drain_handles_what_has_come_and_sends_what_its_handlers_answer(links: Links, plain: NatsServer) -> None:
    link, other = await links.connect(plain), await links.connect(plain)
    answered = await subscribed(other, "t.answer")
    link.subscribe("t.ask", lambda subject, payload, reply: link.publish("t.answer", payload))
    await link.flush()
    for number in range(500):
        other.publish("t.ask", b"%d" % number)
    await other.flush()
    await link.drain()
    await answered.reach(500)
    assert answered.payloads == [b"%d" % number for number in range(500)]
    assert not link.connected
    with pytest.raises(NatsError):
        link.publish("t.x", b"")


async def test_a_link_is_connected_once(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        link = await links.connect(proxy)
        seen, again = await subscribed(link, "t.once"), list[asyncio.Task[None]]()
        with pytest.raises(NatsError, match="connected once"):
            await link.connect()
        assert (link.connected, proxy.accepted) == (True, 1)
        link.on_disconnected.append(lambda: again.append(asyncio.ensure_future(link.connect())))
        proxy.cut()
        await back_again(link)
        with pytest.raises(NatsError, match="connected once"):
            await again[0]
        await asyncio.sleep(0.1)  # a second attempt would have come by now
        link.publish("t.once", b"1")
        await link.flush()
        await turns()
        assert (seen.payloads, link.counters.reconnects, proxy.accepted) == ([b"1"], 1, 2)
