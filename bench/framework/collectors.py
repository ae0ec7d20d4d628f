"""What a receiver does with messages: checks them all in full, or counts them at the least cost, or times them."""

from __future__ import annotations

import os
import zlib
from array import array
from typing import Any, Protocol

import msgspec
import numpy as np

from letrade.bench.framework.latencies import fold
from letrade.bench.framework.pacing import Schedule
from letrade.bench.framework.stream import CYCLE, FIRST_SEQUENCE, NUMBER, PADDING, Stream
from letrade.core.clock import monotonic_ns, process_cpu_ns

END_SEQUENCE = FIRST_SEQUENCE + CYCLE


class Collector(Protocol):
    """Takes messages by the handler that its way of subscribing needs."""

    @property
    def count(self) -> int: ...

    def result(self) -> dict[str, Any]: ...


class Marks:
    """One mark a cycle: gives the sender credit, and notes the time and the CPU spent so far."""

    def __init__(self, credits_to: int | None) -> None:
        self._credits_to = credits_to
        self.times: list[int] = []
        self.cpu: list[int] = []

    def mark(self) -> None:
        if self._credits_to is not None:
            os.write(self._credits_to, b".")
        self.times.append(monotonic_ns())
        self.cpu.append(process_cpu_ns())

    def result(self) -> dict[str, Any]:
        """Between the first and the last mark: how many messages, in what time, for how much CPU."""
        cycles = max(0, len(self.times) - 1)
        if not cycles:
            return {"marked": 0, "elapsed_ns": 0, "cpu_ns": 0}
        return {
            "marked": cycles * CYCLE,
            "elapsed_ns": self.times[-1] - self.times[0],
            "cpu_ns": self.cpu[-1] - self.cpu[0],
        }


class Checked:
    """Every payload in full, into one checksum."""

    def __init__(self) -> None:
        self.count = 0
        self.crc = 0

    def handle(self, subject: str, payload: bytes, reply: str) -> None:
        self.count += 1
        self.crc = zlib.crc32(payload, self.crc)

    def handle_decoded(self, subject: str, trade: Any, payload: bytes) -> None:
        """Encoded again, so that the decoded message is what is checked."""
        self.count += 1
        self.crc = zlib.crc32(msgspec.msgpack.encode(trade), self.crc)

    def handle_batch(self, subjects: list[str], payloads: list[bytes]) -> None:
        self.count += len(payloads)
        for payload in payloads:
            self.crc = zlib.crc32(payload, self.crc)

    def result(self) -> dict[str, Any]:
        return {"count": self.count, "crc": self.crc}


class Counted:
    """Payloads as bytes, counted."""

    def __init__(self, credits_to: int | None) -> None:
        self.marks = Marks(credits_to)
        self.left = CYCLE

    @property
    def count(self) -> int:
        return (len(self.marks.times) + 1) * CYCLE - self.left

    def handle(self, subject: str, payload: bytes, reply: str) -> None:
        self.left -= 1
        if not self.left:
            self.left = CYCLE
            self.marks.mark()

    def handle_batch(self, subjects: list[str], payloads: list[bytes]) -> None:
        self.left -= len(payloads)
        while self.left <= 0:
            self.left += CYCLE
            self.marks.mark()

    def result(self) -> dict[str, Any]:
        return {"count": self.count, **self.marks.result()}


class Decoded:
    """Trades as Structs: each one's sequence is checked, and the prices are added up."""

    def __init__(self, credits_to: int | None) -> None:
        self.marks = Marks(credits_to)
        self.next = FIRST_SEQUENCE
        self.out_of_order = 0
        self.prices = 0.0

    @property
    def count(self) -> int:
        return len(self.marks.times) * CYCLE + self.next - FIRST_SEQUENCE

    def handle_decoded(self, subject: str, trade: Any, payload: bytes) -> None:
        if trade.sequence != self.next:
            self.out_of_order += 1
        self.prices += trade.price
        self.next += 1
        if self.next == END_SEQUENCE:
            self.next = FIRST_SEQUENCE
            self.marks.mark()

    def result(self) -> dict[str, Any]:
        told = {"count": self.count, "out_of_order": self.out_of_order, "prices": self.prices}
        return {**told, **self.marks.result()}


class Timed:
    """When each numbered message was handled; the arithmetic comes afterwards."""

    def __init__(self, schedule: Schedule, warm_up: int) -> None:
        self.schedule = schedule
        self.warm_up = warm_up
        self.numbers = array("Q")
        self.times = array("Q")
        self.wrong = 0
        self._cpu = 0
        self._unpack = NUMBER.unpack_from

    @property
    def count(self) -> int:
        return len(self.times)

    def handle(self, subject: str, payload: bytes, reply: str) -> None:
        self.times.append(monotonic_ns())
        self.numbers.append(self._unpack(payload)[0])
        if payload[8:] != PADDING:
            self.wrong += 1
        if not self._cpu:
            self._cpu = process_cpu_ns()

    def result(self) -> dict[str, Any]:
        cpu_ns = process_cpu_ns() - self._cpu if self._cpu else 0
        numbers = np.frombuffer(self.numbers, dtype=np.uint64)
        in_order = bool((numbers == np.arange(len(numbers), dtype=np.uint64)).all())
        times = np.frombuffer(self.times, dtype=np.uint64).astype(np.int64)
        return {
            "count": len(times), "checked": in_order and not self.wrong, "cpu_ns": cpu_ns,
            "folded": folded_latencies(self.schedule, times, self.warm_up),
        }  # fmt: skip


def folded_latencies(schedule: Schedule, times: np.ndarray, warm_up: int) -> dict[str, list[int]]:
    """Of messages that came in order: from each one's planned instant.

    What was not sent before the sender gave up counts with the time that it had waited until then.
    """
    planned = schedule.start_ns + np.arange(schedule.count, dtype=np.int64) // schedule.burst * schedule.interval_ns
    unsent = np.full(max(0, schedule.count - len(times)), schedule.give_up_ns, dtype=np.int64)
    latencies = np.concatenate([times[: schedule.count], unsent]) - planned
    folded = fold(latencies[warm_up:])
    return {"values": folded.values, "counts": folded.counts}


def expected_prices(stream: Stream, count: int) -> float:
    """The sum of the prices of the first `count` messages."""
    cycles, rest = divmod(count, CYCLE)
    return cycles * stream.price_sum + sum(each.price for each in stream.trades[:rest])
