"""Initial margin of positions and open orders, and the leverage that a tier allows."""

from __future__ import annotations

from letrade.core.fraction import Fraction
from letrade.core.margin.account import OrderState
from letrade.core.margin.book import Book, Unit, entry_value, reserved_share, value_at
from letrade.core.margin.numbers import ONE, ZERO, MarginError
from letrade.core.margin.slack import STILL, counting_share, tier_curve, value_curve


def check_leverages(book: Book) -> None:
    """MarginError when a position is above its last tier, or its leverage above its tier's maximum."""
    for unit in book.units:
        for place in unit.positions:
            position = book.account.positions[place]
            tier = book.tables[position.instrument].held(tier_curve(book, unit, STILL, place).at(ONE))
            allowed = tier.leverage_max
            if allowed is not None and position.leverage is not None and position.leverage > allowed:
                raise MarginError(
                    f"positions[{place}].leverage: {position.instrument} allows {float(allowed):g} at this size,"
                    f" found {float(position.leverage):g}"
                )


def position_initial(book: Book, unit: Unit, place: int) -> Fraction | None:
    """The initial margin of one position without orders, in its settle currency; None without a leverage."""
    position, instrument = book.account.positions[place], book.instrument(place)
    if position.leverage is None:
        return None
    at_entry = book.rules.initial_price == "entry"
    value = entry_value(instrument, position) if at_entry else value_curve(book, STILL, place).at(ONE)
    fee = instrument.fee_rate * reserved_share(book.rules, instrument, position, position.leverage)
    return value * (ONE / position.leverage + fee) * counting_share(book, unit, place)


def unit_initial(book: Book, unit: Unit) -> Fraction | None:
    """The initial margin of a unit's positions and open orders, in its currency."""
    total = ZERO
    for held in unit.collaterals:
        price = held.index * (ONE + held.debt_buffer if book.rules.requirements_at == "ask" else ONE)
        for name, instrument in book.instruments.items():
            if instrument.settle != held.currency:
                continue
            needed = _instrument_initial(book, unit, name)
            if needed is None:
                return None
            total += needed * price
    return total


def _instrument_initial(book: Book, unit: Unit, name: str) -> Fraction | None:
    places = [place for place in unit.positions if book.account.positions[place].instrument == name]
    held = [position_initial(book, unit, place) for place in places]
    if any(amount is None for amount in held):
        return None
    positions = sum((amount for amount in held if amount is not None), ZERO)
    orders = [order for order in book.account.orders if order.instrument == name and not order.reduces]
    if not orders or (book.rules.unit == "position" and not places):
        return positions
    buys = sum((_order_initial(book, places, order) for order in orders if order.side > 0), ZERO)
    sells = sum((_order_initial(book, places, order) for order in orders if order.side < 0), ZERO)
    sides = {book.account.positions[place].side for place in places}
    if book.rules.orders == "sum" or len(sides) == 2:
        return positions + buys + sells
    signed = -positions if sides == {-1} else positions
    return max(abs(signed + buys), abs(signed - sells))


def _order_initial(book: Book, places: list[int], order: OrderState) -> Fraction:
    leverage = order.leverage or next((book.account.positions[place].leverage for place in places), None)
    if leverage is None:
        raise MarginError(f"an order in {order.instrument}: expected its leverage, found none")
    return value_at(book.instruments[order.instrument], order.size, order.price) / leverage
