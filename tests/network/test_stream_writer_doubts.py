"""Messages whose fate a StreamWriter cannot know: not sent again once that could double them, and told as unknown."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from letrade.core.errors import TimeoutExpired
from letrade.core.network.link import Link, LinkConfig
from letrade.core.network.links import new_link
from letrade.core.network.server import PrivateServer
from letrade.core.network.stream_writer import StreamWriter, Unstored, WriterConfig
from tests.network.proxy import FaultProxy
from tests.network.running import connected_link, eventually, running_server
from tests.network.streams import STREAM, make_stream, silent_stream, stored_payloads

QUICK = WriterConfig(answer_timeout_seconds=0.2, leader_patience_seconds=0.3, patience_seconds=20)


def test_without_an_answer_a_message_with_an_id_is_sent_again_until_patience_ends(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link, connected_link(server) as other:
            await make_stream(link)
            came = await silent_stream(other, answering=False)
            unstored: list[Unstored] = []
            config = msgspec.structs.replace(QUICK, patience_seconds=1.0)
            async with StreamWriter(link, STREAM, unstored.append, config) as writer:
                await writer.publish("s.x", b"named", "id")
                await writer.publish("s.x", b"nameless")
                totals = await writer.flush()
            payloads = [payload for payload, _ in came]
            assert payloads.count(b"nameless") == 1
            assert 2 < payloads.count(b"named") < 8
            assert len({reply for payload, reply in came if payload == b"named"}) == 1
            assert (totals.unknown, len(unstored)) == (2, 2)
            assert all(isinstance(message.error, TimeoutExpired) for message in unstored)

    asyncio.run(body())


@asynccontextmanager
async def link_through(proxy: FaultProxy, server: PrivateServer) -> AsyncIterator[Link]:
    login = server.address.passwords["desk"]
    link = new_link(LinkConfig(servers=(proxy.url,), name="t", user="letrade", password=login))
    await link.connect()
    try:
        yield link
    finally:
        await link.close()


def test_after_a_pause_in_which_the_stream_forgot_its_id_a_message_is_not_sent_again(tmp_path: Path) -> None:
    swallowed: list[bytes] = []

    def swallow(data: bytes) -> bytes:
        swallowed.append(data)
        return b""

    async def body() -> None:
        async with (
            running_server(tmp_path) as server,
            FaultProxy(server.config.port or 0) as proxy,
            link_through(proxy, server) as link,
        ):
            await make_stream(link, duplicate_window=100_000_000)
            unstored: list[Unstored] = []
            async with StreamWriter(link, STREAM, unstored.append, QUICK) as writer:
                proxy.down.garble = swallow
                await writer.publish("t.x", b"once", "id")
                await eventually(lambda: b'"seq"' in b"".join(swallowed), "the answer that is lost")
                proxy.cut()
                proxy.down.garble = None
                time.sleep(0.5)  # noqa: ASYNC251 - the process is stopped: neither its turns nor its loop go on
                totals = await writer.flush()
            assert (totals.stored, totals.unknown, totals.resent) == (0, 1, 0)
            assert isinstance(unstored[0].error, TimeoutExpired)
            assert await stored_payloads(link) == [b"once"]

    asyncio.run(body())


@pytest.mark.parametrize("message_id", ["id", None])
def test_a_refusal_of_a_message_that_was_sent_twice_leaves_it_in_doubt(tmp_path: Path, message_id: str | None) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link, connected_link(server) as other:
            await make_stream(link)
            came = await silent_stream(other, answering=False)
            unstored: list[Unstored] = []
            config = msgspec.structs.replace(QUICK, duplicates_ok=True)
            async with StreamWriter(link, STREAM, unstored.append, config) as writer:
                await writer.publish("s.x", b"", message_id)
                await eventually(lambda: len(came) > 1, "the second sending")
                refusal = b'{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"}}'
                other.publish(came[0][1], refusal)
                totals = await writer.flush()
            assert (totals.refused, totals.unknown) == (0, 1)
            assert isinstance(unstored[0].error, TimeoutExpired)
            assert "maximum bytes exceeded (error 10077)" in str(unstored[0].error)

    asyncio.run(body())


def test_closing_ends_the_flush_that_waits(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link, connected_link(server) as other:
            await make_stream(link)
            await silent_stream(other, answering=False)
            writer = StreamWriter(link, STREAM, lambda message: None)
            await writer.open()
            await writer.publish("s.x", b"")
            flush = asyncio.create_task(writer.flush())
            await asyncio.sleep(0.02)
            assert not flush.done()
            writer.close()
            totals = await asyncio.wait_for(flush, 20)
            assert (totals.sent, totals.unknown) == (1, 1)

    asyncio.run(body())
