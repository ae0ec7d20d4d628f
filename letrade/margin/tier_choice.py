"""Which tier table a position is computed with, and in words where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from letrade.core.config.describe import did_you_mean
from letrade.core.config.values import parse_instant, show_instant
from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.margin.rules import MarginRules
from letrade.core.margin.tier_files import TierFile, nearest_to, newest_before, unknown_symbol
from letrade.core.margin.tiers import TierTable, one_tier
from letrade.margin.builtin_tiers import PUBLISHED
from letrade.margin.modes import known_venue
from letrade.margin.specs import PositionSpec

Live = Callable[[str], TierFile]
"""Asks the venue for the tiers of a symbol."""


class Chosen(NamedTuple):
    """A table and its origin: `built-in of 2025-08-19`, a file and its date, or the rate that was given."""

    table: TierTable
    origin: str
    source: str
    in_notional: bool = False
    """Whether the table itself says that its sizes are notionals."""
    note: str = ""
    """What was assumed of it."""


class TierChoice:
    """Tiers for one venue: of the files that were given, of the venue itself, or what is built in."""

    def __init__(
        self,
        venue: str,
        files: Sequence[TierFile] = (),
        at: int | None = None,
        live: Live | None = None,
        *,
        nearest: bool = False,
    ) -> None:
        """`nearest`: where no table is known to have held at `at`, the oldest that is known stands for it."""
        self._venue = venue
        self._files = files
        self._at = at
        self._live = live
        self._nearest = nearest
        self._known: dict[str, Chosen] = {}

    def elsewhere(self, venue: str, at: int | None, usual: int) -> TierChoice:
        """The same files for another venue and day, or the day that was asked for; without that, `usual` as nearly as
        there are tables."""
        told = at if at is not None else self._at
        if told is not None:
            return TierChoice(venue, self._files, told)
        return TierChoice(venue, self._files, usual, nearest=True)

    def of(self, spec: PositionSpec) -> Chosen:
        """A rate that stands with the position goes before every table. DataError where nothing says the tiers."""
        if spec.maintenance_amount is not None and spec.maintenance_amount < 0:
            found = float(spec.maintenance_amount)
            raise DataError(f"{spec.place}: maintenance amount: expected 0 or more, found {found:g}")
        if spec.rate is not None:
            table = one_tier(spec.symbol, spec.rate, spec.maintenance_amount or Fraction(0), spec.max_leverage)
            return Chosen(table, "the maintenance rate that was given", "given")
        if spec.max_leverage is not None and self._venue == "hyperliquid":
            if spec.max_leverage < 1:
                raise DataError(
                    f"{spec.place}: highest leverage: expected 1 or more, found {float(spec.max_leverage):g}"
                )
            rate = 1 / (2 * spec.max_leverage)
            table = one_tier(spec.symbol, rate, leverage_max=spec.max_leverage)
            return Chosen(table, "half the initial margin at the highest leverage", "given")
        if spec.maintenance_amount is not None:
            raise DataError(f"{spec.place}: a maintenance amount needs its maintenance rate beside it")
        if spec.max_leverage is not None:
            raise DataError(
                f"{spec.place}: a highest leverage needs the maintenance rate beside it, as tiers have their own"
            )
        return self.of_symbol(spec.symbol, spec.place)

    def of_symbol(self, symbol: str, place: str) -> Chosen:
        if symbol not in self._known:
            self._known[symbol] = self._found(symbol, place)
        return self._known[symbol]

    def _found(self, symbol: str, place: str) -> Chosen:
        if self._live is not None:
            told = self._live(symbol)
            if symbol not in told.rows:
                raise unknown_symbol([told], symbol)
            origin = f"the venue itself, {told.shown_date()}"
            return Chosen(told.table(symbol), origin, told.source, told.in_notional(symbol))
        if self._files:
            file = self._of_files(symbol, place)
            origin = f"{file.place} of {file.shown_date()}"
            note = "" if file.venue is not None else self._of_any_venue(file)
            return Chosen(file.table(symbol), origin, file.source, file.in_notional(symbol), note)
        return self._built_in(symbol, place)

    def _of_any_venue(self, file: TierFile) -> str:
        return f"{file.place} names no venue: its tiers are taken to be {self._venue}'s"

    def _of_files(self, symbol: str, place: str) -> TierFile:
        """Of files of this venue, or of those that name none."""
        own = [each for each in self._files if each.venue is None or known_venue(each.venue) == self._venue]
        file = None
        if self._nearest and self._at is not None:
            file = nearest_to(own, symbol, self._at)
        elif own:
            file = newest_before(own, symbol, self._at)
        if file is not None:
            return file
        others = [each for each in self._files if each not in own and symbol in each.rows]
        if others:
            raise DataError(
                f"{place}: {others[0].place} is of {others[0].venue}, and not of {self._venue}: give tiers of {symbol} "
                "there, with --tiers"
            )
        raise unknown_symbol(own or self._files, symbol)

    def _built_in(self, symbol: str, place: str) -> Chosen:
        published = PUBLISHED.get((self._venue, symbol))
        if published is None:
            known = [each for venue, each in PUBLISHED if venue == self._venue]
            raise DataError(
                f"{place}: no leverage tiers of {symbol} at {self._venue} are built in{did_you_mean(symbol, known)}; "
                "or give a file with --tiers FILE, ask the venue with --tiers live, or say --maintenance-rate"
            )
        if self._at is not None and not self._nearest and parse_instant(published.date) > self._at:
            raise DataError(
                f"{place}: the tiers of {symbol} that are built in are of {published.date}, and what held on "
                f"{show_instant(self._at)} is not known: give a file of that time with --tiers FILE"
            )
        return Chosen(published.table(symbol), f"built-in of {published.date}", published.source)


def fitted(rules: MarginRules, chosen: Sequence[Chosen], place: str) -> tuple[MarginRules, tuple[str, ...]]:
    """The rules that these tables fit, and what was assumed or changed: a table in notional, as Binance writes it,
    holds notionals and maintenance rates also where the venue counts contracts or states an adjustment factor."""
    odd = rules.tier_basis in ("contracts", "coin") or rules.rate_is == "adjustment"
    notes = tuple(each.note for each in chosen if each.note)
    notional = [each.in_notional for each in chosen if each.table.whole]
    if not odd or not any(notional):
        return rules, notes
    if not all(notional):
        raise DataError(f"{place}: some tiers are stated in notional and others are not: give one kind")
    changed = msgspec.structs.replace(rules, tier_basis="mark_notional", rate_is="maintenance")
    said = f"the tiers that were given are stated in notional, which {rules.venue}'s own are not"
    return changed, (*notes, said)
