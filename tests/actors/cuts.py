"""Runs an actor with and without a restart in the middle, the state going through msgpack as in a snapshot file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from letrade.core.actor import Actor
from letrade.core.messages.base import Message
from letrade.core.node_state import give_back, take
from tests.stage import StageOf


def without_a_cut(make: Callable[[], Actor], messages: Sequence[Message], cut: int, until: int) -> list[Message]:
    """What one actor says of the messages before the cut, and then of the others."""
    stage = StageOf(make())
    return stage.tell(*messages[:cut]) + stage.tell(*messages[cut:], until=until)


def with_a_cut(make: Callable[[], Actor], messages: Sequence[Message], cut: int, until: int) -> list[Message]:
    """The same, but a fresh actor that was given the state of the first goes on after the cut."""
    before, after = StageOf(make()), StageOf(make())
    said = before.tell(*messages[:cut])
    give_back(after.node, msgspec.msgpack.decode(msgspec.msgpack.encode(take(before.node))))
    after.sequence = before.sequence
    return said + after.tell(*messages[cut:], until=until)
