"""Warns of a run in which nothing could happen: no rows, or rows that no strategy listens to."""

from __future__ import annotations

from collections.abc import Sequence

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


def deaf_to(node: Node, sources: Sequence[Source]) -> list[str]:
    """What to warn of where the desk has strategies and no row of the data reaches them or what they live on."""
    strategies = [slot for slot in node.slots if slot.place.stage == Stage.STRATEGY]
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
    """By a strategy, or by an actor that makes bars or features, of which it may live. The standard keeper of books
    tells no strategy of prices."""
    kind = KINDS[KIND_NAMES.get(source.columns.kind, str(source.columns.kind))]
    told = [HEARD[each] for each in (kind, SNAPSHOTS if kind == KINDS["levels"] else kind) if each in HEARD]
    takers = [slot for each in told for slot in node.route_of(each, source.columns.instrument, ANYBODY)]
    return any(slot.place.stage in STAGES and not isinstance(slot.actor, BookKeeper) for slot in takers)


def _wanted(slot: Slot, instruments: Sequence[str]) -> str:
    kinds: list[type[Message]] = [kind for kind in slot.handlers if kind.FAMILY == "md"]
    wanted = [tag(kind) for kind in kinds if any(slot.actor.wants(kind, each, ANYBODY) for each in instruments)]
    return f"{', '.join(wanted)} alone" if wanted else "none of these instruments"
