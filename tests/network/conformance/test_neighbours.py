"""What slow ones do to others and to themselves, and that nothing grows."""

from __future__ import annotations

import asyncio
import gc
import os

import psutil

from letrade.core.clock import sleep
from letrade.core.network.link import Link
from tests.network.conformance.links import Links, subscribed
from tests.network.running import eventually
from tests.network.servers import NatsServer, Servers

WARM_UP_MESSAGES = 100_000
WATCHED_MESSAGES = 1_000_000
GROWTH_BYTES_MAX = 6 * 2**20
BURST = 500


async def test_a_subscriber_that_never_reads_slows_nobody_down(links: Links, servers: Servers) -> None:
    server = servers.start("max_pending: 4MB")
    _, stuck = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    stuck.write(b'CONNECT {"verbose":false}\r\nSUB > 1\r\nPING\r\n')
    await stuck.drain()
    stuck.transport.pause_reading()  # type: ignore[attr-defined] # nothing is read from now on
    sender, healthy = await links.connect(server), await links.connect(server)
    seen = await subscribed(healthy, "t.x")
    for number in range(20_000):
        sender.publish("t.x", b"%d" % number + b" " * 1000)
        if number % BURST == 0:
            await sender.flush()
    await seen.reach(20_000)
    assert [int(payload) for payload in seen.payloads] == list(range(20_000))
    assert (sender.counters.dropped, sender.counters.reconnects, healthy.counters.reconnects) == (0, 0, 0)
    held_bytes = [connection["pending_bytes"] for connection in server.monitor("connz")["connections"]]
    assert max(held_bytes, default=0) > 2**20  # of the one that never reads
    stuck.transport.abort()


async def test_a_process_that_is_busy_for_seconds_loses_nothing_and_keeps_its_connection(
    links: Links, servers: Servers
) -> None:
    server = servers.start("ping_interval: 1s\nping_max: 3")
    link = await links.connect(server, ping_interval_seconds=0.2)
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    seen = await subscribed(link, "t.x")
    writer.write(b'CONNECT {"verbose":false}\r\n' + b"".join(b"PUB t.x 4\r\n%04d\r\n" % n for n in range(5000)))
    await writer.drain()
    sleep(2.0)  # no loop turns: the whole process is busy
    await seen.reach(5000)
    assert [int(payload) for payload in seen.payloads] == list(range(5000))
    await link.flush()
    assert link.counters.reconnects == 0
    writer.transport.abort()


async def exchange(sender: Link, link: Link, count: int) -> None:
    """So many messages in bursts, of changing subjects, with requests in between."""
    for start in range(0, count, BURST):
        for number in range(start, start + BURST):
            sender.publish(f"m.{number % 50_000}", b"x" * (number % 200))
        await link.request("m.ask", b"", 30.0)


async def test_memory_does_not_grow_with_messages(links: Links, plain: NatsServer) -> None:
    sender, link = await links.connect(plain), await links.connect(plain)
    link.subscribe("m.*", lambda subject, payload, reply: None)
    sender.subscribe("m.ask", lambda subject, payload, reply: sender.publish(reply, payload))
    await link.flush()
    await sender.flush()
    watched = WATCHED_MESSAGES if links.client == "letrade" else WATCHED_MESSAGES // 5
    await exchange(sender, link, WARM_UP_MESSAGES)
    gc.collect()
    before = psutil.Process(os.getpid()).memory_info().rss
    await exchange(sender, link, watched)
    await eventually(lambda: link.counters.received >= WARM_UP_MESSAGES + watched, "all messages")
    gc.collect()
    assert psutil.Process(os.getpid()).memory_info().rss - before < GROWTH_BYTES_MAX


async def test_memory_does_not_grow_with_subscriptions_requests_and_reconnects(links: Links, servers: Servers) -> None:
    server = servers.start()
    link = await links.connect(server)
    link.subscribe("m.ask", lambda subject, payload, reply: link.publish(reply, payload))

    async def round_of_all() -> None:
        for _ in range(500):
            link.subscribe("m.x", lambda subject, payload, reply: None).unsubscribe()
            link.subscribe("m.x", lambda subject, payload, reply: None, limit=1)
            link.publish("m.x", b"x" * 1000)
            await link.request("m.ask", b"x" * 1000, 30.0)
        reconnects = link.counters.reconnects
        server.kill()
        server.start()
        await eventually(lambda: link.connected and link.counters.reconnects > reconnects, "the return")

    await round_of_all()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(3):
        await round_of_all()
    gc.collect()
    assert len(gc.get_objects()) - before < 500
