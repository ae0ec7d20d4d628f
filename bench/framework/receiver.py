"""The role that receives: checks, counts, decodes or times; over the Link, nats-py or a raw socket."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import msgspec
import numpy as np

from letrade.bench.framework import collectors
from letrade.bench.framework.child import Pipe, run_async
from letrade.bench.framework.clients import RAW, Client, new_client
from letrade.bench.framework.collectors import Checked, Collector, Counted, Decoded, Timed
from letrade.bench.framework.pacing import Schedule
from letrade.bench.framework.raw import Frames, RawSocket
from letrade.bench.framework.servers import Place
from letrade.bench.framework.stream import CYCLE, PAYLOAD_BYTES, delivery_head, numbered
from letrade.core.clock import SECOND, monotonic_ns, process_cpu_ns
from letrade.core.messages.market import Trade
from letrade.core.network.link import ClientName, Decode

POLL_SECONDS = 0.002
STALLED_NS = 3 * SECOND
"""Nothing new for so long: the rest is lost."""
BLOCK = 65_536


def play(
    pipe: Pipe, kind: str, place: dict[str, Any], client: ClientName, seed: int, credits_to: int | None = None
) -> None:
    """Ready once connected; then `listen` and `finish` orders in turn."""
    where = msgspec.convert(place, Place)
    if kind == RAW:
        _play_raw(pipe, RawSocket(where), credits_to)
    else:
        run_async(_play_async(pipe, new_client(kind, where, client), credits_to))


def _collector(order: dict[str, Any], credits_to: int | None) -> Any:
    what = order["collect"]
    if what == "check":
        return Checked()
    if what == "count":
        return Counted(credits_to)
    if what == "decode":
        return Decoded(credits_to)
    return Timed(msgspec.convert(order["schedule"], Schedule), order["warm_up"])


async def _play_async(pipe: Pipe, client: Client, credits_to: int | None) -> None:
    await client.open()
    pipe.say("ready")
    collector: Any = None
    async for order in pipe.orders_async():
        if order["do"] == "listen":
            collector = _collector(order, credits_to)
            await _listen(client, order, collector)
            pipe.say("listening")
        else:
            await _settle(collector, order["count"])
            await client.stop_listening()
            pipe.say(collector.result())
    await client.close()


async def _listen(client: Client, order: dict[str, Any], collector: Any) -> None:
    way, subject = order.get("way", "bytes"), order["subject"]
    if way == "bytes":
        await client.listen(subject, collector.handle)
    elif way == "batches":
        await client.listen_batches(subject, collector.handle_batch)
    else:
        await client.listen_decoded(subject, _decoder(way), collector.handle_decoded)


def _decoder(way: str) -> Decode:
    """`trade` knows the type by the subject; `codec` takes any message, as a process of a desk does."""
    if way == "trade":
        return msgspec.msgpack.Decoder(Trade).decode
    from letrade.core import codec  # knows all types, which takes a while: most players do without

    return codec.decode


async def _settle(collector: Collector, count: int) -> None:
    """Until so many have come, or nothing more comes."""
    seen, since = collector.count, monotonic_ns()
    while collector.count < count and monotonic_ns() - since < STALLED_NS:
        await asyncio.sleep(POLL_SECONDS)
        if collector.count != seen:
            seen, since = collector.count, monotonic_ns()


def _play_raw(pipe: Pipe, raw: RawSocket, credits_to: int | None) -> None:
    pipe.say("ready")
    for order in pipe.orders(raw.answer_pings):
        subject = order["subject"]
        raw.subscribe(subject)
        frames = Frames(raw, len(delivery_head(subject)) + PAYLOAD_BYTES + 2)
        collector = _raw_collector(order, credits_to, subject)
        pipe.say("listening")
        _collect(pipe, frames, collector)
        raw.unsubscribe()
        pipe.say(collector.result())
    raw.close()


def _raw_collector(order: dict[str, Any], credits_to: int | None, subject: str) -> Any:
    what = order["collect"]
    if what == "check":
        return RawChecked(len(delivery_head(subject)))
    if what == "count":
        return RawCounted(credits_to)
    return RawTimed(msgspec.convert(order["schedule"], Schedule), order["warm_up"], subject)


def _collect(pipe: Pipe, frames: Frames, collector: Any) -> None:
    """Until the parent has said how many come, and they have, or nothing more does."""
    wanted: int | None = None
    since = monotonic_ns()
    while wanted is None or (collector.count < wanted and monotonic_ns() - since < STALLED_NS):
        whole = frames.read()
        if whole:
            collector.take(frames, whole)
            since = monotonic_ns()
        if wanted is None and (not whole or collector.count % CYCLE == 0) and pipe.has_order():
            wanted = pipe.hear()["count"]


class RawChecked(Checked):
    """Cuts the payloads out of the frames."""

    def __init__(self, head: int) -> None:
        super().__init__()
        self.head = head

    def take(self, frames: Frames, whole: int) -> None:
        self.count += whole
        self.crc = zlib.crc32(frames.rows(whole)[:, self.head : -2].tobytes(), self.crc)


class RawCounted:
    """Counts frames and looks at none."""

    def __init__(self, credits_to: int | None) -> None:
        self.marks = collectors.Marks(credits_to)
        self.count = 0

    def take(self, frames: Frames, whole: int) -> None:
        self.count += whole
        while len(self.marks.times) < self.count // CYCLE:
            self.marks.mark()

    def result(self) -> dict[str, Any]:
        return {"count": self.count, **self.marks.result()}


class RawTimed:
    """One time for all frames of a read; what they held goes into a checksum."""

    def __init__(self, schedule: Schedule, warm_up: int, subject: str) -> None:
        self.schedule = schedule
        self.warm_up = warm_up
        self.head = delivery_head(subject)
        self.count = 0
        self.crc = 0
        self.reads: list[tuple[int, int]] = []
        self._cpu = 0

    def take(self, frames: Frames, whole: int) -> None:
        self.reads.append((monotonic_ns(), whole))
        self.count += whole
        self.crc = zlib.crc32(frames.whole(whole), self.crc)
        if not self._cpu:
            self._cpu = process_cpu_ns()

    def result(self) -> dict[str, Any]:
        cpu_ns = process_cpu_ns() - self._cpu if self._cpu else 0
        reads = np.array(self.reads, dtype=np.int64).reshape(-1, 2)
        times = np.repeat(reads[:, 0], reads[:, 1])
        return {
            "count": self.count, "checked": self.crc == self._expected(), "cpu_ns": cpu_ns,
            "folded": collectors.folded_latencies(self.schedule, times, self.warm_up),
        }  # fmt: skip

    def _expected(self) -> int:
        crc = 0
        for first in range(0, self.count, BLOCK):
            rows = numbered(self.head, first, min(BLOCK, self.count - first))
            crc = zlib.crc32(rows.tobytes(), crc)
        return crc
