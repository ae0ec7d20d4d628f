"""The whole state of a node as builtins, taken and given back at a settled turn."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.core import codec
from letrade.core.errors import DataError
from letrade.core.messages.base import Message, Timer
from letrade.core.node import Entry, Node, Slot

Packed = tuple[int, int, int, bytes]
"""(time, rank, sequence, encoded message) of a mailbox entry."""


class SlotState(msgspec.Struct, array_like=True):
    """One actor: its own state, and what waits for it."""

    name: str
    state: Any
    inbox: list[Packed]
    timers: dict[str, tuple[int, int, str]]
    sequence: int
    failures: int
    stopped: bool


class NodeState(msgspec.Struct, array_like=True):
    """All actors of a node; feedback that has not entered yet is a list of (actor, mailbox entry)."""

    floor: int
    latest: int
    handled: int
    slots: list[SlotState]
    feedback: list[tuple[str, Packed]]


def _packed(entry: Entry) -> Packed:
    return (*entry[:3], codec.encode(entry[5]))


def _unpacked(packed: Packed) -> Entry:
    message = codec.decode(packed[3])
    return (*packed[:3], message.source, 0, message)


def take(node: Node) -> Any:
    """Builtins that msgpack can carry; the node is not changed."""
    slots = [_slot_state(slot) for slot in node.slots]
    feedback = [(slot.actor.name, _packed(entry)) for slot, entry in node.feedback]
    return msgspec.to_builtins(
        NodeState(node.floor, node.latest, node.handled, slots, feedback), builtin_types=(bytes,)
    )


def _slot_state(slot: Slot) -> SlotState:
    inbox = [_packed(entry) for entry in slot.inbox if type(entry[5]) is not Timer]
    state = slot.actor.state()
    return SlotState(
        slot.actor.name, state, inbox, dict(slot.timers), slot.sequence, slot.failures, slot.stopped
    )


def give_back(node: Node, taken: Any) -> None:
    """Restore a node with the same actors. DataError when the actors differ."""
    state = msgspec.convert(taken, NodeState)
    by_name = {slot.actor.name: slot for slot in node.slots}
    saved = {slot.name for slot in state.slots}
    if saved != set(by_name):
        raise DataError(
            f"the snapshot holds the actors {sorted(saved)}, the desk file now has {sorted(by_name)}: "
            "start with the desk file of the last run, or with --fresh"
        )
    node.floor, node.latest, node.handled = state.floor, state.latest, state.handled
    for slot_state in state.slots:
        _restore_slot(node, by_name[slot_state.name], slot_state)
    for name, entry in state.feedback:
        node.give_feedback(by_name[name], _unpacked(entry))


def _restore_slot(node: Node, slot: Slot, saved: SlotState) -> None:
    slot.actor.restore(saved.state)
    slot.sequence, slot.failures, slot.stopped = saved.sequence, saved.failures, saved.stopped
    slot.timers = dict(saved.timers)
    node.give(slot, [_unpacked(packed) for packed in saved.inbox])
    node.give(slot, [_timer_entry(slot, node.epoch, key, *timer) for key, timer in saved.timers.items()])


def _timer_entry(slot: Slot, epoch: int, key: str, at: int, sequence: int, cause: str) -> Entry:
    name = slot.actor.name
    timer: Message = Timer(time=at, source=name, epoch=epoch, sequence=sequence, cause=cause, key=key)
    return (at, slot.timer_rank, sequence, name, 0, timer)
