"""The roles of a journal in a stream: writes acknowledged messages with many on their way, and reads them all back."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import msgspec

from letrade.bench.framework.child import Pipe, run_async
from letrade.bench.framework.clients import LINK
from letrade.bench.framework.raw import PING, PONG, RawSocket
from letrade.bench.framework.servers import USER, Place
from letrade.bench.framework.stream import CYCLE, PAYLOAD_BYTES, Stream
from letrade.core.clock import monotonic_ns, process_cpu_ns
from letrade.core.errors import NatsError
from letrade.core.network.jetstream import MESSAGE_ID, JetStream
from letrade.core.network.link import ClientName
from letrade.core.network.links import new_link
from letrade.core.network.stream_reader import StreamReader
from letrade.core.network.stream_writer import StreamWriter, Unstored

WINDOW = 4_000
STREAM = "BENCH"
PATIENCE_SECONDS = 60.0
ACKED = b'"seq":'
INBOX = "_INBOX_letrade.bench.acks"
YIELD_EVERY = 256


def play(pipe: Pipe, kind: str, place: dict[str, Any], client: ClientName, seed: int) -> None:
    """Ready once connected; orders make a stream, write to it, and replay it."""
    where = msgspec.convert(place, Place)
    stream = Stream(seed)
    if kind == LINK:
        run_async(_play_link(pipe, where, client, stream))
    elif kind == "raw":
        _play_raw(pipe, RawSocket(where), stream)
    else:
        run_async(_play_nats_py(pipe, where, stream))


def _timed(start: int, cpu: int, count: int, **more: Any) -> dict[str, Any]:
    return {"count": count, "elapsed_ns": monotonic_ns() - start, "cpu_ns": process_cpu_ns() - cpu, **more}


async def _play_link(pipe: Pipe, place: Place, client: ClientName, stream: Stream) -> None:
    link = new_link(place.link_config(client, "stream"))
    await link.connect()
    pipe.say("ready")
    async for order in pipe.orders_async():
        if order["do"] == "make":
            await JetStream(link).ask(f"STREAM.CREATE.{order['stream']}", _settings(order["stream"]))
            pipe.say("made")
        elif order["do"] == "held":
            state = (await JetStream(link).ask(f"STREAM.INFO.{order['stream']}"))["state"]
            pipe.say({"messages": state["messages"]})
        elif order["do"] == "write":
            pipe.say(await _write_link(link, stream, order))
        else:
            pipe.say(await _replay_link(link, order))
    await link.close()


def _settings(name: str) -> dict[str, object]:
    return {"name": name, "subjects": [f"{name}.>"], "storage": "file", "num_replicas": 1,
            "duplicate_window": 120_000_000_000, "discard": "new"}  # fmt: skip


async def _write_link(link: Any, stream: Stream, order: dict[str, Any]) -> dict[str, Any]:
    lost: list[Unstored] = []
    subject, count, ids = f"{order['stream']}.w", order["count"], order["ids"]
    start, cpu = monotonic_ns(), process_cpu_ns()
    async with StreamWriter(link, order["stream"], lost.append) as writer:
        payloads = stream.payloads
        for number in range(count):
            await writer.publish(subject, payloads[number % CYCLE], f"b:1:{number}" if ids else None)
        totals = await writer.flush()
    return _timed(start, cpu, totals.stored, right=totals.stored == count and not lost and not totals.reordered)


async def _replay_link(link: Any, order: dict[str, Any]) -> dict[str, Any]:
    """Each payload goes into a checksum after the clock has stopped: only references are kept while it runs."""
    start, cpu = monotonic_ns(), process_cpu_ns()
    async with StreamReader(link, order["stream"]) as reader:
        batches = [list(batch.payloads) async for batch in reader]
    count = sum(map(len, batches))
    told = _timed(start, cpu, count, gaps=reader.missing)
    crc = 0
    for payloads in batches:
        for payload in payloads:
            crc = zlib.crc32(payload, crc)
    return {**told, "crc": crc}


async def _play_nats_py(pipe: Pipe, place: Place, stream: Stream) -> None:
    from nats.aio.client import Client

    client: Any = Client()
    await client.connect(place.url, user=USER, password=place.password)
    jetstream = client.jetstream(timeout=PATIENCE_SECONDS, publish_async_max_pending=WINDOW)
    pipe.say("ready")
    async for order in pipe.orders_async():
        if order["do"] == "write":
            pipe.say(await _write_nats_py(jetstream, stream, order))
        else:
            pipe.say(await _replay_nats_py(jetstream, order))
    await client.close()


async def _write_nats_py(jetstream: Any, stream: Stream, order: dict[str, Any]) -> dict[str, Any]:
    subject, count, ids = f"{order['stream']}.w", order["count"], order["ids"]
    start, cpu = monotonic_ns(), process_cpu_ns()
    acks = []
    for number in range(count):
        headers = {MESSAGE_ID: f"b:1:{number}"} if ids else None
        acks.append(await jetstream.publish_async(subject, stream.payloads[number % CYCLE], headers=headers))
        if number % YIELD_EVERY == 0:
            await asyncio.sleep(0)
    await jetstream.publish_async_completed()
    told = _timed(start, cpu, count)
    return {**told, "right": sum(ack.result().seq > 0 for ack in acks) == count}


async def _replay_nats_py(jetstream: Any, order: dict[str, Any]) -> dict[str, Any]:
    done, expected = asyncio.Event(), order["count"]
    payloads: list[bytes] = []

    async def callback(message: Any) -> None:
        payloads.append(message.data)
        if len(payloads) == expected:
            done.set()

    start, cpu = monotonic_ns(), process_cpu_ns()
    subscription = await jetstream.subscribe(f"{order['stream']}.>", cb=callback, ordered_consumer=True)
    await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
    told = _timed(start, cpu, len(payloads), gaps=0)
    await subscription.unsubscribe()
    return {**told, "crc": zlib.crc32(b"".join(payloads))}


def _play_raw(pipe: Pipe, raw: RawSocket, stream: Stream) -> None:
    pipe.say("ready")
    for order in pipe.orders(raw.answer_pings):
        pipe.say(_write_raw(raw, stream, order))
    raw.close()


def _write_raw(raw: RawSocket, stream: Stream, order: dict[str, Any]) -> dict[str, Any]:
    """Blocks of a quarter of the window; acknowledgements are counted, not read."""
    commands = _raw_commands(stream, order)
    raw.subscribe(INBOX)
    start, cpu = monotonic_ns(), process_cpu_ns()
    block, sent, acked, rest = WINDOW // 4, 0, 0, b""
    while acked < order["count"]:
        while sent < order["count"] and sent - acked <= WINDOW - block:
            raw.socket.sendall(b"".join(commands[sent : sent + block]))
            sent = min(sent + block, order["count"])
        data = raw.socket.recv(1 << 18)
        if not data or b'"error"' in data:
            raise NatsError(f"the stream refuses the raw socket: {data[:200]!r}")
        if PING in data:
            raw.socket.sendall(PONG)
        # What may be the first half of the mark is looked at again with what comes next.
        data = rest + data
        acked += data.count(ACKED)
        rest = data[-len(ACKED) + 1 :]
    told = _timed(start, cpu, acked, right=acked == order["count"])
    raw.unsubscribe()
    return told


def _raw_commands(stream: Stream, order: dict[str, Any]) -> list[bytes]:
    target = f"{order['stream']}.w {INBOX}".encode()
    commands = []
    for number in range(order["count"]):
        payload = stream.payloads[number % CYCLE]
        if order["ids"]:
            head = f"NATS/1.0\r\n{MESSAGE_ID}: b:1:{number}\r\n\r\n".encode()
            sizes = (len(head), len(head) + PAYLOAD_BYTES)
            commands.append(b"HPUB %b %d %d\r\n%b%b\r\n" % (target, *sizes, head, payload))
        else:
            commands.append(b"PUB %b %d\r\n%b\r\n" % (target, PAYLOAD_BYTES, payload))
    return commands
