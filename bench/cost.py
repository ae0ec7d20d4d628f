"""What does a message cost in CPU, to send and to receive, at an even pace and at full speed?"""

from __future__ import annotations

from collections.abc import Iterator

from letrade.bench.framework import turns
from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_most
from letrade.bench.framework.servers import running_server

SECONDS = 1.5
RATES = (10_000, 100_000)
UNIT = "us CPU/msg"


def answer(run: Run) -> Iterator[Result]:
    kinds, seconds = (LINK, NATS_PY, RAW), run.seconds(SECONDS)
    with running_server() as place:
        with turns.duets(run, place, kinds) as players:
            for rate in RATES[: run.count(len(RATES), 1)]:
                paced = turns.one_way(run, players, rate, seconds)
                right = all(each.checked for each in paced.values())
                name = f"{rate // 1_000}k"
                yield _result(run, f"cost.send.{name}", [paced[kind].send_cpu_us for kind in kinds], right)
                yield _result(run, f"cost.receive.{name}", [paced[kind].receive_cpu_us for kind in kinds], right)
        with turns.duets(run, place, kinds, RAW) as players:
            ways = {LINK: ("trade", "decode"), NATS_PY: ("trade", "decode"), RAW: ("bytes", "count")}
            full = turns.throughput(run, players, seconds, ways)
    goals = (at_most(0.4, "us"),)
    costs = [full[kind].cpu_us for kind in kinds]
    yield _result(run, "cost.receive_decode.full_speed", costs, all(each.checked for each in full.values()), goals)


def _result(run: Run, name: str, costs: list[float], right: bool, goals: tuple[Goal, ...] = ()) -> Result:
    own, peer, floor = (round(cost, 4) for cost in costs)
    return Result(
        name=name, value=own, unit=UNIT, better="lower", peer="nats-py", peer_value=peer, floor=floor, checked=right,
        cpu_us_per_message=own, peer_cpu_us_per_message=peer, seed=run.seed,
        what_was_checked="each number and payload, in order",
    ).judge(goals)  # fmt: skip


QUESTION = Question("cost", "What does a message cost in CPU, to send and to receive?", answer)
