"""Warns of a run in which nothing could happen: no rows, or rows that no strategy listens to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from letrade.actors.market.books import BookKeeper
from letrade.backtesting.cast import HEARD, SNAPSHOTS, STAGES
from letrade.backtesting.sources import KIND_NAMES, Source, sources_of
from letrade.core.feed import Feed
from letrade.core.messages.base import Message
from letrade.core.messages.registry import tag
from letrade.core.node import Node, Slot
from letrade.core.stage import Stage
from letrade.hotpath.simulation.columns import KINDS
from letrade.hotpath.simulation.doubt import Doubtful

ANYBODY = "-"
"""Data are of no strategy."""
NO_ROWS = "the data hold no rows"
LOOKED_AT_MAX = 10_000
"""Messages of a feed that can only tell messages: what it is about is known by its first."""


def deaf_to(node: Node, sources: Sequence[Source]) -> list[str]:
    """What to warn of where the desk has strategies and no row of the data reaches them or what they live on."""
    strategies = _strategies(node)
    if not strategies or not sources or any(_is_heard(node, source) for source in sources):
        return []
    held = dict.fromkeys(f"{source.columns.kind} of {source.columns.instrument}" for source in sources)
    instruments = list(dict.fromkeys(source.columns.instrument for source in sources))
    wanted = "; ".join(f"{slot.name} listens to {_wanted(slot, instruments)}" for slot in strategies)
    return [f"no strategy hears anything of the data, which hold {', '.join(held)}: {wanted}"]


def sources_or_none(feeds: Sequence[Feed]) -> list[Source]:
    """Nothing where a feed can only tell messages: nobody knows of which kinds before it is read."""
    try:
        return sources_of(feeds)
    except Doubtful:
        return []


def _is_heard(node: Node, source: Source) -> bool:
    """By a strategy, or by an actor that makes bars or features, of which one may live that listens to the instrument.
    The standard keeper of books tells no strategy of prices."""
    kind = KINDS[KIND_NAMES.get(source.columns.kind, str(source.columns.kind))]
    told = [HEARD[each] for each in (kind, SNAPSHOTS if kind == KINDS["levels"] else kind) if each in HEARD]
    takers = [slot for each in told for slot in node.route_of(each, source.columns.instrument, ANYBODY)]
    if any(slot.place.stage == Stage.STRATEGY for slot in takers):
        return True
    makers = any(slot.place.stage in STAGES and not isinstance(slot.actor, BookKeeper) for slot in takers)
    return makers and any(_listens(slot, source.columns.instrument) for slot in _strategies(node))


def strange_to(node: Node, feeds: Sequence[Feed]) -> list[str]:
    """As deaf_to, of feeds that can only tell messages: where they are of instruments that no strategy listens to."""
    strategies, told = _strategies(node), dict.fromkeys(name for feed in feeds for name in _told_of(feed))
    if not strategies or not told or any(_listens(slot, name) for slot in strategies for name in told):
        return []
    return [f"no strategy hears anything of the data, which are of {', '.join(told)}"]


def _told_of(feed: Feed) -> list[str]:
    names = (getattr(message, "instrument", "") for message in islice(feed.messages(), LOOKED_AT_MAX))
    return [name for name in dict.fromkeys(names) if name]


def _strategies(node: Node) -> list[Slot]:
    return [slot for slot in node.slots if slot.place.stage == Stage.STRATEGY]


def _listens(slot: Slot, instrument: str) -> bool:
    """To any market data of it, or what is made of them."""
    return any(slot.actor.wants(kind, instrument, ANYBODY) for kind in _kinds(slot))


def _kinds(slot: Slot) -> list[type[Message]]:
    return [kind for kind in slot.handlers if kind.FAMILY == "md"]


def _wanted(slot: Slot, instruments: Sequence[str]) -> str:
    wanted = [tag(kind) for kind in _kinds(slot) if any(slot.actor.wants(kind, each, ANYBODY) for each in instruments)]
    return f"{', '.join(wanted)} alone" if wanted else "none of these instruments"
