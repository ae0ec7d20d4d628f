"""Whose interest is: of those who are short of the coin, each by how much it is short."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from letrade.actors.execution.attributing import split_whole
from letrade.core.holdings import INTEREST, Holdings
from letrade.core.instruments import Catalogue
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.orders import CashEntry
from letrade.core.money import money


def parts_of_entry(entry: CashEntry, holdings: Holdings, catalogue: Catalogue, now: int) -> Iterator[CashEntry]:
    """The entry as one for each share on spot that is short of its coin; whole where there is none, nobody's then."""
    short = {} if entry.origin != INTEREST else _short_of(entry, holdings, catalogue, now)
    if not short:
        yield entry
        return
    owed = split_whole(abs(entry.amount.integer), list(short.values()))
    sign = -1 if entry.amount.integer < 0 else 1
    parts = [(*key, sign * part) for key, part in zip(short, owed, strict=True) if part]
    for place, (instrument, strategy, part) in enumerate(parts):
        amount = money(entry.amount.currency, part, entry.amount.scale)
        entry_id = f"{entry.entry_id}-{place + 1}" if place else entry.entry_id
        about = {"strategy": strategy, "instrument": instrument, "entry_id": entry_id, "part": place}
        yield structs.replace(entry, amount=amount, **about)


def _short_of(entry: CashEntry, holdings: Holdings, catalogue: Catalogue, now: int) -> dict[tuple[str, str], int]:
    """By (instrument, strategy), in units of 1e-18."""
    found = {}
    for instrument, shares in holdings.of_account(entry.account).items():
        specification = catalogue.at(instrument, now)
        if specification.kind == "spot" and specification.base == entry.amount.currency:
            for strategy, share in shares.items():
                if share < 0 and strategy != NO_STRATEGY:
                    found[instrument, strategy] = -share
    return found
