"""How many messages a second are turned into bytes and back, with every number's range checked?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Result
from letrade.bench.framework.stream import Stream
from letrade.core import codec
from letrade.core.clock import MICROSECOND, SECOND, process_cpu_ns
from letrade.core.messages.market import Trade

SECONDS = 0.5
PEER = "json of the standard library"
CHECKED = "every message decodes to what was encoded"


def answer(run: Run) -> Iterator[Result]:
    """The floor is msgspec alone: one known type, no ranges checked when encoding."""
    stream = Stream(run.seed)
    rows = [list(msgspec.structs.astuple(each)) for each in stream.trades]
    texts = [json.dumps(row).encode() for row in rows]
    right = [codec.decode(payload) for payload in stream.payloads] == stream.trades
    right = right and [json.loads(text) for text in texts] == rows
    seconds = run.seconds(SECONDS)
    plain_encode, plain_decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Trade).decode
    run.say("codec: encode")
    figures = _rates(seconds, (codec.encode, stream.trades), (json.dumps, rows), (plain_encode, stream.trades))
    yield _result(run, "codec.encode", figures, right)
    run.say("codec: decode")
    figures = _rates(seconds, (codec.decode, stream.payloads), (json.loads, texts), (plain_decode, stream.payloads))
    yield _result(run, "codec.decode", figures, right)


def _rates(seconds: float, *measured: tuple[Callable[[Any], object], Sequence[Any]]) -> list[float]:
    return [_rate(function, items, seconds) for function, items in measured]


def _rate(function: Callable[[Any], object], items: Sequence[Any], seconds: float) -> float:
    """Calls a second of CPU, in the best round: the others were disturbed."""
    best = 0.0
    until = process_cpu_ns() + int(seconds * SECOND)
    while not best or process_cpu_ns() < until:
        start = process_cpu_ns()
        for item in items:
            function(item)
        best = max(best, len(items) * SECOND / max(1, process_cpu_ns() - start))
    return best


def _result(run: Run, name: str, figures: Sequence[float], right: bool) -> Result:
    own, peer, floor = figures
    return Result(
        name=name, value=round(own), unit="msg/s", peer=PEER, peer_value=round(peer), floor=round(floor), checked=right,
        cpu_us_per_message=round(SECOND / MICROSECOND / own, 4), seed=run.seed, what_was_checked=CHECKED,
        note="of CPU time; the floor is msgspec alone, for one known type",
    ).judge(())  # fmt: skip


QUESTION = Question("codec", "How many messages a second are turned into bytes and back?", answer)
