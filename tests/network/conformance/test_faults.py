"""A bad line: cut, stalled, slow, in crumbs and garbled. The link comes back, and says what was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from letrade.core.ids import generator
from tests.network.conformance.links import Links, Seen, back_again, errors_of, subscribed
from tests.network.proxy import FaultProxy
from tests.network.running import eventually
from tests.network.servers import NatsServer

QUICK_PINGS = {"ping_interval_seconds": 0.1}
MARK = b"-the-payload-of-a-message-that-is-watched-"


async def test_a_line_cut_in_the_middle_of_a_message_hands_over_no_part_of_it(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        link, other = await links.connect(proxy), await links.connect(plain)
        seen, errors = await subscribed(link, "cut.x"), errors_of(link)
        for number, cut_after in enumerate((1, 10, 25, 50_000, 100_000), start=1):
            proxy.down.cut_after_bytes = cut_after
            other.publish("cut.x", b"x" * 100_000)
            await back_again(link, number)
            await link.flush()
        other.publish("cut.x", b"whole")
        await seen.reach(1)
        assert seen.payloads == [b"whole"]
        assert errors
        assert link.counters.reconnects == 5


async def test_a_line_cut_while_we_send_loses_what_was_on_its_way_and_no_more(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        link, other = await links.connect(proxy), await links.connect(plain)
        seen = await subscribed(other, "cut.x")
        proxy.up.cut_after_bytes = 50_000
        for number in range(1000):
            link.publish("cut.x", b"%d" % number + b" " * 200)
        await back_again(link)
        link.publish("cut.x", b"1000")
        await eventually(lambda: bool(seen) and seen[-1][1] == b"1000", "the message after the break")
        numbers = [int(payload) for payload in seen.payloads]
        assert numbers[:-1] == list(range(len(numbers) - 1))
        assert 0 < len(numbers) < 1000


async def test_a_stalled_line_is_noticed_and_left(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        link, other = await links.connect(proxy, **QUICK_PINGS), await links.connect(plain)
        seen, errors = await subscribed(link, "stall.x"), errors_of(link)
        proxy.stall()
        await back_again(link)
        other.publish("stall.x", b"1")
        await seen.reach(1)
        assert errors


async def test_bytes_that_a_stalled_line_did_not_take_are_counted(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        link = await links.connect(proxy, **QUICK_PINGS)
        proxy.stall()
        for _ in range(16):
            link.publish("stall.x", b"x" * 2**20)
        await back_again(link)
        assert link.counters.unwritten_bytes + 2**20 * link.counters.dropped > 2**20
        await link.flush()


async def test_closing_on_a_stalled_line_does_not_wait_for_it(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        link = await links.connect(proxy)
        proxy.stall()
        for _ in range(16):
            link.publish("stall.x", b"x" * 2**20)
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await link.close()
        assert not link.connected
        assert link.counters.dropped + link.counters.unwritten_bytes > 0


async def test_a_short_stall_is_waited_for_and_loses_nothing(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        link, other = await links.connect(proxy), await links.connect(plain)
        seen = await subscribed(link, "stall.x")
        proxy.stall()
        for number in range(100):
            other.publish("stall.x", b"%d" % number)
        await other.flush()
        assert seen == []
        proxy.resume()
        await seen.reach(100)
        assert seen.payloads == [b"%d" % number for number in range(100)]
        assert link.counters.reconnects == 0


async def test_a_slow_line_delays_and_changes_nothing_else(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        proxy.up.delay_seconds = proxy.down.delay_seconds = 0.02
        link, other = await links.connect(proxy, **QUICK_PINGS), await links.connect(plain)
        other.subscribe("slow.twice", lambda subject, payload, reply: other.publish(reply, payload * 2))
        await other.flush()
        answers = await asyncio.gather(*(link.request("slow.twice", b"%d." % number, 30.0) for number in range(50)))
        assert answers == [b"%d.%d." % (number, number) for number in range(50)]
        assert link.counters.reconnects == 0


@pytest.mark.parametrize("chunk_bytes", [1, 2, 7])
async def test_crumbs_make_whole_messages(links: Links, plain: NatsServer, chunk_bytes: int) -> None:
    async with FaultProxy(plain.port) as proxy:
        proxy.up.chunk_bytes = proxy.down.chunk_bytes = chunk_bytes
        link = await links.connect(proxy)
        seen, heads = await subscribed(link, "crumbs.*"), list[tuple[bytes, bytes]]()
        link.subscribe_service("crumbs.h", lambda subject, payload, reply, head: heads.append((payload, head)))
        link.subscribe("crumbs.ask", lambda subject, payload, reply: link.publish(reply, payload * 2))
        sent = [b"", b"\r\n", b"a\r\nMSG crumbs.x 1 1\r\nz\r\n", bytes(range(256))]
        for payload in sent:
            link.publish("crumbs.x", payload)
            link.publish("crumbs.h", payload, headers={"K": "v"})
        await link.flush()
        assert [payload for subject, payload in seen if subject == "crumbs.x"] == sent
        assert heads == [(payload, b"NATS/1.0\r\nK: v\r\n\r\n") for payload in sent]
        assert await link.request("crumbs.ask", b"12", 30.0) == b"1212"


def once(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Garbles the first bytes in which there is something to garble, and no others."""
    done: list[bytes] = []

    def garble(data: bytes) -> bytes:
        changed = data if done else change(data)
        if changed != data:
            done.append(changed)
        return changed

    return garble


