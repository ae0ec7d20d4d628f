"""What fills and cash entries do to wallets and positions: one arithmetic for everyone who counts money."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from letrade.core.fraction import Fraction, read_fraction
from letrade.core.holdings import interest_change, share_changes
from letrade.core.instruments import Specification
from letrade.core.legs import SIDES, name_of, split
from letrade.core.messages.orders import CashEntry, Fill
from letrade.core.money import DEFAULT_SCALE, round_half_even
from letrade.core.quantities import ONE, SCALE, TEN, decimal_units, exact, fraction_of_money, units
from letrade.hotpath.ledger import Position

NOTHING = Fraction(0)
INVERSE_DECIMALS = 40
"""An inverse contract's cost is Σ contracts / price with so many decimals: far below what a coin is rounded to."""


def hold(position: Position, side: int, size: tuple[int, int], price: tuple[int, int]) -> Fraction:
    """Book (units, decimals) of size and price on a position, finer decimals where they need it; the profit realised,
    exactly, in price × size. A fill of nothing does nothing."""
    if not size[0]:
        return NOTHING
    price_decimals = max(position.price_decimals, price[1])
    size_decimals = max(position.quantity_decimals, size[1])
    if (price_decimals, size_decimals) != (position.price_decimals, position.quantity_decimals):
        position.rescale(price_decimals, size_decimals)
    size_units = size[0] * TEN[size_decimals - size[1]]
    price_units = price[0] * TEN[price_decimals - price[1]]
    realised = position.fill(side, size_units, price_units)
    return Fraction(realised, TEN[price_decimals + size_decimals]) if realised else NOTHING


def trade(position: Position, specification: Specification, side: int, size: float, price: float) -> Fraction:
    """Book a trade of a contract; the profit realised, in `specification.currency`.

    A linear one's is exact. An inverse one's is rounded here and nowhere before, half to even at the default scale: it
    is a short of what a unit of quote costs, 1 / price.
    """
    if specification.inverse:
        return rounded_gain(trade_inverse(position, specification, side, size, price))
    realised = hold(position, side, decimal_units(size), decimal_units(price))
    return realised * specification.multiplier if realised and specification.multiplier != 1 else realised


def trade_inverse(position: Position, specification: Specification, side: int, size: float, price: float) -> Fraction:
    """The same of an inverse contract, before it is rounded."""
    digits, decimals = decimal_units(price)
    inverse = round_half_even(10 ** (INVERSE_DECIMALS + decimals), digits)
    return -hold(position, side, decimal_units(size), (inverse, INVERSE_DECIMALS)) * specification.multiplier


def rounded_gain(gain: Fraction) -> Fraction:
    return Fraction(round_half_even(gain.numerator * TEN[DEFAULT_SCALE], gain.denominator), TEN[DEFAULT_SCALE])


def value_at_entry(position: Position, specification: Specification) -> Fraction:
    """What a contract position was opened for, without its sign, in `specification.currency`."""
    return Fraction(abs(position.cost), TEN[position.price_decimals + position.quantity_decimals]) * (
        specification.multiplier
    )


def gain_at(position: Position, specification: Specification, price: Fraction) -> Fraction:
    """What closing a contract position at a price would realise, in `specification.currency`."""
    worth = specification.worth(price, Fraction(position.quantity, TEN[position.quantity_decimals]))
    scale = TEN[position.price_decimals + position.quantity_decimals]
    gain = worth - Fraction(position.cost, scale) * specification.multiplier
    return -gain if specification.inverse else gain


def held_units(position: Position) -> int:
    """A position's quantity in units of 1e-18."""
    return position.quantity * ONE // TEN[position.quantity_decimals]


def average_price(position: Position, inverse: bool = False) -> float:
    """The nearest double of the average entry; 0 when flat. An inverse contract's is contracts / Σ contracts / price,
    told with the 15 digits that a message's number has."""
    numerator, denominator = position.average_entry()
    if inverse:
        price = denominator * TEN[position.price_decimals] / numerator if numerator else 0.0
        return float(f"{price:.15g}")
    return numerator / (denominator * TEN[position.price_decimals])


def book_share(position: Position, specification: Specification, fill: Fill, received: int) -> Fraction:
    """Book a fill on one position of which `received` units of 1e-18 came or went in all, fees in the asset included;
    the profit realised, without fees, in the quote currency."""
    realised = hold(position, fill.side, decimal_units(fill.size), decimal_units(fill.price))
    dust = received - fill.side * units(fill.size)
    if dust:
        realised += book_dust(position, dust)
    return realised * specification.multiplier if realised and specification.multiplier != 1 else realised


def book_contract(position: Position, specification: Specification, fill: Fill) -> Fraction:
    """The same for a derivative, of which no fee takes anything. DataError for a size finer than holdings count."""
    units(fill.size)
    return trade(position, specification, fill.side, fill.size, fill.price)


def book_dust(position: Position, change: int) -> Fraction:
    """An asset that came or went without a price, such as a fee paid in it."""
    if not change:
        return NOTHING
    return hold(position, 1 if change > 0 else -1, trimmed(abs(change)), (0, 0))


def trimmed(amount: int) -> tuple[int, int]:
    """Units of 1e-18 as (units, decimals) with as few decimals as hold them."""
    decimals = SCALE
    while decimals and amount % 10 == 0:
        amount, decimals = amount // 10, decimals - 1
    return amount, decimals


