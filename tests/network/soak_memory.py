"""By hand, for hours: `python -m tests.network.soak_memory --messages 50000000` shows that memory stays flat.

The messages come from a process of their own; each line tells how many came, at which rate, and what memory they left.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import tempfile
from multiprocessing import get_context
from pathlib import Path

import psutil

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.network.link import ClientName, Link, LinkConfig
from letrade.core.network.links import new_link
from tests.network.servers import Servers

BURST = 1000
GROWTH_BYTES_MAX = 8 * 2**20
SUBJECTS = 10_000


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--messages", type=int, default=50_000_000)
    arguments.add_argument("--lines", type=int, default=50)
    arguments.add_argument("--client", choices=("letrade", "nats-py"), default="letrade")
    options = arguments.parse_args()
    growth = soak(options.client, options.messages, options.lines)
    print(f"memory grew by {growth / 2**20:.1f} MiB after the first fifth")
    return 0 if growth < GROWTH_BYTES_MAX else 1


def soak(client: ClientName, messages: int, lines: int = 10) -> int:
    """Receive so many messages, and return by how many bytes this process grew after the first fifth of them."""
    with tempfile.TemporaryDirectory() as directory:
        servers = Servers(Path(directory))
        url = servers.start().url
        sender = get_context("spawn").Process(target=send, args=(client, url, messages), daemon=True)
        try:
            return asyncio.run(receive(client, url, sender.start, messages, lines))
        finally:
            if sender.pid is not None:
                sender.kill()
                sender.join()
            servers.stop()


async def connected(client: ClientName, url: str, name: str) -> Link:
    link = new_link(LinkConfig(servers=(url,), name=name, client=client))
    await link.connect()
    return link


async def receive(client: ClientName, url: str, start_sender: object, messages: int, lines: int) -> int:
    """Each burst is acknowledged, so that the sender never runs ahead of us."""
    link = await connected(client, url, "soak-receiver")
    sizes: list[int] = []
    link.subscribe("soak.data.*", lambda subject, payload, reply: sizes.append(len(payload)))
    link.subscribe("soak.ask", lambda subject, payload, reply: link.publish(reply, b""))
    await link.flush()
    assert callable(start_sender)
    start_sender()
    baseline = last = 0
    began_ns = monotonic_ns()
    while last < messages:
        await asyncio.sleep(0.1)
        count = link.counters.received
        if count - last >= messages // lines or count >= messages:
            sizes.clear()
            gc.collect()
            memory = memory_bytes()
            baseline = baseline if baseline or count < messages // 5 else memory
            rate = count * SECOND / (monotonic_ns() - began_ns)
            print(f"{count:>12,} messages  {rate:>10,.0f}/s  {memory / 2**20:>8.1f} MiB", flush=True)
            last = count
    assert link.counters.reconnects == 0
    await link.close()
    return memory_bytes() - baseline


def memory_bytes() -> int:
    """What this process holds in memory."""
    return int(psutil.Process(os.getpid()).memory_info().rss)


def send(client: ClientName, url: str, messages: int) -> None:
    async def body() -> None:
        link = await connected(client, url, "soak-sender")
        for start in range(0, messages, BURST):
            for number in range(start, start + BURST):
                link.publish(f"soak.data.{number % SUBJECTS}", b"x" * (number % 300))
            await link.request("soak.ask", b"", 60.0)
        await link.close()

    asyncio.run(body())


if __name__ == "__main__":
    raise SystemExit(main())
