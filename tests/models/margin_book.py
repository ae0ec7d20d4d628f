"""Margin of accounts in fractions, formula by formula and without a search: the twin of hotpath/margin/margin_book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

ONE = Fraction(1)


@dataclass(frozen=True)
class Tiers:
    """Amounts are those that make it continuous, unless given."""

    floors: Sequence[Fraction]
    rates: Sequence[Fraction]
    amounts: Sequence[Fraction] | None = None
    form: str = "cumulative"
    edge: str = "lower"

    def maintenance(self, size: Fraction, value: Fraction) -> Fraction:
        above = [floor < size or (floor == size and self.edge == "upper") for floor in self.floors]
        tier = max(place for place in range(len(self.floors)) if place == 0 or above[place])
        if self.form == "flat":
            return self.rates[tier] * value
        return self.rates[tier] * value - self._amount(tier)

    def _amount(self, tier: int) -> Fraction:
        if self.amounts is not None:
            return self.amounts[tier]
        steps = [floor * (high - low) for floor, (low, high) in zip(self.floors[1:], pairwise(self.rates), strict=True)]
        return sum(steps[:tier], Fraction(0))


@dataclass(frozen=True)
class Haircut:
    floors: Sequence[Fraction]
    shares: Sequence[Fraction]
    by: str = "value"

    def counted(self, size: Fraction, scale: Fraction) -> Fraction:
        total = Fraction(0)
        for tier, floor in enumerate(self.floors):
            top = self.floors[tier + 1] if tier + 1 < len(self.floors) else max(size, floor)
            part = max(min(size, top) - floor, Fraction(0))
            total += part * max(1 - scale * (1 - self.shares[tier]), Fraction(0))
        return total


@dataclass(frozen=True)
class Contract:
    """The rules of one instrument, in the words of MarginBook.set_instrument."""

    tiers: Tiers
    settle: int
    inverse: bool = False
    multiplier: Fraction = ONE
    base: int | None = None
    tier_basis: str = "mark_notional"
    maintenance_price: str = "mark"
    hedge_legs: str = "each"
    fee: Fraction = Fraction(0)

    def value(self, size: Fraction, price: Fraction) -> Fraction:
        return size * self.multiplier / price if self.inverse else size * self.multiplier * price

    def gain(self, leg: Leg, mark: Fraction) -> Fraction:
        now, before = self.value(leg.size, mark), self.value(leg.size, leg.entry)
        return leg.side * (before - now if self.inverse else now - before)

    def kept_for(self, size: Fraction, entry: Fraction | None, mark: Fraction, scale: Fraction) -> Fraction:
        at_entry = self.value(size, entry) if entry is not None else Fraction(0)
        value = at_entry if self.maintenance_price == "entry" else self.value(size, mark)
        looked_up_by = {
            "mark_notional": self.value(size, mark),
            "entry_notional": at_entry,
            "contracts": size,
            "coin": size * self.multiplier,
        }
        return scale * self.tiers.maintenance(looked_up_by[self.tier_basis], value) + self.fee * value

    def maintenance(self, legs: Sequence[Leg], mark: Fraction, scale: Fraction) -> Fraction:
        fixed = sum((leg.fixed for leg in legs), Fraction(0))
        if self.hedge_legs == "net" and len(legs) == 2:
            return self.kept_for(abs(legs[0].size - legs[1].size), None, mark, scale) + fixed
        kept = [self.kept_for(leg.size, leg.entry, mark, scale) for leg in legs]
        return (max(kept) if self.hedge_legs == "larger" else sum(kept, Fraction(0))) + fixed


@dataclass(frozen=True)
class Leg:
    instrument: int
    side: int
    size: Fraction
    entry: Fraction
    fixed: Fraction = Fraction(0)


@dataclass(frozen=True)
class Collateral:
    coin: int
    balance: Fraction
    haircut: Haircut | None = None
    liability: Fraction = ONE
    joins: bool = False

    def credit(self, held: Fraction, index: Fraction, scale: Fraction) -> Fraction:
        if held < 0:
            return held * index * (1 + scale * (self.liability - 1))
        if self.haircut is None:
            return held * index
        if self.haircut.by == "amount":
            return self.haircut.counted(held, scale) * index
        return self.haircut.counted(held * index, scale)


@dataclass
class Account:
    legs: list[Leg] = field(default_factory=list)
    collaterals: list[Collateral] = field(default_factory=list)


@dataclass(frozen=True)
class Scene:
    marks: Sequence[Fraction]
    indexes: Sequence[Fraction]
    haircut_scale: Fraction = ONE
    rate_scale: Fraction = ONE

    def moved(self, contracts: Sequence[Contract], instrument: int, price: Fraction) -> Scene:
        """One mark at another price, and the coin that it is the price of with it."""
        times, base = price / self.marks[instrument], contracts[instrument].base
        marks = [price if place == instrument else mark for place, mark in enumerate(self.marks)]
        indexes = [index * times if place == base else index for place, index in enumerate(self.indexes)]
        return replace(self, marks=marks, indexes=indexes)

    def all_moved(self, fixed: Sequence[bool], times: Fraction) -> Scene:
        indexes = [index if still else index * times for index, still in zip(self.indexes, fixed, strict=True)]
        return replace(self, marks=[mark * times for mark in self.marks], indexes=indexes)


def equity(contracts: Sequence[Contract], account: Account, scene: Scene) -> Fraction:
    joined = {collateral.coin: collateral.balance for collateral in account.collaterals}
    joins = {collateral.coin for collateral in account.collaterals if collateral.joins}
    total = Fraction(0)
    for leg in account.legs:
        contract = contracts[leg.instrument]
        gain = contract.gain(leg, scene.marks[leg.instrument])
        if contract.settle in joins:
            joined[contract.settle] += gain
        else:
            total += gain * scene.indexes[contract.settle]
    for collateral in account.collaterals:
        total += collateral.credit(joined[collateral.coin], scene.indexes[collateral.coin], scene.haircut_scale)
    return total


def maintenance(contracts: Sequence[Contract], account: Account, scene: Scene) -> Fraction:
    total = Fraction(0)
    for instrument in sorted({leg.instrument for leg in account.legs}):
        legs = [leg for leg in account.legs if leg.instrument == instrument]
        contract = contracts[instrument]
        kept = contract.maintenance(legs, scene.marks[instrument], scene.rate_scale)
        total += kept * scene.indexes[contract.settle]
    return total


def slack(contracts: Sequence[Contract], account: Account, scene: Scene) -> Fraction:
    return equity(contracts, account, scene) - maintenance(contracts, account, scene)
