"""Windowed writes: each message stored once or reported, through kills, refusals, doubles and silent servers."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from letrade.core.errors import NatsError, TimeoutExpired
from letrade.core.network.jetstream import EXPECTED_LAST, MESSAGE_ID, JetStream, JetStreamRefusal
from letrade.core.network.link import ClientName, Link, LinkConfig
from letrade.core.network.links import new_link
from letrade.core.network.server import PrivateServer
from letrade.core.network.stream_reader import StreamReader
from letrade.core.network.stream_writer import StreamWriter, Unstored, WriterConfig, WriterTotals
from tests.network.running import connected_link, eventually, running_server
from tests.network.servers import Servers
from tests.network.streams import STREAM, make_stream, read_all, silent_stream, stored_payloads

QUICK = WriterConfig(answer_timeout_seconds=0.2, leader_patience_seconds=0.3, patience_seconds=20)


def kill(server: PrivateServer) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)


def balances(totals: WriterTotals) -> bool:
    return totals.sent == totals.stored + totals.refused + totals.unknown


def test_what_is_written_is_stored_once_and_in_order(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            unstored: list[Unstored] = []
            async with StreamWriter(link, STREAM, unstored.append, WriterConfig(window_messages=100)) as writer:
                for number in range(3000):
                    await writer.publish(f"t.{number % 3}", b"%d" % number, f"id-{number}" if number % 2 else None)
                totals = await writer.flush()
            assert totals == WriterTotals(sent=3000, stored=3000, last_sequence=3000)
            assert await stored_payloads(link) == [b"%d" % number for number in range(3000)]
            assert unstored == []

    asyncio.run(body())


@pytest.mark.parametrize("client", ["letrade", "nats-py"])
def test_with_message_ids_servers_killed_under_load_lose_and_double_nothing(tmp_path: Path, client: ClientName) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server, client=client) as link:
            await make_stream(link)
            unstored: list[Unstored] = []
            count = 0
            async with StreamWriter(link, STREAM, unstored.append) as writer:
                for _ in range(3):
                    reconnects = link.counters.reconnects
                    for number in range(count, count + 4000):
                        await writer.publish("t.x", b"%d" % number, str(number))
                        if number == count + 2000:
                            kill(server)
                        if number % 100 == 0:
                            await asyncio.sleep(0)
                    count += 4000
                    await eventually(lambda seen=reconnects: link.counters.reconnects > seen, "the return")  # type: ignore[misc]
                totals = await writer.flush()
            assert unstored == []
            assert (totals.stored, totals.resent > 0, totals.reordered) == (count, True, 0)
            assert await stored_payloads(link) == [b"%d" % number for number in range(count)]

    asyncio.run(body())


def test_without_ids_what_the_kill_left_in_doubt_is_reported_and_never_sent_again(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            unstored: list[Unstored] = []
            async with StreamWriter(link, STREAM, unstored.append) as writer:
                for number in range(4000):
                    await writer.publish("t.x", b"%d" % number)
                    if number == 2000:
                        await asyncio.sleep(0)
                        kill(server)
                totals = await writer.flush()
            assert balances(totals)
            assert totals.unknown == len(unstored) > 0
            assert all(isinstance(message.error, TimeoutExpired) for message in unstored)
            stored = await stored_payloads(link)
            in_doubt = {message.payload for message in unstored}
            assert len(set(stored)) == len(stored)
            assert set(stored) | in_doubt == {b"%d" % number for number in range(4000)}

    asyncio.run(body())


def test_where_doubles_are_allowed_messages_without_ids_are_sent_again_too(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            unstored: list[Unstored] = []
            async with StreamWriter(link, STREAM, unstored.append, WriterConfig(duplicates_ok=True)) as writer:
                for number in range(4000):
                    await writer.publish("t.x", b"%d" % number)
                    if number == 2000:
                        await asyncio.sleep(0)
                        kill(server)
                totals = await writer.flush()
            assert (totals.stored, unstored) == (4000, [])
            assert set(await stored_payloads(link)) == {b"%d" % number for number in range(4000)}

    asyncio.run(body())


def test_an_id_that_the_stream_knows_is_counted_as_a_duplicate(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            async with StreamWriter(link, STREAM, print) as writer:
                for number in [*range(10), *range(10)]:
                    await writer.publish("t.x", b"", str(number))
                totals = await writer.flush()
            assert (totals.stored, totals.duplicates, totals.reordered) == (20, 10, 0)
            assert len(await stored_payloads(link)) == 10

    asyncio.run(body())


def test_each_refusal_names_its_message_and_does_not_stop_the_others(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            unstored: list[Unstored] = []
            async with StreamWriter(link, STREAM, unstored.append) as writer:
                await writer.publish("t.a", b"1", "a")
                await writer.publish("t.a", b"2", "b", {EXPECTED_LAST: "77"})
                await writer.publish("t.a", b"3", "c", {EXPECTED_LAST: "1"})
                totals = await writer.flush()
                (refused,) = unstored
                assert (refused.subject, refused.payload, refused.message_id) == ("t.a", b"2", "b")
                assert isinstance(refused.error, JetStreamRefusal)
                assert "wrong last sequence" in str(refused.error)
            assert (totals.stored, totals.refused) == (2, 1)
            assert await stored_payloads(link) == [b"1", b"3"]

    asyncio.run(body())


def test_a_full_stream_refuses_what_does_not_fit_and_takes_it_later(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            jetstream = await make_stream(link, max_bytes=20_000, discard="new")
            unstored: list[Unstored] = []
            async with StreamWriter(link, STREAM, unstored.append) as writer:
                for number in range(300):
                    await writer.publish("t.x", b"%100d" % number, str(number))
                totals = await writer.flush()
                assert balances(totals)
                assert totals.refused == len(unstored) > 0
                assert "maximum bytes" in str(unstored[0].error)
                settings = (await jetstream.ask(f"STREAM.INFO.{STREAM}"))["config"]
                await jetstream.ask(f"STREAM.UPDATE.{STREAM}", {**settings, "max_bytes": 10**6})
                for message in unstored:
                    await writer.publish(message.subject, message.payload, message.message_id)
                await writer.flush()
            assert sorted(await stored_payloads(link)) == [b"%100d" % number for number in range(300)]

    asyncio.run(body())


def test_a_subject_that_no_stream_takes_is_refused_after_an_elections_time(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            jetstream = await make_stream(link)
            await jetstream.ask("STREAM.CREATE.OTHER", {"name": "OTHER", "subjects": ["o.>"], "storage": "memory"})
            unstored: list[Unstored] = []
            async with StreamWriter(link, STREAM, unstored.append, QUICK) as writer:
                await writer.publish("nowhere", b"a")
                await writer.flush()
                await writer.publish("o.x", b"b")
                await writer.publish("t.x", b"c")
                totals = await writer.flush()
            assert (totals.stored, totals.refused) == (1, 2)
            assert [message.payload for message in unstored] == [b"a", b"b"]
            assert "no stream takes" in str(unstored[0].error)
            assert "'OTHER' took it" in str(unstored[1].error)
            with pytest.raises(JetStreamRefusal, match="stream not found"):
                await StreamWriter(link, "ABSENT", unstored.append).open()

    asyncio.run(body())


def test_a_stream_that_is_made_again_in_time_gets_what_waited_for_it(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            jetstream = await make_stream(link)
            unstored: list[Unstored] = []
            patient = msgspec.structs.replace(QUICK, leader_patience_seconds=20.0)
            async with StreamWriter(link, STREAM, unstored.append, patient) as writer:
                await jetstream.ask(f"STREAM.DELETE.{STREAM}")
                for number in range(20):
                    await writer.publish("t.x", b"%d" % number)
                await eventually(lambda: writer.totals.resent >= 20, "a second try")
                await make_stream(link)
                totals = await writer.flush()
            assert (totals.refused, totals.unknown, unstored) == (0, 0, [])
            assert await stored_payloads(link) == [b"%d" % number for number in range(20)]

    asyncio.run(body())


def test_answers_that_nobody_waits_for_or_can_read_are_counted_and_harm_nothing(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link, connected_link(server) as other:
            await make_stream(link)
            came = await silent_stream(other, answering=False)
            async with StreamWriter(link, STREAM, print, WriterConfig()) as writer:
                await writer.publish("s.x", b"")
                await eventually(lambda: len(came) == 1, "the message")
                inbox = came[0][1].rpartition(".")[0]
                for token, answer in (("99", b'{"seq":3}'), ("x", b"{}"), ("1", b"no"), ("1", b'{"seq":"1"}')):
                    other.publish(f"{inbox}.{token}", answer)
                await other.flush()
                await eventually(lambda: writer.totals.strays == 4, "four strays")
                other.publish(f"{inbox}.1", b'{"stream":"TEST", "seq":7}')
                totals = await writer.flush()
            assert (totals.stored, totals.last_sequence, totals.strays) == (1, 7, 4)

    asyncio.run(body())


def test_what_is_in_flight_is_bounded_in_messages_and_in_bytes(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link, connected_link(server) as other:
            await make_stream(link)
            await silent_stream(other, answering=False)
            for config, payload, room in ((WriterConfig(window_messages=10), b"", 10),
                                          (WriterConfig(window_bytes=1000), bytes(300), 4)):  # fmt: skip
                writer = StreamWriter(link, STREAM, lambda message: None, config)
                await writer.open()
                sent = [writer.offer("s.x", payload) for _ in range(20)]
                assert sent == [True] * room + [False] * (20 - room)
                waiting = asyncio.create_task(writer.publish("s.x", payload))
                await asyncio.sleep(0.02)
                assert not waiting.done()
                waiting.cancel()
                writer.close()
                assert (await writer.flush()).unknown == room

    asyncio.run(body())


def test_while_disconnected_nothing_new_is_taken_and_a_bad_message_is_the_callers_error(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            async with StreamWriter(link, STREAM, print) as writer:
                with pytest.raises(NatsError, match="subject"):
                    await writer.publish("t. x", b"")
                with pytest.raises(NatsError, match="bytes"):
                    await writer.publish("t.x", bytes(2 * 2**20))
                kill(server)
                await eventually(lambda: not link.connected, "the loss")
                assert not writer.offer("t.x", b"")
                await writer.publish("t.x", b"later", headers={MESSAGE_ID: "own header"})
                assert await writer.flush() == WriterTotals(sent=1, stored=1, last_sequence=1)
            assert await stored_payloads(link) == [b"later"]

    asyncio.run(body())


def test_a_cluster_that_loses_its_streams_leader_stores_all_once_and_a_reader_sees_it(tmp_path: Path) -> None:
    async def body() -> None:
        servers = Servers(tmp_path)
        try:
            nodes = servers.start_cluster(3, jetstream=True)
            urls = tuple(node.url for node in nodes)
            async with joined_link(urls) as writing, joined_link(urls) as reading:
                jetstream = await replicated_stream(writing)
                leader = (await jetstream.ask(f"STREAM.INFO.{STREAM}"))["cluster"]["leader"]
                unstored: list[Unstored] = []
                count = 6000
                patient = WriterConfig(leader_patience_seconds=60.0, answer_timeout_seconds=0.5)
                seen = asyncio.create_task(read_until(reading, count))
                async with StreamWriter(writing, STREAM, unstored.append, patient) as writer:
                    for number in range(count):
                        await writer.publish("t.x", b"%d" % number, str(number))
                        if number == count // 2:
                            await asyncio.sleep(0)
                            next(node for node in nodes if node.name == leader).kill()
                    totals = await writer.flush()
                assert (totals.stored, unstored) == (count, [])
                stored = await seen
                assert sorted(stored) == sorted(b"%d" % number for number in range(count))
                assert totals.reordered or stored == [b"%d" % number for number in range(count)]
        finally:
            servers.stop()

    asyncio.run(body())


async def replicated_stream(link: Link) -> JetStream:
    """Waits until the cluster can make it."""
    for _ in range(200):
        try:
            return await make_stream(link, num_replicas=3)
        except (NatsError, TimeoutExpired):
            await asyncio.sleep(0.1)
    raise AssertionError("the cluster made no stream")


@asynccontextmanager
async def joined_link(urls: tuple[str, ...]) -> AsyncIterator[Link]:
    link = new_link(LinkConfig(servers=urls, name="t"))
    await link.connect()
    try:
        yield link
    finally:
        await link.close()


async def read_until(link: Link, last_sequence: int) -> list[bytes]:
    batches = await read_all(StreamReader(link, STREAM, until=last_sequence))
    return [payload for batch in batches for payload in batch.payloads]
