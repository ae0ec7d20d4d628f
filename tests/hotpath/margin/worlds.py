"""Desks drawn at random for the margin book and its twin: the same numbers go to both."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.margin.margin_book import MarginBook
from tests.models.margin_book import Account, Collateral, Contract, Haircut, Leg, Scene, Tiers

BASES = ("mark_notional", "entry_notional", "contracts", "coin")


def decimals(low: int, high: int, digits: int) -> st.SearchStrategy[Fraction]:
    """Decimals with so many digits after the point."""
    return st.integers(low * 10**digits, high * 10**digits).map(lambda number: Fraction(number, 10**digits))


PRICES = st.one_of(decimals(1, 100_000, 2), st.integers(1, 9_999).map(lambda number: Fraction(number, 10_000)))
SIZES = st.one_of(st.integers(1, 1_000).map(Fraction), st.integers(1, 10_000).map(lambda size: Fraction(size, 1_000)))
RATES = st.integers(0, 50).map(lambda rate: Fraction(rate, 1_000))
AROUND = st.integers(700, 1_400).map(lambda part: Fraction(part, 1_000))


@dataclass
class World:
    """One account in both forms; `positions` are the numbers that the book gave its legs, in order."""

    book: MarginBook
    contracts: list[Contract]
    account: Account
    scene: Scene
    fixed: list[bool]
    positions: list[int]


class Maker:
    """Makes a book and its twin from fractions; `exact` says what a double stands for."""

    def __init__(self, draw: Any, *, exact: bool) -> None:
        self.draw, self.exact = draw, exact

    def take(self, strategy: st.SearchStrategy[Any]) -> Any:
        return self.draw(strategy)

    def meant(self, number: Fraction) -> Fraction:
        """The number that the twin computes with."""
        return Fraction(float(number)) if self.exact else number

    def tiers(self, unit: Fraction) -> Tiers:
        count = self.take(st.integers(1, 4))
        parts = sorted(self.take(st.lists(st.integers(1, 300), min_size=count - 1, max_size=count - 1, unique=True)))
        floors = [Fraction(0)] + [self.meant(unit * part / 100) for part in parts]
        rates = sorted(self.meant(self.take(RATES)) for _ in range(count))
        form, edge = self.take(st.sampled_from(("cumulative", "flat"))), self.take(st.sampled_from(("lower", "upper")))
        return Tiers(floors, rates, None, form, edge)

    def haircut(self, unit: Fraction) -> Haircut:
        count = self.take(st.integers(1, 3))
        parts = sorted(self.take(st.lists(st.integers(1, 300), min_size=count - 1, max_size=count - 1, unique=True)))
        shares = [self.meant(Fraction(self.take(st.integers(0, 20)), 20)) for _ in range(count)]
        floors = [Fraction(0)] + [self.meant(unit * part / 100) for part in parts]
        if self.take(st.booleans()):
            shares[-1] = Fraction(0)  # a cap
        return Haircut(floors, shares, self.take(st.sampled_from(("value", "amount"))))

    def contract(self, tiers: Tiers, coins: int, *, inverse: bool, basis: str) -> Contract:
        by_entry = basis == "entry_notional"
        at_entry = by_entry if self.take(st.booleans()) else self.take(st.booleans())
        by_size = basis in ("contracts", "coin") and tiers.form == "cumulative" and len(tiers.floors) > 1
        legs = ["each"] if at_entry != by_entry else ["each", "larger"] if by_entry else ["each", "larger", "net"]
        legs = [rule for rule in legs if rule != "larger" or not by_size]
        return Contract(
            tiers,
            settle=self.take(st.integers(0, coins - 1)),
            inverse=inverse,
            multiplier=self.meant(self.take(st.sampled_from((Fraction(1), Fraction(1, 10), Fraction(100))))),
            base=self.take(st.sampled_from((None, *range(coins)))),
            tier_basis=basis,
            maintenance_price="entry" if at_entry else "mark",
            hedge_legs=self.take(st.sampled_from(legs)),
            fee=self.meant(self.take(st.sampled_from((Fraction(0), Fraction(5, 10_000))))),
        )


def told(tiers: Tiers) -> dict[str, Any]:
    return {
        "floors": [float(floor) for floor in tiers.floors],
        "rates": [float(rate) for rate in tiers.rates],
        "form": tiers.form,
        "edge": tiers.edge,
    }


def set_contract(book: MarginBook, number: int, contract: Contract) -> None:
    table = book.add_tiers(**told(contract.tiers))
    rules: dict[str, Any] = {
        name: getattr(contract, name)
        for name in ("settle", "inverse", "base", "tier_basis", "maintenance_price", "hedge_legs")
    }
    book.set_instrument(
        number, tiers=table, multiplier=float(contract.multiplier), fee=float(contract.fee), **rules
    )  # fmt: skip


def set_collateral(book: MarginBook, account: int, collateral: Collateral) -> None:
    haircut = collateral.haircut
    number = None
    if haircut is not None:
        floors, shares = [float(floor) for floor in haircut.floors], [float(part) for part in haircut.shares]
        number = book.add_haircut(floors, shares, by=haircut.by)  # type: ignore[arg-type]
    book.set_collateral(
        account, collateral.coin, float(collateral.balance),
        haircut=number, liability=float(collateral.liability), joins=collateral.joins,
    )  # fmt: skip


def _unit(contract_inverse: bool, basis: str, size: Fraction, mark: Fraction) -> Fraction:
    """A size as its tiers see it, roughly: floors are drawn around it."""
    if basis in ("contracts", "coin"):
        return size
    return max(size / mark if contract_inverse else size * mark, Fraction(1, 1_000_000))


@st.composite
def worlds(draw: Any, *, exact: bool) -> World:
    """An account of up to three instruments, both legs of each, and up to three coins."""
    maker = Maker(draw, exact=exact)
    take, meant = maker.take, maker.meant
    coins, count = take(st.integers(1, 3)), take(st.integers(1, 3))
    indexes = [Fraction(1)] + [meant(take(PRICES)) for _ in range(coins - 1)]
    fixed = [True] + [take(st.booleans()) for _ in range(coins - 1)]
    book = MarginBook(instruments=count, coins=coins, exact_inputs=exact)
    for coin in range(coins):
        book.set_coin(coin, float(indexes[coin]), fixed=fixed[coin])
    number = book.add_account()
    account, contracts, marks, positions = Account(), [], [], []
    worth = Fraction(0)
    for instrument in range(count):
        mark, size = meant(take(PRICES)), meant(take(SIZES))
        inverse, basis = take(st.booleans()), take(st.sampled_from(BASES))
        contract = maker.contract(maker.tiers(_unit(inverse, basis, size, mark)), coins, inverse=inverse, basis=basis)
        contracts.append(contract)
        marks.append(mark)
        set_contract(book, instrument, contract)
        book.set_mark(instrument, float(mark))
        for side in take(st.sampled_from(((BUY,), (SELL,), (BUY, SELL)))):
            units = meant(Fraction(str(float(size * take(st.sampled_from((1, 1, 2)))))))
            leg = Leg(instrument, side, units, meant(Fraction(str(float(mark * take(AROUND))))))
            account.legs.append(leg)
            positions.append(book.add_position(number, instrument, side, float(leg.size), float(leg.entry)))
            worth += contract.value(units, mark) * indexes[contract.settle]
    for coin in take(st.sets(st.integers(0, coins - 1), min_size=1)):
        balance = Fraction(str(float(worth / indexes[coin] * take(st.integers(-20, 200)) / 100)))
        balance = meant(balance if abs(balance) >= Fraction(1, 10**20) else Fraction(0))
        haircut = take(st.booleans()) and maker.haircut(max(abs(balance), Fraction(1, 1_000_000)))
        liability = meant(take(st.sampled_from((Fraction(1), Fraction(11, 10)))))
        collateral = Collateral(coin, balance, haircut or None, liability, take(st.booleans()))
        account.collaterals.append(collateral)
        set_collateral(book, number, collateral)
    return World(book, contracts, account, Scene(marks, indexes), fixed, positions)
