"""Measures several clients in turns, so that what disturbs the machine for a while disturbs all of them alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import msgspec

from letrade.bench.framework.duet import Duet, OneWay, Throughput, duet
from letrade.bench.framework.latencies import Folded, latency_of
from letrade.bench.framework.question import Run
from letrade.bench.framework.servers import Place

ROUNDS = 2


@contextmanager
def duets(run: Run, place: Place, kinds: Sequence[str], sender: str | None = None) -> Iterator[dict[str, Duet]]:
    """A pair of players for each kind of client; those that are not measured wait, and use no CPU."""
    with ExitStack() as stack:
        yield {kind: stack.enter_context(duet(run, place, kind, sender)) for kind in kinds}


def one_way(run: Run, players: Mapping[str, Duet], rate: int, seconds: float) -> dict[str, OneWay]:
    """The latencies of all rounds together."""
    rounds = run.count(ROUNDS, 1)
    parts: dict[str, list[OneWay]] = {kind: [] for kind in players}
    for number in range(rounds):
        for kind, pair in players.items():
            run.say(f"one way: {kind}, {rate:,} a second, round {number + 1} of {rounds}")
            parts[kind].append(pair.one_way(rate, seconds / rounds))
    return {kind: together(each) for kind, each in parts.items()}


def throughput(
    run: Run, players: Mapping[str, Duet], seconds: float, ways: Mapping[str, tuple[str, str]]
) -> dict[str, Throughput]:
    """The better round of each: the other one was disturbed. `ways` holds (way, collect) by kind of client."""
    rounds = run.count(ROUNDS, 1)
    best: dict[str, Throughput] = {}
    for number in range(rounds):
        for kind, pair in players.items():
            run.say(f"throughput: {kind}, {ways[kind][0]}, round {number + 1} of {rounds}")
            best[kind] = better(best.get(kind), pair.throughput(seconds / rounds, *ways[kind]))
    return best


def better(one: Throughput | None, other: Throughput) -> Throughput:
    """The faster one, which is right only when both are."""
    if one is None:
        return other
    faster = max(one, other, key=lambda each: each.per_second)
    return msgspec.structs.replace(faster, checked=one.checked and other.checked)


def together(parts: Sequence[OneWay]) -> OneWay:
    """One distribution of several; CPU is the mean of the parts, the use of cores that of the last."""
    counts: Counter[int] = Counter()
    for part in parts:
        counts.update(dict(zip(part.folded.values, part.folded.counts, strict=True)))
    folded = Folded(list(counts.keys()), list(counts.values()))
    return OneWay(
        latency=latency_of(folded), folded=folded, checked=all(part.checked for part in parts),
        held=all(part.held for part in parts), count=sum(part.count for part in parts),
        send_cpu_us=sum(part.send_cpu_us for part in parts) / len(parts),
        receive_cpu_us=sum(part.receive_cpu_us for part in parts) / len(parts), cores_used=parts[-1].cores_used,
    )  # fmt: skip
