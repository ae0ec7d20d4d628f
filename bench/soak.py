"""Do latency and memory stay as they are, hour after hour at 10,000 messages a second?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from letrade.bench.framework.clients import LINK, RAW
from letrade.bench.framework.compare import latency_result
from letrade.bench.framework.duet import Duet, OneWay, duet
from letrade.bench.framework.latencies import Folded, latency_of
from letrade.bench.framework.machine import resident_mb
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result
from letrade.bench.framework.servers import Place, running_server
from letrade.core.clock import SECOND, monotonic_ns

SECONDS = 10.0
RATE = 10_000
PARTS = 10
PART_SECONDS_MAX = 10.0
SERIES_MAX = 1_000
"""Points that are kept: with more, every second one goes."""


class Soak:
    """All parts of one soak, added up; one pair of connections for all of it."""

    def __init__(self, place: Place, players: Duet) -> None:
        self.place = place
        self.players = players
        self.start_ns = monotonic_ns()
        self.counts: Counter[int] = Counter()
        self.series: list[dict[str, float]] = []
        self.last: OneWay | None = None
        self.checked = True
        self.count = 0

    @property
    def elapsed_seconds(self) -> float:
        return (monotonic_ns() - self.start_ns) / SECOND

    def part(self, seconds: float) -> None:
        """The schedule pauses between parts to read the figures."""
        part = self.last = self.players.one_way(RATE, seconds)
        self.checked = self.checked and part.checked
        self.count += part.count
        for value, count in zip(part.folded.values, part.folded.counts, strict=True):
            self.counts[value] += count
        shown = {name: part.latency.percentiles_us[name] for name in ("p50", "p99", "p99.9")}
        pids = {"server": self.place.pid, "sender": self.players.sender.pid, "receiver": self.players.receiver.pid}
        memory = {f"{name}_mb": round(resident_mb(pid), 1) for name, pid in pids.items()}
        self.series.append({"seconds": round(self.elapsed_seconds, 1), **shown, **memory})
        if len(self.series) > SERIES_MAX:
            del self.series[1::2]

    def whole(self) -> OneWay:
        assert self.last is not None
        folded = Folded(list(self.counts.keys()), list(self.counts.values()))
        return msgspec.structs.replace(
            self.last, folded=folded, latency=latency_of(folded), checked=self.checked, count=self.count
        )


def answer(run: Run) -> Iterator[Result]:
    """Ctrl-C ends the soak early; what it has measured is told."""
    total = run.seconds(SECONDS)
    part_seconds = min(PART_SECONDS_MAX, total / (2 if run.quick else PARTS))
    interrupted: KeyboardInterrupt | None = None
    with running_server() as place:
        run.say("soak: the raw socket")
        with duet(run, place, RAW) as players:
            floor = players.one_way(RATE, part_seconds)
        with duet(run, place, LINK) as players:
            soak = Soak(place, players)
            try:
                while soak.elapsed_seconds < total:
                    run.say(f"soak: {soak.elapsed_seconds:,.0f} of {total:,.0f} s")
                    soak.part(part_seconds)
            except KeyboardInterrupt as error:
                interrupted = error
    if soak.series:
        yield _result(run, soak, floor)
    if interrupted is not None:
        raise interrupted


def _result(run: Run, soak: Soak, floor: OneWay) -> Result:
    result = latency_result(run, "soak", soak.whole(), None, floor, ())
    result.series = soak.series
    first, last = soak.series[0], soak.series[-1]
    grown = ", ".join(
        f"{name.removesuffix('_mb')} {first[name]:.1f} → {last[name]:.1f} MB" for name in first if name.endswith("_mb")
    )
    result.note = f"{RATE:,} a second for {last['seconds']:,.0f} s; memory: {grown}"
    return result


QUESTION = Question("soak", "Do latency and memory stay as they are, hour after hour? (--for 1h)", answer)
