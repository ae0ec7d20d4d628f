"""Units of liquidation as they are watched: compiled for every mark, exact where the compiled answer is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from letrade.core.fraction import Fraction
from letrade.core.margin.account import MarginAccount
from letrade.core.margin.backing import Terms
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.compiled import CompiledMargin
from letrade.core.margin.held import Contract
from letrade.core.margin.numbers import MarginError, number
from letrade.core.margin.results import Margins
from letrade.core.margin.rules import MarginRules

FAR = 1e6
"""The distance where no price liquidates."""
OPEN_ANSWERS = ("uncertain", "liquidated")
"""Compiled answers that are decided exactly."""


class Look(NamedTuple):
    """How a unit stands at its marks."""

    prices: tuple[float | None, ...]
    """The liquidation price of each position."""
    distances: tuple[float, ...]
    move: float
    """The common move of all marks that is left, as a share without its sign."""
    equity: float
    maintenance: float
    liquidated: bool

    @property
    def nearest(self) -> float:
        return -1.0 if self.liquidated else min(self.move, *self.distances)


class Figures:
    """A margin account of one unit; MarginError for what is wrong with it."""

    def __init__(self, rules: MarginRules, book: MarginAccount) -> None:
        self.rules, self.book = rules, book
        self._marks = {each.name: each.mark for each in book.instruments}
        self._indexes = {each.currency: each.index for each in book.collaterals}
        self._compiled: CompiledMargin | None = None
        try:
            self._compiled = CompiledMargin(rules, book)
        except MarginError:
            MarginCalculator(rules).assess(book)

    def set_mark(self, instrument: str, mark: float) -> None:
        self._marks[instrument] = number(mark, f"{instrument}: mark")
        if self._compiled is not None:
            self._compiled.set_mark(instrument, mark)

    def set_index(self, currency: str, index: float) -> None:
        """Of a coin that backs an account."""
        self._indexes[currency] = number(index, f"the index price of {currency}")
        if self._compiled is not None:
            self._compiled.set_index(currency, index)

    def look(self) -> Look:
        """At the marks set last."""
        found = None if self._compiled is None else self._fast_look(self._compiled)
        return found if found is not None else look_of(self.assess())

    def assess(self) -> Margins:
        """Exactly, at the marks set last."""
        return MarginCalculator(self.rules).assess(self.at_marks())

    def at_marks(self) -> MarginAccount:
        return self.at(self._marks, self._indexes)

    def at(self, marks: Mapping[str, Fraction], indexes: Mapping[str, Fraction]) -> MarginAccount:
        instruments = tuple(replace(each, mark=marks[each.name]) for each in self.book.instruments)
        held = tuple(replace(each, index=indexes.get(each.currency, each.index)) for each in self.book.collaterals)
        return replace(self.book, instruments=instruments, collaterals=held)

    def _fast_look(self, compiled: CompiledMargin) -> Look | None:
        """None where a compiled answer is open."""
        unit, prices, distances = compiled.units[0], [], []
        for place, position in zip(compiled.positions, self.book.positions, strict=True):
            answer, price, _ = compiled.book.liquidation(place)
            if answer in OPEN_ANSWERS:
                return None
            mark = float(self._marks[position.instrument])
            prices.append(price)
            distances.append(FAR if price is None else abs(price - mark) / mark)
        answer, move, _ = compiled.book.common_move(unit)
        if answer in OPEN_ANSWERS:
            return None
        equity, maintenance, _, _ = compiled.book.margins(unit)
        left = FAR if move is None else abs(move)
        return Look(tuple(prices), tuple(distances), left, equity, maintenance, liquidated=False)


class Watched(Figures):
    """The unit of some contracts of an account; `name` is the contract's, or the wallet's currency."""

    def __init__(
        self, account: str, name: str, rules: MarginRules, contracts: tuple[Contract, ...], book: MarginAccount,
        coins: tuple[Terms, ...] = (),
    ) -> None:  # fmt: skip
        super().__init__(rules, book)
        self.key = f"{account} {name}"
        self.account, self.name, self.contracts, self.coins = account, name, contracts, coins

    @property
    def instruments(self) -> tuple[str, ...]:
        return tuple(contract.instrument for contract in self.contracts)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the positions: legs are told apart."""
        return tuple(contract.name for contract in self.contracts)

    @property
    def isolated(self) -> bool:
        return self.rules.unit == "position"

    @property
    def settle(self) -> str:
        return self.book.instruments[0].settle


def look_of(margins: Margins) -> Look:
    """The same of exact margins."""
    (unit,) = margins.units
    prices = tuple(
        None if each.liquidation_price is None else float(each.liquidation_price) for each in margins.positions
    )
    distances = tuple(FAR if each.distance is None else float(each.distance) for each in margins.positions)
    move = FAR if unit.common_move is None else abs(float(unit.common_move))
    return Look(prices, distances, move, float(unit.equity), float(unit.maintenance), unit.liquidated)


def nearest_of(rules: MarginRules, book: MarginAccount) -> float:
    """The distance of an account of one unit; below 0 when it is liquidated."""
    if not any(position.size for position in book.positions):
        return FAR
    return Figures(rules, book).look().nearest
