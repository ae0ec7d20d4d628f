"""How many messages a second does one process hand from publisher to subscriber, with mirroring to NATS off and on?"""

from __future__ import annotations

from collections.abc import Iterator

from letrade.bench import local_bus
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result, at_least
from letrade.core.clock import SECOND, process_cpu_ns

COUNT = 200_000
CHECKED = "each message was heard"


def answer(run: Run) -> Iterator[Result]:
    count, runs = run.count(COUNT, 5_000), run.count(5, 1)
    floor = _calls_per_second(count)
    measures = (
        ("local_bus", local_bus.one_subscriber, (at_least(4e6, "msg/s"),)),
        ("local_bus.mirrored", local_bus.mirrored, ()),
        ("local_bus.hop", local_bus.hop, ()),
    )
    for name, measure, goals in measures:
        run.say(name)
        figures = measure(count, runs)
        yield Result(
            name=name, value=round(figures.messages_per_second), unit="msg/s", floor=round(floor), checked=True,
            cpu_us_per_message=round(figures.nanoseconds_each / 1_000, 4), count=count * runs, seed=run.seed,
            what_was_checked=CHECKED, note="of CPU time; the floor is the bare call of the handler",
        ).judge(goals)  # fmt: skip


def _calls_per_second(count: int) -> float:
    """What the handlers alone take: nothing that dispatches can be faster."""
    messages = local_bus.trades(count)
    handler = local_bus.Counter("counter", None, local_bus.CONTEXT).on_trade
    start = process_cpu_ns()
    for message in messages:
        handler(message)
    return count * SECOND / max(1, process_cpu_ns() - start)


QUESTION = Question(
    "local_bus", "How many messages a second does one process hand from publisher to subscriber?", answer
)
