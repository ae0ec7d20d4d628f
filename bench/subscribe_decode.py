"""How many messages a second can one process decode to a Struct and hand to a Python function?"""

from __future__ import annotations

from collections.abc import Iterator

from letrade.bench.framework import turns
from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.compare import throughput_result
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result, at_least, cpu_at_most, share_of_floor, times_peer
from letrade.bench.framework.servers import running_server

SECONDS = 3.0
CHECKED = "every payload of a first round, encoded again; of the timed round each sequence and the sum of the prices"
GOALS = (at_least(1.5e6, "msg/s"), times_peer(8.0), share_of_floor(0.7), cpu_at_most(0.4))


def answer(run: Run) -> Iterator[Result]:
    seconds = run.seconds(SECONDS)
    with running_server() as place, turns.duets(run, place, (RAW, LINK, NATS_PY), RAW) as players:
        for name, way, goals in (("subscribe_decode", "trade", GOALS), ("subscribe_decode.any_message", "codec", ())):
            ways = {RAW: ("bytes", "count"), LINK: (way, "decode"), NATS_PY: (way, "decode")}
            found = turns.throughput(run, players, seconds, ways)
            yield throughput_result(run, name, found[LINK], found[NATS_PY], found[RAW], goals, CHECKED)


QUESTION = Question(
    "subscribe_decode", "How many messages a second can one process decode to a Struct and hand to a function?", answer
)
