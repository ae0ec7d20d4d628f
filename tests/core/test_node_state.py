"""The state of a node is taken and given back at any settled moment, and the two go on alike."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from letrade.core import codec, node_state
from letrade.core.errors import DataError
from letrade.core.node import Node
from letrade.core.stepping.reader import FeedReader
from letrade.core.stepping.window import window_at
from tests.core.worlds import ACTORS, CONTEXT, RandomTrades, node_of

STEP_NS = 100_000


def packed(node: Node) -> Any:
    """As a snapshot carries it."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(node_state.take(node)))


def step(node: Node, reader: FeedReader) -> list[bytes]:
    times = [time for time in (reader.peek_time(), node.next_time()) if time is not None]
    window = window_at(1, min(times), STEP_NS)
    node.floor = window.start
    for message in reader.take(window.end):
        node.post(message)
    said = [codec.encode(message) for message in node.run(window.end - 1)]
    node.resume(window.end)
    return said


@pytest.mark.parametrize("steps", [0, 1, 2, 10, 57, 120])
def test_a_node_made_of_the_state_goes_on_like_the_first(steps: int) -> None:
    node, reader = node_of(list(ACTORS)), FeedReader([RandomTrades("feed", None, CONTEXT)])
    node.start(1_000_000)
    for _ in range(steps):
        step(node, reader)
    state = packed(node)
    copy, same_reader = node_of(list(ACTORS)), FeedReader([RandomTrades("feed", None, CONTEXT)])
    same_reader.take(10**18, reader.count)
    node_state.give_back(copy, state)
    assert packed(copy) == state == packed(node)
    assert (copy.next_time(), copy.handled) == (node.next_time(), node.handled)
    rest = [(step(node, reader), step(copy, same_reader)) for _ in range(40)]
    assert all(first == second for first, second in rest)
    assert sum(len(first) for first, _ in rest) > 40


def test_the_states_taken_hold_timers_mail_and_feedback() -> None:
    """Otherwise the test above would prove less than it says."""
    node, reader = node_of(list(ACTORS)), FeedReader([RandomTrades("feed", None, CONTEXT)])
    node.start(1_000_000)
    seen = {"timers": 0, "inbox": 0}
    for _ in range(120):
        step(node, reader)
        state = msgspec.convert(packed(node), node_state.NodeState)
        seen["timers"] += sum(len(slot.timers) for slot in state.slots)
        seen["inbox"] += sum(len(slot.inbox) for slot in state.slots)
    assert min(seen.values()) > 20


def test_feedback_that_has_not_entered_is_kept() -> None:
    node, reader = node_of(list(ACTORS)), FeedReader([RandomTrades("feed", None, CONTEXT)])
    node.start(1_000_000)
    while not node.feedback:
        for message in reader.take(10**18, 1):
            node.post(message)
            node.run(message.time)
    copy = node_of(list(ACTORS))
    node_state.give_back(copy, packed(node))
    kept = [[(slot.actor.name, entry[5]) for slot, entry in each.feedback] for each in (node, copy)]
    assert kept[0] == kept[1] != []


def test_what_stopped_stays_stopped() -> None:
    node = node_of(list(ACTORS))
    node.slots[2].stop()
    copy = node_of(list(ACTORS))
    node_state.give_back(copy, packed(node))
    assert [slot.stopped for slot in copy.slots] == [slot.stopped for slot in node.slots]
    assert sum(slot.stopped for slot in copy.slots) == 1


def test_the_state_of_other_actors_is_refused_with_both_named() -> None:
    state = packed(node_of(["low", "purse"]))
    with pytest.raises(DataError, match=r"\['low', 'purse'\], the desk file now has \['low', 'middle'\]"):
        node_state.give_back(node_of(["low", "middle"]), state)