GARBLED: dict[str, Callable[[bytes], bytes]] = {
    "another verb": lambda data: data.replace(b"MSG watch.x", b"MXG watch.x", 1),
    "no verb": lambda data: data.replace(b"MSG watch.x", b"    watch.x", 1),
    "longer than it is": lambda data: data.replace(b" 42\r\n", b" 43\r\n", 1),
    "shorter than it is": lambda data: data.replace(b" 42\r\n", b" 41\r\n", 1),
    "a length of letters": lambda data: data.replace(b" 42\r\n", b" x2\r\n", 1),
    "a negative length": lambda data: data.replace(b" 42\r\n", b" -2\r\n", 1),
    "a length beyond all limits": lambda data: data.replace(b" 42\r\n", b" 99999999999999999999\r\n", 1),
    "another end": lambda data: data.replace(MARK + b"\r\n", MARK + b"ab", 1),
    "headers longer than all": lambda data: data.replace(b"MSG watch.x", b"HMSG watch.x", 1),
    "a line without end": lambda data: data.replace(b"MSG watch.x", b"M" * 5_000_000, 1),
    "a broken INFO": lambda data: data.replace(b"MSG watch.x", b"INFO {\r\nMSG watch.x", 1),
    "an INFO of another kind": lambda data: data.replace(b"MSG watch.x", b"INFO [1]\r\nMXG watch.x", 1),
    "an error without end": lambda data: data.replace(b"MSG watch.x", b"-ERR 'Parser Error'\r\nMSG watch.x", 1),
}


@pytest.mark.parametrize("garble", GARBLED.values(), ids=GARBLED.keys())
async def test_garbled_bytes_end_the_connection_and_never_reach_a_handler(
    links: Links, plain: NatsServer, garble: Callable[[bytes], bytes]
) -> None:
    assert len(MARK) == 42
    async with FaultProxy(plain.port) as proxy:
        link, other = await links.connect(proxy, **QUICK_PINGS), await links.connect(plain)
        seen, errors = await subscribed(link, "watch.x"), errors_of(link)
        proxy.down.garble = once(garble)
        other.publish("watch.x", MARK)
        await eventually(lambda: bool(errors), "the report")

        async def answered() -> bool:
            other.publish("watch.x", b"after")
            await other.flush()
            await asyncio.sleep(0.02)
            return b"after" in seen.payloads

        for _ in range(500):
            if await answered():
                break
        assert set(seen.payloads) <= {MARK, b"after"}
        assert b"after" in seen.payloads
        assert link.connected


@pytest.mark.parametrize("seed", range(8))
async def test_noise_at_any_place_of_the_line_is_survived(links: Links, plain: NatsServer, seed: int) -> None:
    """Payloads say themselves how they should look; the bytes between them are where the noise goes."""
    chance = generator(seed, "noise")
    payload = b"0123456789"

    def noise(data: bytes) -> bytes:
        frames = data.split(payload)
        place = chance.randrange(len(frames))
        frame = bytearray(frames[place])
        for _ in range(3 if frame else 0):
            frame[chance.randrange(len(frame))] = chance.randrange(256)
        frames[place] = bytes(frame)
        return payload.join(frames)

    async with FaultProxy(plain.port) as proxy:
        link, other = await links.connect(proxy, **QUICK_PINGS), await links.connect(plain)
        seen = Seen()
        link.subscribe("noise.*", seen)
        await link.flush()
        for _ in range(10):
            proxy.down.garble = once(noise)
            for _ in range(20):
                other.publish("noise.x", payload)
            await other.flush()
            await asyncio.sleep(0.01)
        proxy.down.garble = None

        async def heard() -> bool:
            before = len(seen)
            other.publish("noise.end", payload)
            await other.flush()
            await asyncio.sleep(0.05)
            return len(seen) > before and link.connected

        for _ in range(200):
            if await heard():
                break
        assert seen
        assert await heard()


async def test_a_garbled_greeting_is_tried_again(links: Links, plain: NatsServer) -> None:
    async with FaultProxy(plain.port) as proxy:
        for broken in (
            b"INFO {\r\n",
            b"INFO \xff\xfe\r\n",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"INFO []\r\n",
            b"\x00" * 64 + b"\r\n",
        ):
            proxy.down.garble = once(lambda data, broken=broken: broken)  # type: ignore[misc]
            link = await links.connect(proxy)
            await link.flush()


async def test_a_reconnect_meets_a_server_that_refuses_and_garbles_and_succeeds_in_the_end(
    links: Links, plain: NatsServer
) -> None:
    async with FaultProxy(plain.port) as proxy:
        link = await links.connect(proxy)
        seen = await subscribed(link, "again.x")
        proxy.refuses = True
        proxy.cut()
        before = proxy.accepted
        await eventually(lambda: proxy.accepted > before + 2, "attempts")
        proxy.down.garble = lambda data: b"nonsense" * 10 + b"\r\n"
        proxy.refuses = False
        before = proxy.accepted
        await eventually(lambda: proxy.accepted > before + 2, "attempts")
        proxy.down.garble = None
        await back_again(link)
        link.publish("again.x", b"1")
        await seen.reach(1)
