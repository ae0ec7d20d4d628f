"""How long from a tick to the order that it causes, in one process and over three, at 10,000 ticks a second?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from letrade.bench.framework import desk_files
from letrade.bench.framework.clients import RAW
from letrade.bench.framework.duet import LEAD_NS, CoreUsage, duet, limit_of
from letrade.bench.framework.latencies import Folded, Latency, latency_of
from letrade.bench.framework.pacing import Schedule
from letrade.bench.framework.players import Player, cast
from letrade.bench.framework.question import Question, Run
from letrade.bench.framework.results import Goal, Result, at_most
from letrade.bench.framework.servers import Place, running_server
from letrade.bench.framework.stream import SUBJECT
from letrade.core.clock import SECOND, monotonic_ns, sleep, wall_ns
from letrade.core.config.desk import DESK_PROCESS
from letrade.core.network.link import ClientName

ROLE = "letrade.bench.framework.desk_process"
SECONDS = 4.0
WARM_UP_SECONDS = 0.5
RATE, EVERY = 10_000, 20
POLL_SECONDS, POLLS_MAX = 0.2, 50
CHECKED = "each tick reached the strategy, each of its signals became one order, and no other order came"


class Orders(msgspec.Struct):
    """Tick to order of one arrangement of processes."""

    latency: Latency
    checked: bool
    cores_used: dict[str, float]
    refused: int


def answer(run: Run) -> Iterator[Result]:
    run.say("tick_to_order: one process")
    with cast() as players:
        own = _one_process(run, players.start(f"{ROLE}:play", place=None, client=run.client, process=DESK_PROCESS,
                                              desk=desk_files.order_desk(1, EVERY)))  # fmt: skip
        floor = _schedule_alone(run, players.start(f"{ROLE}:schedule_only"))
    yield _result(run, "tick_to_order.one_process", own, None, floor, (at_most(200, "us"),))
    with running_server() as place:
        run.say("tick_to_order: three processes")
        own = _three_processes(run, place, run.client)
        run.say("tick_to_order: three processes, nats-py")
        peer = _three_processes(run, place, "nats-py")
        run.say("tick_to_order: three raw sockets")
        floor = _raw_relay(run, place)
    yield _result(run, "tick_to_order.three_processes", own, peer, floor, (at_most(1_500, "us"),))


def plan(run: Run, seconds: float) -> dict[str, Any]:
    """A schedule that begins soon, and how many of its ticks warm up."""
    warm_up = int(RATE * min(WARM_UP_SECONDS, run.seconds(seconds)))
    warm_up -= warm_up % EVERY
    schedule = Schedule(
        start_ns=monotonic_ns() + LEAD_NS, rate=RATE, count=warm_up + int(RATE * run.seconds(seconds)),
        give_up_after_ns=5 * SECOND,
    )  # fmt: skip
    return {
        "do": "ticks", "schedule": msgspec.to_builtins(schedule), "instruments": 1, "every": EVERY, "warm_up": warm_up,
        "wall_offset_ns": wall_ns() - monotonic_ns(),
    }  # fmt: skip


def _one_process(run: Run, desk: Player) -> Orders:
    order = plan(run, SECONDS)
    usage = CoreUsage(desk=desk.pid)
    sent = desk.ask(order)["count"]
    cores_used = usage.stop()
    return _orders(order, sent, *_settled(order, sent, desk, desk), cores_used)


def _three_processes(run: Run, place: Place, client: ClientName) -> Orders:
    where = {"place": msgspec.to_builtins(place), "client": client}
    text = desk_files.order_desk(3, EVERY)
    with cast() as players:
        venue = players.begin(f"{ROLE}:play", process=desk_files.VENUE_WORKER, desk=text, **where)
        desk = players.begin(f"{ROLE}:play", process=DESK_PROCESS, desk=text, **where)
        ticks = players.begin(f"{ROLE}:play_ticks", **where)
        players.ready()
        order = plan(run, SECONDS)
        usage = CoreUsage(server=place.pid, ticks=ticks.pid, desk=desk.pid, venue=venue.pid)
        sent = ticks.ask(order)["count"]
        cores_used = usage.stop()
        return _orders(order, sent, *_settled(order, sent, desk, venue), cores_used)


def _settled(order: dict[str, Any], sent: int, desk: Player, venue: Player) -> tuple[dict[str, Any], dict[str, Any]]:
    """What both tell once every signal has come to its end, or when that does not come."""
    told, seen = {}, {}
    for _ in range(POLLS_MAX):
        sleep(POLL_SECONDS)
        told, seen = desk.ask({**order, "do": "report"}), venue.ask({**order, "do": "report"})
        orders = seen["orders"]["signals"] if "orders" in seen else 0
        if told["ticks"]["climb"] == sent and orders + told["refused"] == told["signals"]["climb"]:
            break
    return told, seen


def _orders(
    order: dict[str, Any], sent: int, desk: dict[str, Any], venue: dict[str, Any], cores_used: dict[str, float]
) -> Orders:
    """`desk` is where the strategy lives, `venue` where the orders were seen."""
    found = venue.get("orders", {"signals": 0, "unknown": 0, "values": [], "counts": []})
    wanted = order["schedule"]["count"] // order["every"]
    right = (
        sent == desk["ticks"]["climb"] == order["schedule"]["count"]
        and found["signals"] + desk["refused"] == desk["signals"]["climb"] == wanted
        and not found["unknown"]
        and not desk["complaints"]
        and not venue["complaints"]
    )
    return Orders(latency_of(Folded(found["values"], found["counts"])), right, cores_used, desk["refused"])


def _schedule_alone(run: Run, player: Player) -> Latency:
    return latency_of(msgspec.convert(player.ask(plan(run, SECONDS)), Folded))


def _raw_relay(run: Run, place: Place) -> Latency:
    """The same bytes over the same three hops, looked at by nobody."""
    with duet(run, place, RAW) as pair, cast() as players:
        taken, given = f"{SUBJECT}.HOP-1", f"{SUBJECT}.HOP-2"
        players.start("letrade.bench.framework.relay:play", place=msgspec.to_builtins(place), taken=taken, given=given)
        return pair.one_way(RATE, run.seconds(SECONDS), sent_to=taken, taken_from=given).latency


def _result(
    run: Run, name: str, own: Orders, peer: Orders | None, floor: Latency, goals: tuple[Goal, ...]
) -> Result:  # fmt: skip
    result = Result(
        name=name, value=own.latency.p99, unit="us p99", better="lower", seed=run.seed, floor=floor.p99,
        checked=own.checked and (peer is None or peer.checked), cores_used=own.cores_used, what_was_checked=CHECKED,
        limited_by=limit_of(own.cores_used),
    ).with_latency(own.latency, peer.latency if peer else None, floor)  # fmt: skip
    if peer is not None:
        result.peer, result.peer_value = "nats-py", peer.latency.p99
    if own.refused:
        result.note = f"{own.refused} wishes were over a second old when they were heard, and were refused"
    return result.judge(goals)


QUESTION = Question(
    "tick_to_order", "How long from a tick to the order that it causes, in one process and in three?", answer
)
