"""Puts the figures of the measured client, its peer and its floor side by side."""

from __future__ import annotations

from collections.abc import Sequence

from letrade.bench.framework.duet import OneWay, Throughput, limit_of
from letrade.bench.framework.question import Run
from letrade.bench.framework.results import Goal, Result


def throughput_result(
    run: Run, name: str, own: Throughput, peer: Throughput | None, floor: Throughput | None, goals: Sequence[Goal],
    what_was_checked: str,
) -> Result:  # fmt: skip
    """Messages a second; a wrong peer or floor is no figure to compare with, and is said to be wrong."""
    result = Result(
        name=name, value=round(own.per_second), unit="msg/s", checked=own.checked, seed=run.seed, hash=own.hash,
        cpu_us_per_message=round(own.cpu_us, 4), count=own.count, seconds=round(own.seconds, 3),
        cores_used=own.cores_used, what_was_checked=what_was_checked, limited_by=limit_of(own.cores_used),
    )  # fmt: skip
    if peer is not None:
        result.peer, result.peer_value = "nats-py", round(peer.per_second)
        result.peer_cpu_us_per_message = round(peer.cpu_us, 4)
    if floor is not None:
        result.floor = round(floor.per_second)
    result.checked = all(each.checked for each in (own, peer, floor) if each is not None)
    return result.judge(goals)


def latency_result(
    run: Run, name: str, own: OneWay, peer: OneWay | None, floor: OneWay | None, goals: Sequence[Goal]
) -> Result:
    """The 99th percentile, in microseconds."""
    result = Result(
        name=name, value=own.latency.p99, unit="us p99", better="lower", seed=run.seed, count=own.count,
        checked=all(each.checked for each in (own, peer, floor) if each is not None),
        cpu_us_per_message=round(own.receive_cpu_us, 4), cores_used=own.cores_used,
        what_was_checked="each number and payload, in order", limited_by=limit_of(own.cores_used),
    ).with_latency(own.latency, peer.latency if peer else None, floor.latency if floor else None)  # fmt: skip
    if peer is not None:
        result.peer, result.peer_value = "nats-py", peer.latency.p99
        result.peer_cpu_us_per_message = round(peer.receive_cpu_us, 4)
    if floor is not None:
        result.floor = floor.latency.p99
    late = [who for who, each in (("letrade", own), ("nats-py", peer), ("raw socket", floor)) if each and not each.held]
    if late:
        result.note = f"could not send at this rate: {', '.join(late)}; what was not sent counts as late"
    return result.judge(goals)
