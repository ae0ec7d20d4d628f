"""Puts the figures of the measured client, its peer and its floor side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from letrade.bench.framework.duet import OneWay, Throughput, limit_of
from letrade.bench.framework.question import Run
from letrade.bench.framework.results import Goal, Result

Answer = TypeVar("Answer", OneWay, Throughput)


def throughput_result(
    run: Run, name: str, own: Throughput, peer: Throughput | None, floor: Throughput | None, goals: Sequence[Goal],
    what_was_checked: str,
) -> Result:  # fmt: skip
    """Messages a second."""
    peer, floor, remark = believed(peer, floor)
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
    result.note = remark
    return result.judge(goals)


def believed(peer: Answer | None, floor: Answer | None) -> tuple[Answer | None, Answer | None, str | None]:
    """A peer or a floor that lost messages is no figure to compare with: it is left out, and that is said."""
    wrong = [name for name, each in (("nats-py", peer), ("the raw socket", floor)) if each and not each.checked]
    remark = f"left out, as messages were lost or wrong there: {', '.join(wrong)}" if wrong else None
    return peer if peer and peer.checked else None, floor if floor and floor.checked else None, remark


def latency_result(
    run: Run, name: str, own: OneWay, peer: OneWay | None, floor: OneWay | None, goals: Sequence[Goal]
) -> Result:
    """The 99th percentile, in microseconds."""
    peer, floor, remark = believed(peer, floor)
    result = Result(
        name=name, value=own.latency.p99, unit="us p99", better="lower", seed=run.seed, count=own.count,
        checked=own.checked,
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
        slow = f"could not send at this rate: {', '.join(late)}; what was not sent counts as late"
        remark = f"{slow}; {remark}" if remark else slow
    result.note = remark
    return result.judge(goals)
