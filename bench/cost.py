"""What does a message cost in CPU, to send and to receive, at an even pace and at full speed?"""

from __future__ import annotations

from collections.abc import Iterator

from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.duet import OneWay, Throughput, duet
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_most
from letrade.bench.framework.servers import running_server

SECONDS = 1.5
RATES = (10_000, 100_000)
UNIT = "us CPU/msg"


def answer(run: Run) -> Iterator[Result]:
    paced: dict[tuple[str, int], OneWay] = {}
    full: dict[str, Throughput] = {}
    with running_server() as place:
        for kind in (LINK, NATS_PY, RAW):
            run.say(f"cost: {kind}")
            with duet(run, place, kind) as players:
                for rate in RATES[: run.count(len(RATES), 1)]:
                    paced[kind, rate] = players.one_way(rate, run.seconds(SECONDS))
            with duet(run, place, kind, RAW) as players:
                way, collect = ("bytes", "count") if kind == RAW else ("trade", "decode")
                full[kind] = players.throughput(run.seconds(SECONDS), way, collect)
    for rate in sorted({rate for _, rate in paced}):
        trio = [paced[kind, rate] for kind in (LINK, NATS_PY, RAW)]
        right = all(each.checked for each in trio)
        yield _result(run, f"cost.send.{rate // 1_000}k", [each.send_cpu_us for each in trio], right)
        yield _result(run, f"cost.receive.{rate // 1_000}k", [each.receive_cpu_us for each in trio], right)
    goals = (at_most(0.4, "us"),)
    costs = [full[kind].cpu_us for kind in (LINK, NATS_PY, RAW)]
    yield _result(run, "cost.receive_decode.full_speed", costs, all(each.checked for each in full.values()), goals)


def _result(run: Run, name: str, costs: list[float], right: bool, goals: tuple[Goal, ...] = ()) -> Result:
    own, peer, floor = (round(cost, 4) for cost in costs)
    return Result(
        name=name, value=own, unit=UNIT, better="lower", peer="nats-py", peer_value=peer, floor=floor, checked=right,
        cpu_us_per_message=own, peer_cpu_us_per_message=peer, seed=run.seed,
        what_was_checked="each number and payload, in order",
    ).judge(goals)  # fmt: skip


QUESTION = Question("cost", "What does a message cost in CPU, to send and to receive?", answer)
