"""Every message type by its tag; what the codec and `letrade decode` know."""

from __future__ import annotations

from letrade.core.messages import accounts, events, features, margin, market, orders, signals, transfers, venue
from letrade.core.messages.base import DeskMessage, EventMessage, MarketMessage, Message

_MODULES = (market, features, signals, orders, venue, margin, accounts, events, transfers)
_FAMILIES = (Message, MarketMessage, DeskMessage, EventMessage)


def _types_of(module: object) -> list[type[Message]]:
    found = [item for item in vars(module).values() if isinstance(item, type) and issubclass(item, Message)]
    return [item for item in found if item not in _FAMILIES]


MESSAGE_TYPES: tuple[type[Message], ...] = tuple(kind for module in _MODULES for kind in _types_of(module))
BY_TAG: dict[str, type[Message]] = {str(kind.__struct_config__.tag): kind for kind in MESSAGE_TYPES}
JOURNALLED: frozenset[str] = frozenset(
    tag for tag, kind in BY_TAG.items() if kind.FAMILY == "do" or tag in {"halt", "resume", "flatten", "failure"}
)
"""Decisions, orders, fills, cash and halts: never dropped, shipped to the stream."""
JOURNALLED_TYPES: frozenset[type[Message]] = frozenset(BY_TAG[tag] for tag in JOURNALLED)
VENUE_ONLY: frozenset[str] = frozenset({"bar_open", "market_flow"})
"""Told to a simulated venue alone: a strategy that saw them would see the future."""


_TAGS: dict[type[Message], str] = {kind: name for name, kind in BY_TAG.items()}


def tag(kind: type[Message]) -> str:
    """The tag of a message type, as on the wire and in subjects."""
    found = _TAGS.get(kind)
    if found is None:
        found = _TAGS[kind] = str(kind.__struct_config__.tag)
    return found
