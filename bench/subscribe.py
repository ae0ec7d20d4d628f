"""How many messages of 128 bytes a second can one process take as bytes, one by one or a read at a time?"""

from __future__ import annotations

from collections.abc import Iterator

from letrade.bench.framework import turns
from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.compare import throughput_result
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result
from letrade.bench.framework.servers import running_server

SECONDS = 3.0
CHECKED = "every payload of a first round; of the timed round the count"


def answer(run: Run) -> Iterator[Result]:
    seconds = run.seconds(SECONDS)
    with running_server() as place, turns.duets(run, place, (RAW, LINK, NATS_PY), RAW) as players:
        found = turns.throughput(run, players, seconds, dict.fromkeys(players, ("bytes", "count")))
        batches = turns.throughput(run, {LINK: players[LINK]}, seconds, {LINK: ("batches", "count")})
    for name, own in (("subscribe", found[LINK]), ("subscribe.batches", batches[LINK])):
        yield throughput_result(run, name, own, found[NATS_PY], found[RAW], (), CHECKED)


QUESTION = Question(
    "subscribe", "How many messages a second can one process take as bytes, one by one or a read at a time?", answer
)
