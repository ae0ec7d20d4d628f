"""Initial margin of positions and open orders, and the leverage that a tier allows."""

from __future__ import annotations

from letrade.core.fraction import Fraction
from letrade.core.margin.account import OrderState
from letrade.core.margin.book import Book, Unit, entry_value, reserved_share, value_at
from letrade.core.margin.numbers import ONE, ZERO, MarginError
from letrade.core.margin.slack import STILL, requirement_buffer, tier_curve, value_curve


def leverage_notes(book: Book) -> dict[int, str]:
    """What is to be known of a position whose leverage its tier no longer allows: it keeps it, as venues let it.

    MarginError when a position is above its last tier, or its leverage was too high at its entry already.
    """
    notes: dict[int, str] = {}
    for unit in book.units:
        for place in unit.positions:
            position, table = book.account.positions[place], book.tables[book.account.positions[place].instrument]
            allowed = table.held(tier_curve(book, unit, STILL, place).at(ONE)).leverage_max
            if allowed is None or position.leverage is None or position.leverage <= allowed:
                continue
            text = f"{position.instrument} allows {float(allowed):g} at this size"
            opened = allowed if book.rules.tier_basis != "mark_notional" else _allowed_at_entry(book, place)
            if opened is not None and position.leverage > opened:
                raise MarginError(f"positions[{place}].leverage: {text}, found {float(position.leverage):g}")
            notes[place] = f"{text}, but {float(position.leverage):g} was allowed at its entry: it cannot be added to"
    return notes


def _allowed_at_entry(book: Book, place: int) -> Fraction | None:
    position = book.account.positions[place]
    table = book.tables[position.instrument]
    return table.tiers[table.index(entry_value(book.instrument(place), position))].leverage_max


def position_initial(book: Book, place: int) -> Fraction | None:
    """The initial margin of one position without orders, in its settle currency; None without a leverage."""
    position, instrument = book.account.positions[place], book.instrument(place)
    if position.leverage is None:
        return None
    at_entry = book.rules.initial_price == "entry"
    value = entry_value(instrument, position) if at_entry else value_curve(book, STILL, place).at(ONE)
    fee = instrument.fee_rate * reserved_share(book.rules, instrument, position, position.leverage)
    return value * (ONE / position.leverage + fee)


def unit_initial(book: Book, unit: Unit) -> Fraction | None:
    """The initial margin of a unit's positions and open orders, in its currency."""
    total = ZERO
    for held in unit.collaterals:
        price = held.index * requirement_buffer(book, held)
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
    held = [position_initial(book, place) for place in places]
    if any(amount is None for amount in held):
        return None
    positions = sum((amount for amount in held if amount is not None), ZERO)
    orders = _orders_of(book, unit, name)
    if not orders or (book.rules.unit == "position" and not places):
        return positions
    buys = sum((_order_initial(book, places, order) for order in orders if order.side > 0), ZERO)
    sells = sum((_order_initial(book, places, order) for order in orders if order.side < 0), ZERO)
    sides = {book.account.positions[place].side for place in places}
    if len(sides) == 2:
        return positions + buys + sells
    signed = -positions if sides == {-1} else positions
    return max(abs(signed + buys), abs(signed - sells))


def _orders_of(book: Book, unit: Unit, name: str) -> list[OrderState]:
    """What opens: of two isolated legs of one instrument, buys belong to the long one and sells to the short one."""
    orders = [order for order in book.account.orders if order.instrument == name and not order.reduces]
    legs = [position for position in book.account.positions if position.instrument == name]
    if book.rules.unit != "position" or len({leg.side for leg in legs}) < 2:
        return orders
    return [order for order in orders if order.side == book.account.positions[unit.positions[0]].side]


def _order_initial(book: Book, places: list[int], order: OrderState) -> Fraction:
    leverage = order.leverage or next((book.account.positions[place].leverage for place in places), None)
    if leverage is None:
        raise MarginError(f"an order in {order.instrument}: expected its leverage, found none")
    return value_at(book.instruments[order.instrument], order.size, order.price) / leverage
