"""The mailboxes of one process give what waits in them in the order of a plain sorted list."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from letrade.core.messages.market import Trade
from letrade.core.node import Node, Place
from letrade.core.stage import Stage
from tests.core.listeners import Listener
from tests.models.slots import SlowSlot, first_of

ENTRIES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 2), st.integers(1, 3), st.sampled_from("abé")),
    max_size=60,
)
NAMES = ("first", "second", "third")
DIRECTORY = {name: Place(Stage.MONITOR, order) for order, name in enumerate(NAMES)}


def trade(time: int, sequence: int, source: str) -> Trade:
    return Trade(instrument="x.A-B", price=1.0, size=1.0, time=time, source=source, sequence=sequence)


def nodes() -> tuple[Node, list[SlowSlot]]:
    node, slow = Node(DIRECTORY), []
    for name in NAMES:
        node.add(Listener(name, Stage.MONITOR))
        slow.append(SlowSlot(Listener(name, Stage.MONITOR), DIRECTORY[name]))
    return node, slow


@settings(max_examples=200, deadline=None)
@given(ENTRIES, st.integers(0, 9))
def test_entries_come_out_in_the_order_of_a_sorted_list(given_entries: list[Any], until: int) -> None:
    node, slow = nodes()
    for count, (place, time, rank, sequence, source) in enumerate(given_entries, 1):
        entry = (time, rank, sequence, source, count, trade(time, sequence, source))
        node.give(node.slots[place % 3], [entry])
        slow[place % 3].put(entry)
    assert [slot.inbox for slot in node.slots] == [slot.inbox for slot in slow]
    node.run(until)
    heard = [slot.actor.heard for slot in node.slots]  # type: ignore[attr-defined]
    assert heard == [[entry[5] for entry in slot.inbox if entry[0] <= until] for slot in slow]
    for slot in slow:
        slot.inbox = [entry for entry in slot.inbox if entry[0] > until]
    first = first_of(slow)
    assert node.next_time() == (None if first is None else first.inbox[0][0])
    assert [slot.inbox for slot in node.slots] == [slot.inbox for slot in slow]


def test_a_great_backlog_comes_in_order_from_both_ends() -> None:
    node, _ = nodes()
    count = 20_000
    times = [*range(count, 0, -1), *range(count, 2 * count)]
    node.give(node.slots[0], [(time, 1, 1, "a", 0, trade(time, 1, "a")) for time in times])
    node.run(10**9)
    assert node.slots[0].actor.times == sorted(times)  # type: ignore[attr-defined]
