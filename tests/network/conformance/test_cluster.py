"""Several servers: those that nobody named are found, and the loss of one is a change of place."""

from __future__ import annotations

import asyncio

import pytest

from letrade.core.errors import LetradeError
from letrade.core.network.jetstream import JetStream
from letrade.core.network.link import Link
from tests.network.conformance.links import Links, back_again, subscribed
from tests.network.running import eventually
from tests.network.servers import Servers

LAME_DUCK = "lame_duck_duration: 30s\nlame_duck_grace_period: 10s"
PASSWORD = "authorization { users: [ { user: trader, password: cluster-password } ] }"


async def test_servers_that_the_first_one_tells_of_are_used_when_it_dies(links: Links, servers: Servers) -> None:
    first, second = servers.start_cluster(2, PASSWORD)
    link = await links.connect(f"nats://trader:cluster-password@{first.place}")
    seen = await subscribed(link, "t.x")
    first.kill()
    await back_again(link)
    assert link.server.name == second.name
    link.publish("t.x", b"1")
    await seen.reach(1)


async def test_a_lame_duck_is_left_before_it_goes_and_messages_go_on(links: Links, servers: Servers) -> None:
    first, second = servers.start_cluster(2, LAME_DUCK)
    link, other = await links.connect(first), await links.connect(second)
    seen = await subscribed(link, "t.x")
    link.publish("t.x", b"before")
    await seen.reach(1)
    first.lame_duck()
    await back_again(link)
    assert link.server.name == second.name
    await link.flush()
    other.publish("t.x", b"after")
    await seen.reach(2)
    assert (seen.payloads, link.counters.dropped) == ([b"before", b"after"], 0)


async def test_a_lame_duck_without_another_server_is_not_left(links: Links, servers: Servers) -> None:
    server = servers.start(LAME_DUCK)
    link = await links.connect(server)
    seen = await subscribed(link, "t.x")
    server.lame_duck()
    server.wait_for_log("Entering lame duck mode")
    for _ in range(20):
        await link.flush()
        await asyncio.sleep(0.01)
    link.publish("t.x", b"1")
    await seen.reach(1)
    assert link.counters.reconnects == 0


async def write_until_stored(link: Link, payload: bytes, identity: str) -> None:
    """As a journal does: the same message under the same id, until it is known to be stored."""
    while True:
        try:
            answer = await link.request("j.x", payload, 0.5, {"Nats-Msg-Id": identity})
        except LetradeError:
            await asyncio.sleep(0.05)
            continue
        if b'"seq"' in answer:
            return


@pytest.mark.timeout(60)
async def test_a_cluster_that_loses_our_node_and_the_leader_keeps_every_acknowledged_message(
    links: Links, servers: Servers
) -> None:
    nodes = servers.start_cluster(3, jetstream=True)
    watcher = await links.connect(nodes[0])
    await ensure_stream(watcher)
    leader = (await JetStream(watcher).ask("STREAM.INFO.J"))["cluster"]["leader"]
    node = next(node for node in nodes if node.name == leader)
    others = tuple(other.url for other in nodes if other is not node)
    link, survivor = await links.connect(node), await links.connect(others)
    for number in range(100):
        await write_until_stored(link, b"%d" % number, f"id:{number}")
    node.kill()
    await back_again(link)
    assert link.server.name != leader
    for number in range(100, 200):
        await write_until_stored(link, b"%d" % number, f"id:{number}")
    stored: list[bytes] = []
    for sequence in range(1, 201):
        message = await JetStream(survivor).next("J", "j.x", sequence)
        assert message is not None
        stored.append(message.payload)
    assert stored == [b"%d" % number for number in range(200)]


async def ensure_stream(link: Link) -> None:
    """A stream on all three nodes, once the cluster has chosen a leader."""
    configuration = {"subjects": ["j.>"], "storage": "memory", "num_replicas": 3}
    problem: list[LetradeError] = []

    async def made() -> bool:
        try:
            await JetStream(link).ensure_stream("J", configuration)
        except LetradeError as error:
            problem[:] = [error]
            return False
        return True

    for _ in range(200):
        if await made():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"no stream over three nodes: {problem}")


async def test_every_client_of_a_cluster_hears_every_other(links: Links, servers: Servers) -> None:
    nodes = servers.start_cluster(2)
    near, far = await links.connect(nodes[0]), await links.connect(nodes[1])
    seen = await subscribed(near, "t.>")

    async def heard() -> bool:
        far.publish("t.probe", b"")
        await far.flush()
        return bool(seen)

    for _ in range(200):  # interest takes a moment to reach the other node
        if await heard():
            break
        await asyncio.sleep(0.01)
    seen.clear()
    for number in range(1000):
        far.publish("t.x", b"%d" % number)
    await eventually(lambda: len([one for one in seen if one[0] == "t.x"]) == 1000, "all messages")
    assert [payload for subject, payload in seen if subject == "t.x"] == [b"%d" % number for number in range(1000)]
