"""How many messages a second are stored in a JetStream file stream, each acknowledged, and read back without a gap?"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from letrade.bench.framework.clients import LINK, NATS_PY, RAW
from letrade.bench.framework.duet import CoreUsage, limit_of
from letrade.bench.framework.players import Player, cast
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_least
from letrade.bench.framework.servers import Place, running_server
from letrade.bench.framework.stream import CYCLE, Stream
from letrade.core.clock import MICROSECOND, SECOND

ROLE = "letrade.bench.framework.storing:play"
COUNTS = {LINK: 400_000, NATS_PY: 60_000, RAW: 400_000}
USUAL_SECONDS = 2.0
"""What the counts are about right for; `--for` asks for more or less in proportion."""
CHECKED = "every acknowledgement, the count that the stream holds, and every payload when read back"
WAIT_SECONDS = 300.0
GOALS = {"plain": (at_least(2.5e5, "msg/s"),), "ids": (at_least(1.5e5, "msg/s"),)}
REPLAY_GOALS = (at_least(4e5, "msg/s"),)


class Stored(msgspec.Struct):
    """Messages a second that one client wrote or read."""

    per_second: float
    cpu_us: float
    checked: bool
    cores_used: dict[str, float]
    count: int


def answer(run: Run) -> Iterator[Result]:
    found: dict[tuple[str, str], Stored] = {}
    with running_server() as place, cast() as players:
        common = {"place": msgspec.to_builtins(place), "client": run.client, "seed": run.seed}
        clients = {kind: players.begin(ROLE, kind=kind, **common) for kind in (LINK, NATS_PY, RAW)}
        players.ready()
        for kind, player in clients.items():
            for ids in (False, True):
                what = "ids" if ids else "plain"
                run.say(f"stream: {kind}, {'with' if ids else 'without'} message ids")
                found[kind, what] = _write(run, place, player, clients[LINK], kind, ids)
            if kind != RAW:
                run.say(f"stream: {kind}, replay")
                found[kind, "replay"] = _replay(run, place, player, kind)
    for what, goals in GOALS.items():
        yield _result(run, f"stream.acked.{what}", found[LINK, what], found[NATS_PY, what], found[RAW, what], goals)
    yield _result(run, "stream.replay", found[LINK, "replay"], found[NATS_PY, "replay"], None, REPLAY_GOALS)


def _count(run: Run, kind: str) -> int:
    if run.quick:
        return 2_000
    return max(1_000, int(COUNTS[kind] * run.seconds(USUAL_SECONDS) / USUAL_SECONDS))


def _write(run: Run, place: Place, player: Player, keeper: Player, kind: str, ids: bool) -> Stored:
    """Each client writes to a stream of its own."""
    name, count = _name(kind, ids), _count(run, kind)
    keeper.ask({"do": "make", "stream": name})
    usage = CoreUsage(server=place.pid, writer=player.pid)
    told = player.ask({"do": "write", "stream": name, "count": count, "ids": ids}, WAIT_SECONDS)
    cores_used = usage.stop()
    held = keeper.ask({"do": "held", "stream": name})["messages"]
    return _stored(told, told["right"] and held == count, cores_used)


def _replay(run: Run, place: Place, player: Player, kind: str) -> Stored:
    count = _count(run, kind)
    usage = CoreUsage(server=place.pid, reader=player.pid)
    told = player.ask({"do": "replay", "stream": _name(kind, False), "count": count}, WAIT_SECONDS)
    right = told["count"] == count and not told["gaps"] and told["crc"] == _crc(Stream(run.seed), count)
    return _stored(told, right, usage.stop())


def _name(kind: str, ids: bool) -> str:
    return f"BENCH_{kind.replace('-', '_')}_{'ids' if ids else 'plain'}"


def _crc(stream: Stream, count: int) -> int:
    crc = 0
    for first in range(0, count, CYCLE):
        crc = zlib.crc32(b"".join(stream.payloads[: min(CYCLE, count - first)]), crc)
    return crc


def _stored(told: dict[str, Any], right: bool, cores_used: dict[str, float]) -> Stored:
    count = max(1, told["count"])
    return Stored(
        count * SECOND / told["elapsed_ns"], told["cpu_ns"] / count / MICROSECOND, right, cores_used, told["count"]
    )


def _result(
    run: Run, name: str, own: Stored, peer: Stored, floor: Stored | None, goals: tuple[Goal, ...]
) -> Result:  # fmt: skip
    return Result(
        name=name, value=round(own.per_second), unit="msg/s", peer="nats-py", peer_value=round(peer.per_second),
        floor=round(floor.per_second) if floor else None, what_was_checked=CHECKED, seed=run.seed, count=own.count,
        checked=own.checked and peer.checked and (floor is None or floor.checked), cores_used=own.cores_used,
        cpu_us_per_message=round(own.cpu_us, 3), peer_cpu_us_per_message=round(peer.cpu_us, 3),
        limited_by=limit_of(own.cores_used),
    ).judge(goals)  # fmt: skip


QUESTION = Question(
    "stream", "How many messages a second does a JetStream file stream acknowledge, and give back?", answer
)
