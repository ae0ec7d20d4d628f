"""A sender and a receiver in two processes with a server in a third: throughput and one-way latency of one client."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from letrade.bench.framework import machine
from letrade.bench.framework.collectors import expected_prices
from letrade.bench.framework.latencies import Folded, Latency, latency_of
from letrade.bench.framework.pacing import TICK_NS, Schedule
from letrade.bench.framework.players import Player, cast, credit_pipe
from letrade.bench.framework.question import Run
from letrade.bench.framework.servers import Place
from letrade.bench.framework.stream import SUBJECT, Stream
from letrade.core.clock import MICROSECOND, MILLISECOND, SECOND, monotonic_ns

SENDER = "letrade.bench.framework.sender:play"
RECEIVER = "letrade.bench.framework.receiver:play"
CHECK_CYCLES = 8
LEAD_NS = 200 * MILLISECOND
"""Between the planning of a schedule and its first burst."""
WARM_UP_SECONDS = 0.3
FULL_CORE = 0.9
ANSWER_SECONDS = 120.0


class Throughput(msgspec.Struct, kw_only=True):
    """How fast one client took messages, what each one cost it, and whether all were right."""

    per_second: float
    cpu_us: float
    checked: bool
    count: int
    seconds: float
    hash: str
    cores_used: dict[str, float]


class OneWay(msgspec.Struct, kw_only=True):
    """Latency from the planned instant at one end to the handler at the other."""

    latency: Latency
    folded: Folded
    checked: bool
    held: bool
    """Whether the sender kept to the schedule; what it did not send counts with the time it would have taken."""
    count: int
    send_cpu_us: float
    receive_cpu_us: float
    cores_used: dict[str, float]


class Duet:
    """Both players of one client; measures one after the other."""

    def __init__(self, run: Run, place: Place, sender: Player, receiver: Player) -> None:
        self.run = run
        self.place = place
        self.sender = sender
        self.receiver = receiver
        self._subjects = 0

    def subject(self) -> str:
        """A new one each time, so that nothing of one measurement gets into the next."""
        self._subjects += 1
        return f"{SUBJECT}.B{self._subjects:05d}"

    def throughput(self, seconds: float, way: str, collect: str) -> Throughput:
        """A round in which every payload is compared in full warms up; then the timed one, which is counted."""
        stream, cycles = Stream(self.run.seed), self.run.count(CHECK_CYCLES, 1)
        subject = self.subject()
        self.receiver.ask({"do": "listen", "subject": subject, "collect": "check", "way": way})
        blast = self.sender.ask({"do": "blast", "subject": subject, "cycles": cycles})
        found = self.receiver.ask({"do": "finish", "count": blast["count"]})
        right = found == {"count": blast["count"], "crc": crc_of_cycles(stream, cycles)}
        subject = self.subject()
        self.receiver.ask({"do": "listen", "subject": subject, "collect": collect, "way": way})
        usage = CoreUsage(server=self.place.pid, sender=self.sender.pid, receiver=self.receiver.pid)
        order = {"do": "blast", "subject": subject, "seconds": seconds, "credits": True}
        blast = self.sender.ask(order, ANSWER_SECONDS + seconds)
        cores_used = usage.stop()
        told = self.receiver.ask({"do": "finish", "count": blast["count"]}, ANSWER_SECONDS)
        right = right and told["count"] == blast["count"]
        if collect == "decode":
            right = right and not told["out_of_order"] and told["prices"] == expected_prices(stream, blast["count"])
        marked, elapsed_ns = told["marked"] or 1, told["elapsed_ns"] or 1
        return Throughput(
            per_second=marked * SECOND / elapsed_ns, cpu_us=told["cpu_ns"] / marked / MICROSECOND, checked=right,
            count=blast["count"], seconds=elapsed_ns / SECOND, hash=f"{found['crc']:08x}", cores_used=cores_used,
        )  # fmt: skip

    def one_way(
        self, rate: int, seconds: float, give_up_seconds: float = 1.0, sent_to: str = "", taken_from: str = ""
    ) -> OneWay:
        """The first part of the schedule warms up and is not counted. Two subjects where somebody relays."""
        warm_up = int(rate * min(WARM_UP_SECONDS, seconds / 2))
        schedule = Schedule(
            start_ns=_on_tick(monotonic_ns() + LEAD_NS), rate=rate, count=warm_up + max(1, int(rate * seconds)),
            give_up_after_ns=int(give_up_seconds * SECOND),
        )  # fmt: skip
        sent_to = sent_to or self.subject()
        told = {"schedule": msgspec.to_builtins(schedule), "warm_up": warm_up}
        self.receiver.ask({"do": "listen", "subject": taken_from or sent_to, "collect": "time", **told})
        return self._timed(schedule, sent_to)

    def _timed(self, schedule: Schedule, subject: str) -> OneWay:
        usage = CoreUsage(server=self.place.pid, sender=self.sender.pid, receiver=self.receiver.pid)
        order = {"do": "pace", "subject": subject, "schedule": msgspec.to_builtins(schedule)}
        paced = self.sender.ask(order, ANSWER_SECONDS + schedule.count / schedule.rate)
        cores_used = usage.stop()
        told = self.receiver.ask({"do": "finish", "count": paced["count"]}, ANSWER_SECONDS)
        folded = msgspec.convert(told["folded"], Folded)
        sent = max(1, paced["count"])
        return OneWay(
            latency=latency_of(folded), folded=folded, held=paced["count"] == schedule.count,
            checked=told["checked"] and told["count"] == paced["count"], count=told["count"],
            send_cpu_us=paced["cpu_ns"] / sent / MICROSECOND, receive_cpu_us=told["cpu_ns"] / sent / MICROSECOND,
            cores_used=cores_used,
        )  # fmt: skip


@contextmanager
def duet(run: Run, place: Place, receiver: str, sender: str | None = None) -> Iterator[Duet]:
    """A receiver of one kind of client and a sender of the same kind, or of another."""
    with cast() as players, credit_pipe() as (reads, writes):
        common: dict[str, Any] = {
            "place": msgspec.to_builtins(place), "client": run.client, "seed": run.seed,
        }  # fmt: skip
        taking = players.begin(RECEIVER, (writes,), kind=receiver, credits_to=writes, **common)
        sending = players.begin(SENDER, (reads,), kind=sender or receiver, credits_from=reads, **common)
        players.ready()
        yield Duet(run, place, sending, taking)


def crc_of_cycles(stream: Stream, cycles: int) -> int:
    """Of the payloads of so many cycles."""
    crc, data = 0, b"".join(stream.payloads)
    for _ in range(cycles):
        crc = zlib.crc32(data, crc)
    return crc


class CoreUsage:
    """Which share of a core each process uses, from now until `stop`."""

    def __init__(self, **processes: int) -> None:
        self._processes = processes
        self._start_ns = monotonic_ns()
        self._before = {name: machine.process_cpu_seconds(pid) for name, pid in processes.items()}

    def stop(self) -> dict[str, float]:
        seconds = max(1e-6, (monotonic_ns() - self._start_ns) / SECOND)
        return {
            name: round((machine.process_cpu_seconds(pid) - self._before[name]) / seconds, 2)
            for name, pid in self._processes.items()
        }


def limit_of(cores_used: dict[str, float]) -> str:
    """What stood in the way of more, as far as the use of the cores shows it."""
    cores = os.cpu_count() or 1
    shares = ", ".join(f"{name} {share:.0%}" for name, share in cores_used.items())
    if sum(cores_used.values()) >= FULL_CORE * cores:
        return f"all {cores} cores are busy: {shares}"
    busiest = max(cores_used, key=cores_used.__getitem__)
    if cores_used[busiest] >= FULL_CORE:
        return f"the {busiest} has one core full: {shares}"
    return f"waiting, or other load: {shares}"


def _on_tick(time_ns: int) -> int:
    return time_ns - time_ns % TICK_NS
