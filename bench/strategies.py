"""How late does a tick reach the last of 1, 10, 100 and 1,000 strategies, at 10,000 ticks a second?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from letrade.bench.framework.desk_files import strategies_desk, strategy_name
from letrade.bench.framework.duet import LEAD_NS, CoreUsage, limit_of
from letrade.bench.framework.latencies import Folded, Latency, latency_of
from letrade.bench.framework.pacing import Schedule
from letrade.bench.framework.players import Player, cast
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result, at_most
from letrade.bench.framework.servers import Place, running_server
from letrade.core.clock import SECOND, monotonic_ns, sleep, wall_ns
from letrade.core.network.link import ClientName

ROLE = "letrade.bench.framework.desk_process"
SECONDS = 3.0
RATE, EVERY = 10_000, 100
WARM_UP_SHARE = 0.2
COUNTS, QUICK_COUNTS = (1, 10, 100, 1_000), (1, 20)
SHARING = 5
"""So many strategies trade one instrument, and hear the same ticks."""
POLL_SECONDS, POLLS_MAX = 0.2, 50
CHECKED = "each strategy handled each tick of its instrument, in order"
GOALS = {1_000: (at_most(5_000, "us"),)}


class Heard(msgspec.Struct):
    """How late ticks reached the strategies, and whether each had all of its own."""

    latency: Latency
    checked: bool
    cores_used: dict[str, float]
    fewest: int
    most: int


def answer(run: Run) -> Iterator[Result]:
    """The most strategies live in two workers, and are measured over nats-py too."""
    counts = QUICK_COUNTS if run.quick else COUNTS
    with running_server() as place:
        for count in counts:
            most = count == counts[-1]
            names = ["left", "right"] if most else ["only"]
            run.say(f"strategies: {count:,}")
            own = _measure(run, place, run.client, count, names)
            peer = None
            if most:
                run.say(f"strategies: {count:,}, nats-py")
                peer = _measure(run, place, "nats-py", count, names)
            yield _result(run, count, len(names), own, peer)


def instruments_of(count: int) -> int:
    return max(1, count // SHARING)


def _measure(run: Run, place: Place, client: ClientName, count: int, names: list[str]) -> Heard:
    instruments = instruments_of(count)
    text = strategies_desk(count, instruments, names, EVERY)
    where: dict[str, Any] = {"place": msgspec.to_builtins(place), "client": client}
    with cast() as players:
        workers = {name: players.begin(f"{ROLE}:play", process=name, desk=text, **where) for name in names}
        ticks = players.begin(f"{ROLE}:play_ticks", **where)
        players.ready()
        order = _plan(run, instruments)
        usage = CoreUsage(server=place.pid, ticks=ticks.pid, **{name: each.pid for name, each in workers.items()})
        sent = ticks.ask(order)["count"]
        cores_used = usage.stop()
        reports = _settled(list(workers.values()), order, sent, count, instruments)
    return _heard(reports, sent, order["schedule"]["count"], count, instruments, cores_used)


def _plan(run: Run, instruments: int) -> dict[str, Any]:
    schedule = Schedule(
        start_ns=monotonic_ns() + LEAD_NS, rate=RATE, count=int(RATE * run.seconds(SECONDS)),
        give_up_after_ns=5 * SECOND,
    )  # fmt: skip
    return {
        "do": "ticks", "schedule": msgspec.to_builtins(schedule), "instruments": instruments, "every": EVERY,
        "wall_offset_ns": wall_ns() - monotonic_ns(), "warm_up_share": WARM_UP_SHARE,
    }  # fmt: skip


def _settled(
    workers: list[Player], order: dict[str, Any], sent: int, count: int, instruments: int
) -> list[dict[str, Any]]:
    """What the workers tell once all has been handled, or when that does not come."""
    wanted = sum(_expected(sent, number, instruments) for number in range(count))
    reports: list[dict[str, Any]] = []
    for _ in range(POLLS_MAX):
        reports = [worker.ask({**order, "do": "report"}) for worker in workers]
        if sum(sum(report["ticks"].values()) for report in reports) >= wanted:
            break
        sleep(POLL_SECONDS)
    return reports


def _expected(sent: int, number: int, instruments: int) -> int:
    """How many of the ticks are of this strategy's instrument."""
    return (sent - number % instruments + instruments - 1) // instruments


def _heard(
    reports: list[dict[str, Any]], sent: int, planned: int, count: int, instruments: int, cores_used: dict[str, float]
) -> Heard:
    ticks = {name: heard for report in reports for name, heard in report["ticks"].items()}
    wanted = {strategy_name(number): _expected(sent, number, instruments) for number in range(count)}
    right = sent == planned and ticks == wanted
    right = right and not any(report["out_of_order"] or report["complaints"] for report in reports)
    latency = latency_of(*(msgspec.convert(report["folded"], Folded) for report in reports))
    heard = ticks.values()
    return Heard(latency, right, cores_used, min(heard, default=0), max(heard, default=0))


def _result(run: Run, count: int, processes: int, own: Heard, peer: Heard | None) -> Result:
    result = Result(
        name=f"strategies.{count}", value=own.latency.p99, unit="us p99", better="lower", seed=run.seed,
        checked=own.checked and (peer is None or peer.checked), cores_used=own.cores_used, what_was_checked=CHECKED,
        limited_by=limit_of(own.cores_used),
        note=f"{processes} process{'es' * (processes > 1)}, {instruments_of(count)} instruments; "
        f"ticks of one strategy: {own.fewest:,} to {own.most:,}, as many as there were",
    ).with_latency(own.latency, peer.latency if peer else None)  # fmt: skip
    if not own.checked:
        result.note = f"ticks of one strategy: {own.fewest:,} to {own.most:,}: some are missing, or came out of order"
    if peer is not None:
        result.peer, result.peer_value = "nats-py", peer.latency.p99
    return result.judge(GOALS.get(count, ()))


QUESTION = Question(
    "strategies", "How late does a tick reach the last of 1, 10, 100 and 1,000 strategies, at 10,000 a second?", answer
)
