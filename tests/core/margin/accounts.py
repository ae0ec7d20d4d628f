"""Short hands for margin accounts in tests."""

from __future__ import annotations

from letrade.core.fraction import Fraction
from letrade.core.margin.account import CollateralState, InstrumentState, MarginAccount, PositionState, Side
from letrade.core.margin.book import Book, Unit
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.numbers import ZERO, Number, number
from letrade.core.margin.results import Margins, PositionMargin
from letrade.core.margin.rules import Contract, MarginRules
from letrade.core.margin.slack import Path, unit_curves
from letrade.core.margin.tiers import Tier, TierTable, one_tier

LONG: Side = 1
SHORT: Side = -1


def exact(value: Number) -> Fraction:
    """The decimal that a number says."""
    return number(value, "a number of the test")


def maybe(value: Number | None) -> Fraction | None:
    """The same, when there is one."""
    return None if value is None else exact(value)


def table(*rows: tuple[Number, Number | None, Number], name: str = "BTC") -> TierTable:
    """Rows of (floor, cap, rate)."""
    return TierTable(name, tuple(Tier(exact(floor), maybe(cap), exact(share)) for floor, cap, share in rows))


def rate(value: Number, amount: Number = 0) -> TierTable:
    """One row for every size."""
    return one_tier("BTC", exact(value), exact(amount))


def instrument(
    tiers: TierTable,
    mark: Number,
    name: str = "BTC",
    *,
    contract: Contract = "linear",
    settle: str = "USDT",
    underlying: str = "",
    multiplier: Number = 1,
    fee: Number = 0,
) -> InstrumentState:
    """An instrument now."""
    return InstrumentState(
        name=name,
        contract=contract,
        mark=exact(mark),
        settle=settle,
        tiers=tiers,
        underlying=underlying,
        multiplier=exact(multiplier),
        fee_rate=exact(fee),
    )


def position(
    side: Side,
    size: Number,
    entry: Number,
    name: str = "BTC",
    *,
    leverage: Number | None = None,
    margin: Number | None = None,
    added: Number = 0,
    maintenance: Number | None = None,
) -> PositionState:
    """A leg."""
    return PositionState(
        instrument=name,
        side=side,
        size=exact(size),
        entry=exact(entry),
        leverage=maybe(leverage),
        margin=maybe(margin),
        added=exact(added),
        maintenance=maybe(maintenance),
    )


def wallet(balance: Number, currency: str = "USDT", index: Number = 1) -> CollateralState:
    """A balance."""
    return CollateralState(currency=currency, balance=exact(balance), index=exact(index))


def assess(
    rules: MarginRules,
    instruments: list[InstrumentState],
    positions: list[PositionState],
    collaterals: list[CollateralState] | None = None,
) -> Margins:
    """The margins of an account."""
    account = MarginAccount(
        instruments=tuple(instruments), positions=tuple(positions), collaterals=tuple(collaterals or [])
    )
    return MarginCalculator(rules).assess(account)


def first(
    rules: MarginRules,
    instruments: list[InstrumentState],
    positions: list[PositionState],
    collaterals: list[CollateralState] | None = None,
) -> PositionMargin:
    """The margins of an account's first position."""
    return assess(rules, instruments, positions, collaterals).positions[0]


def price(margin: PositionMargin) -> float:
    """Its liquidation price; 0.0 when there is none."""
    return float(margin.liquidation_price or ZERO)


def slack_at(book: Book, unit: Unit, path: Path, x: Fraction) -> Fraction:
    """Equity − maintenance when the path's prices are x times what they are."""
    equity, maintenance = unit_curves(book, unit, path, x)
    return equity.at(x) - maintenance.at(x)
