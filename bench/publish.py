"""How many messages of 128 bytes a second can one process publish?"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from letrade.bench.framework import turns
from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.compare import throughput_result
from letrade.bench.framework.duet import CHECK_CYCLES, RECEIVER, SENDER, CoreUsage, Throughput, crc_of_cycles
from letrade.bench.framework.players import cast
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.raw import RawSocket
from letrade.bench.framework.results import Result, at_least, times_peer
from letrade.bench.framework.servers import SYSTEM_USER, Place, running_server
from letrade.bench.framework.stream import SUBJECT, Stream
from letrade.core.clock import MICROSECOND, SECOND

SECONDS = 3.0
OWN_REQUESTS_MAX = 16
"""Messages that the server counts besides ours: the questions for its counters, and its own."""
CHECKED = "every payload of a first round at a subscriber; of the timed round the server's own count"


def answer(run: Run) -> Iterator[Result]:
    found: dict[str, Throughput] = {}
    with running_server() as place:
        for _ in range(run.count(turns.ROUNDS, 1)):
            for kind in (LINK, NATS_PY, RAW):
                run.say(f"publish: {kind}")
                found[kind] = turns.better(found.get(kind), measure(run, place, kind))
    goals = (at_least(2e6, "msg/s"), times_peer(5.0))
    yield throughput_result(run, "publish", found[LINK], found[NATS_PY], found[RAW], goals, CHECKED)


def measure(run: Run, place: Place, kind: str) -> Throughput:
    """From the first publish until the server has answered that it took the last one."""
    stream, seconds = Stream(run.seed), run.seconds(SECONDS) / run.count(turns.ROUNDS, 1)
    cycles = run.count(CHECK_CYCLES, 1)
    with cast() as players:
        common = {"place": msgspec.to_builtins(place), "client": run.client, "seed": run.seed}
        sender = players.begin(SENDER, kind=kind, **common)
        listener = players.begin(RECEIVER, kind=RAW, **common)
        players.ready()
        subject = f"{SUBJECT}.CHECK"
        listener.ask({"do": "listen", "subject": subject, "collect": "check"})
        blast = sender.ask({"do": "blast", "subject": subject, "cycles": cycles})
        heard = listener.ask({"do": "finish", "count": blast["count"]})
        right = heard == {"count": blast["count"], "crc": crc_of_cycles(stream, cycles)}
        counter = RawSocket(place, SYSTEM_USER)
        before = _taken_by_server(counter)
        usage = CoreUsage(server=place.pid, sender=sender.pid)
        blast = sender.ask({"do": "blast", "subject": f"{SUBJECT}.RUN", "seconds": seconds})
        cores_used = usage.stop()
        taken = _taken_by_server(counter) - before
        counter.close()
    count, elapsed_ns = blast["count"], blast["elapsed_ns"]
    return Throughput(
        per_second=count * SECOND / elapsed_ns, cpu_us=blast["cpu_ns"] / count / MICROSECOND,
        checked=right and count <= taken <= count + OWN_REQUESTS_MAX, count=count, seconds=elapsed_ns / SECOND,
        hash=f"{heard['crc']:08x}", cores_used=cores_used,
    )  # fmt: skip


def _taken_by_server(counter: RawSocket) -> int:
    return int(json.loads(counter.request("$SYS.REQ.SERVER.PING.VARZ"))["data"]["in_msgs"])


QUESTION = Question("publish", "How many messages of 128 bytes a second can one process publish?", answer)