def new_position(specification: Specification) -> Position:
    """Flat; its cost is kept to at least the default scale of money, whatever the tick."""
    size_decimals = specification.size.decimals
    if specification.inverse:
        return Position(INVERSE_DECIMALS, size_decimals)
    return Position(max(specification.price.decimals, DEFAULT_SCALE - size_decimals), size_decimals)


def position_of(state: Any) -> Position:
    """A position from what its state() gave."""
    position = Position(0, 0)
    position.restore(state)
    return position


class AccountBook:
    """One account's wallets, exact amounts by currency, and its net positions by instrument."""

    def __init__(self, balances: Mapping[str, Decimal] | None = None) -> None:
        self.wallets: dict[str, Fraction] = {name: read_fraction(amount) for name, amount in (balances or {}).items()}
        self.positions: dict[str, Position] = {}
        """By instrument; legs of accounts in hedge mode by their names (legs.py)."""
        self.has_legs = False
        self.parts: dict[str, Fraction] = {}
        """What the parts so far of the last trade in an inverse contract have realised, before it is rounded, by name:
        the venue rounds what they realise together."""
        self.gains: dict[Specification, tuple[float, int, int, int]] = {}
        """What positions would realise, with the price, quantity and cost that it was found for: kept by value()."""

    def change(self, currency: str, amount: Fraction) -> None:
        held = self.wallets.get(currency, NOTHING)
        self.wallets[currency] = held + amount if amount else held

    def position(self, specification: Specification, leg: str = "") -> Position:
        """The net position, or a leg, flat where there was none."""
        name = name_of(specification.id, leg)
        position = self.positions.get(name)
        if position is None:
            self.has_legs = self.has_legs or bool(leg)
            position = self.positions[name] = new_position(specification)
        return position

    def names(self, specification: Specification) -> list[str]:
        """Of the position, or the legs, that there are or were."""
        if not self.has_legs:
            return [specification.id] if specification.id in self.positions else []
        names = (specification.id, *(name_of(specification.id, leg) for leg in SIDES))
        return [name for name in names if name in self.positions]

    def net_units(self, specification: Specification) -> int:
        """Of the position, or of both legs together, in units of 1e-18."""
        return sum(held_units(self.positions[name]) for name in self.names(specification))

    def book_fill(self, specification: Specification, fill: Fill) -> tuple[Fraction, tuple[str, ...]]:
        """The profit realised, without fees, in `specification.currency`, and the currencies that changed."""
        if specification.kind != "spot":
            return self._book_contract(specification, fill)
        received = sum(change for _, change in share_changes(specification, fill))
        realised = book_share(self.position(specification), specification, fill, received)
        size = exact(fill.size)
        self.change(specification.base, fill.side * size)
        self.change(specification.quote, -fill.side * exact(fill.price) * size)
        if not fill.fee.integer:
            return realised, (specification.base, specification.quote)
        self.change(fill.fee.currency, -fraction_of_money(fill.fee))
        return realised, tuple(dict.fromkeys((specification.base, specification.quote, fill.fee.currency)))

    def _book_contract(self, specification: Specification, fill: Fill) -> tuple[Fraction, tuple[str, ...]]:
        """Nothing but the profit and the fee moves money."""
        realised = self._realise(specification, fill)
        settle, fee = specification.settle, fill.fee
        if not fee.integer:
            self.change(settle, realised)
            return realised, (settle,)
        paid = -fraction_of_money(fee)
        if fee.currency == settle:
            self.change(settle, realised + paid if realised else paid)
            return realised, (settle,)
        self.change(settle, realised)
        self.change(fee.currency, paid)
        return realised, (settle, fee.currency)

    def _realise(self, specification: Specification, fill: Fill) -> Fraction:
        position = self.position(specification, fill.leg)
        if not specification.inverse:
            return book_contract(position, specification, fill)
        units(fill.size)
        name = name_of(specification.id, fill.leg)
        before = self.parts.get(name, NOTHING) if fill.part else NOTHING
        self.parts[name] = before + trade_inverse(position, specification, fill.side, fill.size, fill.price)
        return rounded_gain(self.parts[name]) - rounded_gain(before)

    def book_cash(self, entry: CashEntry) -> None:
        self.change(entry.amount.currency, fraction_of_money(entry.amount))

    def accrue(self, specification: Specification, entry: CashEntry) -> None:
        """Interest that a short share on spot owes makes the account's position shorter too."""
        book_dust(self.position(specification), interest_change(specification, entry))

    def state(self) -> list[Any]:
        wallets = [[currency, str(amount)] for currency, amount in self.wallets.items()]
        positions = [[instrument, position.state()] for instrument, position in self.positions.items()]
        return [wallets, positions, [[name, str(gain)] for name, gain in self.parts.items()]]

    def restore(self, state: Any) -> None:
        wallets, positions, *more = state
        self.wallets = {currency: read_fraction(amount) for currency, amount in wallets}
        self.positions = {instrument: position_of(held) for instrument, held in positions}
        self.parts = {name: read_fraction(gain) for name, gain in (more[0] if more else ())}
        self.has_legs = any(split(name)[1] for name in self.positions)
