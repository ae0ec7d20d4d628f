"""The role that sends: as fast as it can, or by a planned schedule; over the Link, nats-py or a raw socket."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from letrade.bench.framework.child import Pipe, run_async
from letrade.bench.framework.clients import RAW, Client, new_client
from letrade.bench.framework.pacing import Schedule, pace, pace_async
from letrade.bench.framework.raw import RawSocket
from letrade.bench.framework.servers import Place
from letrade.bench.framework.stream import CYCLE, NUMBER, PADDING, Stream, numbered, publish_head
from letrade.core.clock import SECOND, monotonic_ns, process_cpu_ns
from letrade.core.network.link import ClientName

WINDOW_CYCLES = 8
"""So many cycles may be on their way: 65,536 messages, far below what the server drops a slow subscriber for."""
PINGS_EVERY_NS = SECOND
CREDIT_BYTES = 4096


def play(
    pipe: Pipe, kind: str, place: dict[str, Any], client: ClientName, seed: int, credits_from: int | None = None
) -> None:
    """Ready once connected; then `blast` and `pace` orders."""
    where = msgspec.convert(place, Place)
    if kind == RAW:
        _play_raw(pipe, RawSocket(where), seed, credits_from)
    else:
        run_async(_play_async(pipe, new_client(kind, where, client), seed))


@lru_cache(1)
def _stream(seed: int) -> Stream:
    """Made by the first order that needs it."""
    return Stream(seed)


async def _play_async(pipe: Pipe, client: Client, seed: int) -> None:
    await client.open()
    pipe.say("ready")
    async for order in pipe.orders_async():
        if order["do"] == "blast":
            pipe.say(await _blast(client, _stream(seed), order))
        else:
            pipe.say(await _pace(client, order))
    await client.close()


async def _blast(client: Client, stream: Stream, order: dict[str, Any]) -> dict[str, Any]:
    start, cpu = monotonic_ns(), process_cpu_ns()
    count = await client.blast(order["subject"], stream.payloads, _enough(order, start))
    return {"count": count, "elapsed_ns": monotonic_ns() - start, "cpu_ns": process_cpu_ns() - cpu}


def _enough(order: dict[str, Any], start_ns: int) -> Callable[[int], bool]:
    """By count or by time, asked once a cycle."""
    if "cycles" in order:
        total = int(order["cycles"]) * CYCLE
        return lambda count: count >= total
    until_ns = start_ns + int(order["seconds"] * SECOND)
    return lambda count: count > 0 and monotonic_ns() >= until_ns


async def _pace(client: Client, order: dict[str, Any]) -> dict[str, Any]:
    schedule = msgspec.convert(order["schedule"], Schedule)
    subject, publish, pack = order["subject"], client.publish_now, NUMBER.pack
    cpu = process_cpu_ns()

    def send(first: int, count: int) -> None:
        for number in range(first, first + count):
            publish(subject, pack(number) + PADDING)

    sent = await pace_async(schedule, send)
    await client.flush()
    return {"count": sent, "cpu_ns": process_cpu_ns() - cpu}


def _play_raw(pipe: Pipe, raw: RawSocket, seed: int, credits_from: int | None) -> None:
    pipe.say("ready")
    for order in pipe.orders(raw.answer_pings):
        if order["do"] == "blast":
            pipe.say(_blast_raw(raw, _stream(seed), order, credits_from))
        else:
            pipe.say(_pace_raw(raw, order))
    raw.close()


def _blast_raw(raw: RawSocket, stream: Stream, order: dict[str, Any], credits_from: int | None) -> dict[str, Any]:
    commands = stream.commands(order["subject"])
    start, cpu = monotonic_ns(), process_cpu_ns()
    enough = _enough(order, start)
    window = WINDOW_CYCLES if order.get("credits") and credits_from is not None else None
    cycles = credited = 0
    pings_at = start + PINGS_EVERY_NS
    while not enough(cycles * CYCLE):
        while window is not None and cycles - credited >= window:
            credited += len(os.read(credits_from or 0, CREDIT_BYTES))
        raw.socket.sendall(commands)
        cycles += 1
        if monotonic_ns() > pings_at:
            raw.answer_pings()
            pings_at += PINGS_EVERY_NS
    raw.flush()
    told = {"count": cycles * CYCLE, "elapsed_ns": monotonic_ns() - start, "cpu_ns": process_cpu_ns() - cpu}
    while window is not None and credited < cycles:
        credited += len(os.read(credits_from or 0, CREDIT_BYTES))
    return told


def _pace_raw(raw: RawSocket, order: dict[str, Any]) -> dict[str, Any]:
    schedule = msgspec.convert(order["schedule"], Schedule)
    head = publish_head(order["subject"])
    cpu = process_cpu_ns()
    pings_at = monotonic_ns() + PINGS_EVERY_NS
    block = 65_536
    rows = numbered(head, 0, min(block, schedule.count))
    data, size, base = memoryview(rows.tobytes()), rows.shape[1], 0

    def send(first: int, count: int) -> None:
        nonlocal data, base, pings_at
        if first + count > base + len(data) // size:
            base = first
            data = memoryview(numbered(head, first, min(block, schedule.count - first)).tobytes())
        raw.socket.sendall(data[(first - base) * size : (first - base + count) * size])
        if schedule.planned_ns(first) > pings_at:
            raw.answer_pings()
            pings_at += PINGS_EVERY_NS

    sent = pace(schedule, send)
    raw.flush()
    return {"count": sent, "cpu_ns": process_cpu_ns() - cpu}
