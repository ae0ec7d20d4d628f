"""The roles of request and reply: one asks, one after the other or many at once; one answers with what it was asked."""

from __future__ import annotations

import asyncio
from array import array
from typing import Any

import msgspec
import numpy as np

from letrade.bench.framework.child import Pipe, run_async
from letrade.bench.framework.clients import RAW, Client, new_client
from letrade.bench.framework.latencies import fold
from letrade.bench.framework.raw import Frames, RawSocket
from letrade.bench.framework.servers import Place
from letrade.bench.framework.stream import NUMBER, PADDING, PAYLOAD_BYTES, numbered, publish_head
from letrade.core.clock import SECOND, monotonic_ns, process_cpu_ns
from letrade.core.errors import NatsError
from letrade.core.network.link import ClientName

ASKED = "letrade.bench.req.echo"
ANSWERED = "_INBOX_letrade.bench.answer"


def answer(pipe: Pipe, kind: str, place: dict[str, Any], client: ClientName) -> None:
    """Ready once it answers; until it is stopped."""
    where = msgspec.convert(place, Place)
    if kind == RAW:
        _answer_raw(pipe, RawSocket(where))
    else:
        run_async(_answer_async(pipe, new_client(kind, where, client)))


async def _answer_async(pipe: Pipe, client: Client) -> None:
    await client.open()
    await client.answer(ASKED)
    pipe.say("ready")
    async for _ in pipe.orders_async():
        raise AssertionError("an answering player takes no orders")
    await client.close()


def _answer_raw(pipe: Pipe, raw: RawSocket) -> None:
    raw.subscribe(ASKED)
    taken = b"MSG %b 1 %b %d\r\n" % (ASKED.encode(), ANSWERED.encode(), PAYLOAD_BYTES)
    frames = Frames(raw, len(taken) + PAYLOAD_BYTES + 2)
    head = np.frombuffer(publish_head(ANSWERED), dtype=np.uint8)
    pipe.say("ready")
    while True:
        whole = frames.read()
        if whole:
            answers = np.empty((whole, len(head) + PAYLOAD_BYTES + 2), dtype=np.uint8)
            answers[:, : len(head)] = head
            answers[:, len(head) :] = frames.rows(whole)[:, len(taken) :]
            raw.socket.sendall(answers.tobytes())
        elif pipe.has_order():
            pipe.hear()
            return


def ask(pipe: Pipe, kind: str, place: dict[str, Any], client: ClientName) -> None:
    """Ready once connected; then an order tells how many askers there are, and for how long."""
    where = msgspec.convert(place, Place)
    if kind == RAW:
        _ask_raw(pipe, RawSocket(where))
    else:
        run_async(_ask_async(pipe, new_client(kind, where, client)))


async def _ask_async(pipe: Pipe, client: Client) -> None:
    await client.open()
    pipe.say("ready")
    async for order in pipe.orders_async():
        pipe.say(await _ask_for(client, order["askers"], order["seconds"]))
    await client.close()


async def _ask_for(client: Client, askers: int, seconds: float) -> dict[str, Any]:
    latencies = array("Q")
    wrong = number = 0
    start, cpu = monotonic_ns(), process_cpu_ns()
    until = start + int(seconds * SECOND)

    async def asker() -> None:
        nonlocal wrong, number
        while (asked := monotonic_ns()) < until:
            number += 1
            payload = NUMBER.pack(number) + PADDING
            if await client.request(ASKED, payload) != payload:
                wrong += 1
            latencies.append(monotonic_ns() - asked)

    await asyncio.gather(*(asker() for _ in range(askers)))
    elapsed_ns, cpu_ns = monotonic_ns() - start, process_cpu_ns() - cpu
    return _told(np.frombuffer(latencies, dtype=np.uint64).astype(np.int64), wrong, elapsed_ns, cpu_ns)


def _told(latencies: np.ndarray, wrong: int, elapsed_ns: int, cpu_ns: int) -> dict[str, Any]:
    folded = fold(latencies)
    return {
        "count": len(latencies), "wrong": wrong, "elapsed_ns": elapsed_ns, "cpu_ns": cpu_ns,
        "folded": {"values": folded.values, "counts": folded.counts},
    }  # fmt: skip


def _ask_raw(pipe: Pipe, raw: RawSocket) -> None:
    raw.subscribe(ANSWERED)
    head = b"MSG %b 1 %d\r\n" % (ANSWERED.encode(), PAYLOAD_BYTES)
    frames = Frames(raw, len(head) + PAYLOAD_BYTES + 2)
    pipe.say("ready")
    for order in pipe.orders(raw.answer_pings):
        pipe.say(_ask_raw_for(raw, frames, len(head), order["askers"], order["seconds"]))
    raw.close()


def _ask_raw_for(raw: RawSocket, frames: Frames, head: int, askers: int, seconds: float) -> dict[str, Any]:
    """Keeps as many requests on their way as there are askers; answers come in the order of the requests."""
    request = b"PUB %b %b %d\r\n" % (ASKED.encode(), ANSWERED.encode(), PAYLOAD_BYTES)
    start, cpu = monotonic_ns(), process_cpu_ns()
    until = start + int(seconds * SECOND)
    sent_at, answered_at = array("Q"), array("Q")
    wrong = 0
    padding = np.frombuffer(PADDING, dtype=np.uint8)

    def send(count: int) -> None:
        first = len(sent_at)
        sent_at.extend([monotonic_ns()] * count)
        raw.socket.sendall(numbered(request, first, count).tobytes())

    send(askers)
    while len(answered_at) < len(sent_at):
        whole = frames.read()
        if not whole:
            if monotonic_ns() > until + 3 * SECOND:
                raise NatsError(f"{len(sent_at) - len(answered_at)} requests of the raw socket were not answered")
            continue
        rows = frames.rows(whole)[:, head:-2]
        numbers = np.ascontiguousarray(rows[:, : NUMBER.size]).view("<u8").ravel()
        first = len(answered_at)
        wrong += int((numbers != np.arange(first, first + whole, dtype=np.uint64)).sum())
        wrong += int((rows[:, NUMBER.size :] != padding).any(axis=1).sum())
        now = monotonic_ns()
        answered_at.extend([now] * whole)
        if now < until:
            send(whole)
    asked, answered = (np.frombuffer(times, dtype=np.uint64).astype(np.int64) for times in (sent_at, answered_at))
    return _told(answered - asked, wrong, monotonic_ns() - start, process_cpu_ns() - cpu)
