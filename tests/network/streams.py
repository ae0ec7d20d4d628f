"""Streams for tests: made on a running server, filled, and read back."""

from __future__ import annotations

from collections.abc import Iterable

from letrade.core.network.delivery import Batch
from letrade.core.network.jetstream import JetStream
from letrade.core.network.link import Link
from letrade.core.network.stream_reader import StreamReader
from letrade.core.network.stream_writer import StreamWriter, Unstored, WriterConfig, WriterTotals

STREAM = "TEST"


async def make_stream(link: Link, **settings: object) -> JetStream:
    """The stream TEST of the subjects t.>, in a file."""
    jetstream = JetStream(link)
    configuration = {"subjects": ["t.>"], "storage": "file", "duplicate_window": 120_000_000_000, **settings}
    await jetstream.ensure_stream(STREAM, configuration)
    return jetstream


async def fill(link: Link, payloads: Iterable[bytes], subject: str = "t.x") -> WriterTotals:
    """Write all of it, without message ids."""
    unstored: list[Unstored] = []
    async with StreamWriter(link, STREAM, unstored.append, WriterConfig()) as writer:
        for payload in payloads:
            await writer.publish(subject, payload)
        totals = await writer.flush()
    assert unstored == []
    return totals


async def read_all(reader: StreamReader) -> list[Batch]:
    async with reader:
        return [batch async for batch in reader]


async def read_whole(reader: StreamReader) -> Batch:
    """All in one batch, however it came."""
    whole = Batch([], [], [], [], [])
    for batch in await read_all(reader):
        for name in Batch.__struct_fields__:
            getattr(whole, name).extend(getattr(batch, name))
    return whole


async def stored_payloads(link: Link, stream: str = STREAM) -> list[bytes]:
    """What the stream holds, in its order."""
    return (await read_whole(StreamReader(link, stream))).payloads


async def silent_stream(link: Link, answering: bool) -> list[tuple[bytes, str]]:
    """Stands in for a stream's leader; it keeps what came, and answers only if told to."""
    came: list[tuple[bytes, str]] = []

    def take(subject: str, payload: bytes, reply: str) -> None:
        came.append((payload, reply))
        if answering:
            link.publish(reply, b'{"stream":"TEST", "seq":%d}' % len(came))

    link.subscribe("s.>", take)
    await link.flush()
    return came
