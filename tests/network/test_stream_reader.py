"""Ordered reads: each message once and in order, through kills, deleted consumers, purges and slow callers."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import msgspec
import pytest

from letrade.core.errors import DataError, NatsError
from letrade.core.network.delivery import Batch, Delivery
from letrade.core.network.jetstream import JetStream, parse_headers
from letrade.core.network.link import ClientName, Link
from letrade.core.network.stream_reader import ReaderConfig, StreamReader, Until
from letrade.core.network.stream_writer import StreamWriter
from tests.network.running import connected_link, running_server
from tests.network.streams import STREAM, fill, make_stream, read_all, read_whole

QUICK = ReaderConfig(heartbeat_seconds=0.1, patience_seconds=2.0)


async def sequences(link: Link, subjects: tuple[str, ...], start: int, until: Until) -> list[int]:
    batches = await read_all(StreamReader(link, STREAM, subjects, start, until))
    return [sequence for batch in batches for sequence in batch.sequences]


async def consumers(link: Link) -> list[str]:
    return list((await JetStream(link).ask(f"CONSUMER.NAMES.{STREAM}")).get("consumers") or [])


def test_what_is_read_is_what_was_stored_with_its_subjects_times_and_headers(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            async with StreamWriter(link, STREAM, print) as writer:
                for number in range(100):
                    await writer.publish(f"t.{number % 2}", b"%d" % number, headers={"Key": str(number)})
            batch = await read_whole(StreamReader(link, STREAM))
            assert batch.payloads == [b"%d" % number for number in range(100)]
            assert batch.subjects == [f"t.{number % 2}" for number in range(100)]
            assert batch.sequences == list(range(1, 101))
            assert batch.times_ns == sorted(batch.times_ns)
            assert [parse_headers(block)["Key"] for block in batch.headers] == [str(number) for number in range(100)]
            await asyncio.sleep(0.05)
            assert await consumers(link) == []

    asyncio.run(body())


def test_a_range_ends_where_it_was_told_to_whatever_the_filter_leaves_out(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            assert await sequences(link, (), 1, "end") == []
            for turn in range(30):
                await fill(link, [b""], f"t.{'abc'[turn % 3]}")
            assert await sequences(link, (), 5, 9) == [5, 6, 7, 8, 9]
            assert await sequences(link, ("t.a",), 2, 12) == [4, 7, 10]
            assert await sequences(link, ("t.a", "t.c"), 1, "end") == [n for n in range(1, 31) if n % 3 != 2]
            assert await sequences(link, ("t.a",), 29, "end") == []
            assert await sequences(link, ("t.none",), 1, 30) == []
            assert await sequences(link, (), 31, "end") == []

    asyncio.run(body())


def test_a_reader_that_starts_at_a_time_gets_what_was_stored_from_then_on(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            await fill(link, [b"%d" % number for number in range(50)])
            whole = await read_whole(StreamReader(link, STREAM))
            start_ns = whole.times_ns[30]
            expected = [n for n, time_ns in zip(whole.sequences, whole.times_ns, strict=True) if time_ns >= start_ns]
            reader = StreamReader(link, STREAM, start_time_ns=start_ns)
            assert [n for batch in await read_all(reader) for n in batch.sequences] == expected
            assert reader.missing == 0
            late = StreamReader(link, STREAM, start_time_ns=whole.times_ns[-1] + 10**9)
            assert await read_all(late) == []

    asyncio.run(body())


def test_a_reader_follows_the_stream_to_a_sequence_that_is_yet_to_come(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            await make_stream(link)
            await fill(link, [b""] * 5)
            reading = asyncio.create_task(sequences(link, (), 1, 20))
            filtered = asyncio.create_task(sequences(link, ("t.y",), 1, 20))
            for _ in range(3):
                await asyncio.sleep(0.05)
                await fill(link, [b""] * 6)
            assert await reading == list(range(1, 21))
            assert await filtered == []

    asyncio.run(body())


@pytest.mark.parametrize("reader_lags", [False, True], ids=["quick", "slow"])
@pytest.mark.parametrize("client", ["letrade", "nats-py"])
def test_servers_killed_while_a_stream_is_written_and_read_lose_and_repeat_nothing(
    tmp_path: Path, reader_lags: bool, client: ClientName
) -> None:
    count = 20_000

    async def body() -> None:
        async with (
            running_server(tmp_path) as server,
            connected_link(server) as writing,
            connected_link(server, client=client) as link,
        ):
            await make_stream(writing)

            async def write() -> None:
                async with StreamWriter(writing, STREAM, print) as writer:
                    for number in range(count):
                        await writer.publish("t.x", b"%d" % number, str(number))
                        if number in (5000, 15_000):
                            await asyncio.sleep(0)
                            assert server.pid is not None
                            os.kill(server.pid, signal.SIGKILL)

            task = asyncio.create_task(write())
            payloads: list[bytes] = []
            config = msgspec.structs.replace(QUICK, batch_messages_max=100 if reader_lags else 4096)
            async with StreamReader(link, STREAM, until=count, config=config) as reader:
                async for batch in reader:
                    payloads += batch.payloads
                    if reader_lags:
                        await asyncio.sleep(0.002)
            await task
            assert payloads == [b"%d" % number for number in range(count)]
            assert reader.restarts >= 1
            assert reader.missing == 0

    asyncio.run(body())


def test_a_consumer_deleted_under_the_reader_is_made_again_and_nothing_is_missed(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            jetstream = await make_stream(link)
            await fill(link, [b""] * 10)
            seen: list[int] = []
            async with StreamReader(link, STREAM, until=30, config=QUICK) as reader:
                async for batch in reader:
                    seen += batch.sequences
                    if seen[-1] in (10, 20):
                        for name in await consumers(link):
                            await jetstream.ask(f"CONSUMER.DELETE.{STREAM}.{name}")
                        await fill(link, [b""] * 10)
            assert seen == list(range(1, 31))
            assert reader.restarts >= 2

    asyncio.run(body())


def test_messages_purged_and_deleted_are_skipped_and_counted_as_missing(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            jetstream = await make_stream(link)
            await fill(link, [bytes(8000)] * 10_000)
            seen: list[int] = []
            config = msgspec.structs.replace(QUICK, batch_messages_max=50)
            async with StreamReader(link, STREAM, until="end", config=config) as reader:
                async for batch in reader:
                    first, seen = not seen, seen + list(batch.sequences)
                    if first:
                        await jetstream.ask(f"STREAM.MSG.DELETE.{STREAM}", {"seq": 9_995})
                        await jetstream.ask(f"STREAM.PURGE.{STREAM}", {"seq": 9_990})
            assert seen[-6:] == [9_994, 9_996, 9_997, 9_998, 9_999, 10_000]
            assert seen == sorted(set(seen))
            assert reader.missing == 10_000 - len(seen)
            assert await sequences(link, (), 1, "end") == [9_990, *seen[-9:]]

    asyncio.run(body())


def test_a_stream_purged_to_its_end_while_it_is_read_ends_the_read(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            jetstream = await make_stream(link)
            await fill(link, [bytes(8000)] * 10_000)
            async with StreamReader(link, STREAM, config=QUICK) as reader:
                await anext(reader)
                await jetstream.ask(f"STREAM.PURGE.{STREAM}")
                rest = [batch async for batch in reader]
            assert sum(map(len, rest)) < 10_000

    asyncio.run(body())


def test_a_deleted_stream_and_one_made_again_end_the_read_with_an_error(tmp_path: Path) -> None:
    async def body() -> None:
        async with running_server(tmp_path) as server, connected_link(server) as link:
            for again in (False, True):
                jetstream = await make_stream(link)
                await fill(link, [b""] * 10)
                async with StreamReader(link, STREAM, until="never", config=QUICK) as reader:
                    assert await read_to(reader, 10) == 10
                    await jetstream.ask(f"STREAM.DELETE.{STREAM}")
                    if again:
                        await make_stream(link)
                    error = DataError if again else NatsError
                    with pytest.raises(error, match="made again" if again else "deleted while it was read"):
                        await anext(reader)
            with pytest.raises(NatsError, match="stream not found"):
                await read_all(StreamReader(link, "ABSENT"))

    asyncio.run(body())


def test_a_slow_caller_holds_the_server_back(tmp_path: Path) -> None:
    async def body() -> None:
        async with (
            running_server(tmp_path) as server,
            connected_link(server) as writing,
            connected_link(server) as link,
        ):
            await make_stream(writing)
            count, size = 4000, 20_000
            await fill(writing, [bytes(size)] * count)
            async with StreamReader(link, STREAM, config=QUICK) as reader:
                seen = len(await anext(reader))
                await asyncio.sleep(0.8)
                assert link.counters.received_bytes < 45 * 10**6  # of 80
                async for batch in reader:
                    seen += len(batch)
            assert (seen, reader.restarts) == (count, 0)

    asyncio.run(body())


async def read_to(reader: StreamReader, sequence: int) -> int:
    """Read on until this message has come."""
    while reader.last_sequence < sequence:
        await anext(reader)
    return reader.last_sequence


class QuietLink:
    """Takes what a delivery publishes."""

    def __init__(self) -> None:
        self.published: list[str] = []

    def publish(self, subject: str, payload: bytes) -> None:
        self.published.append(subject)


def deliver(delivery: Delivery, *orders: int, prefix: str = "$JS.ACK.TEST.c.") -> None:
    handle = delivery.handler()
    for order in orders:
        handle("t.x", b"%d" % order, f"{prefix}1.{order + 100}.{order}.1700000000000000000.{9 - order}", b"")


def status(delivery: Delivery, *lines: str, reply: str = "") -> None:
    delivery.handler()("inbox", b"", reply, "\r\n".join(("NATS/1.0 " + lines[0], *lines[1:], "", "")).encode())


def new_delivery() -> tuple[Delivery, QuietLink]:
    link = QuietLink()
    return Delivery(link, "c"), link  # type: ignore[arg-type]


@pytest.mark.parametrize("prefix", ["$JS.ACK.TEST.c.", "$JS.ACK.hub.hash.TEST.c."])
def test_what_follows_a_gap_is_never_taken(prefix: str) -> None:
    async def body() -> None:
        delivery, _ = new_delivery()
        deliver(delivery, 1, 2, 3, 5, 6, prefix=prefix)
        batch = delivery.take(2)
        assert isinstance(batch, Batch)
        assert (batch.sequences, delivery.lost) == ([101, 102], "")
        batch = delivery.take(100)
        assert isinstance(batch, Batch)
        assert (batch.sequences, batch.payloads) == ([103], [b"3"])
        assert "message 4" in delivery.lost
        assert delivery.take(100) is None

    asyncio.run(body())


def test_the_end_of_the_reply_may_be_a_token_of_another_kind() -> None:
    async def body() -> None:
        delivery, _ = new_delivery()
        for order in (1, 2):
            delivery.handler()("t.x", b"", f"$JS.ACK.d.h.TEST.c.1.{order}.{order}.5.0.rnd", b"")
        batch = delivery.take(10)
        assert isinstance(batch, Batch)
        assert (batch.sequences, batch.times_ns, delivery.exhausted) == ([1, 2], [5, 5], True)

    asyncio.run(body())


def test_heartbeats_tell_of_messages_that_never_came_and_other_consumers_messages_are_no_messages() -> None:
    async def body() -> None:
        delivery, _ = new_delivery()
        deliver(delivery, 1, 2)
        status(delivery, "100 Idle Heartbeat", "Nats-Last-Consumer: 2", "Nats-Last-Stream: 102")
        assert delivery.lost == ""
        status(delivery, "100 Idle Heartbeat", "Nats-Last-Consumer: 3", "Nats-Last-Stream: 103")
        assert "lost" in delivery.lost
        forged, _ = new_delivery()
        deliver(forged, 1, prefix="$JS.ACK.OTHER.other.")
        assert forged.take(10) is None
        assert "did not send" in forged.lost
        ended, _ = new_delivery()
        status(ended, "409 Consumer Deleted")
        assert ended.lost == "409 Consumer Deleted"

    asyncio.run(body())


def test_flow_control_is_answered_only_when_all_before_it_was_taken() -> None:
    async def body() -> None:
        delivery, link = new_delivery()
        deliver(delivery, 1, 2, 3)
        status(delivery, "100 FlowControl Request", reply="$JS.FC.1")
        deliver(delivery, 4)
        status(delivery, "100 Idle Heartbeat", "Nats-Last-Consumer: 4", "Nats-Consumer-Stalled: $JS.FC.2")
        delivery.take(2)
        delivery.answer_flow_requests()
        assert link.published == []
        delivery.take(1)
        delivery.answer_flow_requests()
        assert link.published == ["$JS.FC.1"]
        delivery.take(1)
        delivery.answer_flow_requests()
        assert link.published == ["$JS.FC.1", "$JS.FC.2"]

    asyncio.run(body())
