"""What the figures are made of: folded latencies, planned schedules, frames cut from a stream."""

import socket

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram

from letrade.bench.framework.collectors import folded_latencies
from letrade.bench.framework.latencies import LONGEST_NS, fold, histogram_of, latency_of
from letrade.bench.framework.pacing import Schedule, Ticker, pace
from letrade.bench.framework.raw import BUFFER_BYTES, Frames
from letrade.bench.framework.stream import CYCLE, PAYLOAD_BYTES, Stream, delivery_head, numbered
from letrade.core import codec, ids
from letrade.core.clock import monotonic_ns

HEAD = delivery_head("a.b")


def test_folding_first_gives_the_histogram_that_recording_one_by_one_gives() -> None:
    random = ids.generator(1, "latencies")
    values = [int(10 ** random.uniform(2, 9)) for _ in range(5_000)]
    slow = HdrHistogram(1, LONGEST_NS, 3)
    for value in values:
        slow.record_value(value)
    fast = histogram_of(fold(np.array(values, dtype=np.int64)))
    assert fast.get_total_count() == slow.get_total_count()
    for percentile in (0.0, 50.0, 99.0, 99.9, 100.0):
        found, expected = (each.get_value_at_percentile(percentile) for each in (fast, slow))
        assert abs(found - expected) <= expected * 2e-3


def test_what_was_never_sent_counts_with_the_time_that_it_waited() -> None:
    schedule = Schedule(start_ns=0, rate=10_000, count=4, give_up_after_ns=1_000_000)
    times = np.array([100, 100_200], dtype=np.int64)
    folded = folded_latencies(schedule, times, 0)
    assert sorted(zip(folded["values"], folded["counts"], strict=True)) == [
        (100, 1),
        (200, 1),
        (1_100_000, 1),
        (1_200_000, 1),
    ]


def test_latency_counts_from_the_planned_instant_of_the_burst() -> None:
    schedule = Schedule(start_ns=1_000, rate=20_000, count=4)
    assert (schedule.burst, schedule.interval_ns) == (2, 100_000)
    folded = folded_latencies(schedule, np.array([1_500, 1_600, 101_700, 101_800], dtype=np.int64), 2)
    assert folded["values"] == [700, 800]


def test_a_late_sender_sends_all_that_was_due_in_order() -> None:
    schedule = Schedule(start_ns=monotonic_ns() - 1_000_000, rate=50_000, count=42)
    sent: list[tuple[int, int]] = []
    assert pace(schedule, lambda first, count: sent.append((first, count))) == 42
    ends = [first + count for first, count in sent]
    assert [first for first, _ in sent] == [0, *ends[:-1]]
    assert ends[-1] == 42
    assert sent[0][1] >= 10 * 5 or ends[0] == 42


def test_nothing_is_sent_before_its_time() -> None:
    ticker = Ticker(Schedule(start_ns=monotonic_ns() + 60_000_000_000, rate=10_000, count=5))
    assert ticker.send_due(lambda first, count: None) == 0
    ticker.close()


def test_percentiles_rise_and_the_curve_ends_where_the_count_does() -> None:
    latency = latency_of(fold(np.arange(1, 1_001, dtype=np.int64) * 1_000))
    assert list(latency.percentiles_us.values()) == sorted(latency.percentiles_us.values())
    assert latency.curve[-1][0] == pytest.approx(99.9)
    assert latency.p99 == pytest.approx(990, rel=2e-3)


def test_all_trades_of_a_stream_have_one_size_and_the_seed_decides_them() -> None:
    stream = Stream(3)
    assert {len(payload) for payload in stream.payloads} == {PAYLOAD_BYTES}
    assert [codec.decode(payload) for payload in stream.payloads[:50]] == stream.trades[:50]
    assert len(stream.payloads) == CYCLE
    assert Stream(3).crc == stream.crc != Stream(4).crc


class _Line:
    """A connection of which the test plays the server."""

    def __init__(self) -> None:
        self.socket, self.server = socket.socketpair()

    def close(self) -> None:
        self.socket.close()
        self.server.close()


@pytest.mark.parametrize("chunk", [1, 7, 100, 4_096])
def test_frames_are_cut_right_wherever_the_stream_is_split_and_pings_are_answered(chunk: int) -> None:
    line = _Line()
    rows = numbered(HEAD, 0, 20)
    data = rows[:5].tobytes() + b"PING\r\n" + rows[5:13].tobytes() + b"PING\r\n" + rows[13:].tobytes()
    frames, found = Frames(line, rows.shape[1]), b""  # type: ignore[arg-type]
    for first in range(0, len(data), chunk):
        line.server.sendall(data[first : first + chunk])
        while whole := _read_now(frames, line):
            found += bytes(frames.whole(whole))
    assert found == rows.tobytes()
    assert line.server.recv(BUFFER_BYTES) == b"PONG\r\n" * 2
    line.close()


def _read_now(frames: Frames, line: _Line) -> int:
    line.socket.setblocking(False)
    return frames.read()
