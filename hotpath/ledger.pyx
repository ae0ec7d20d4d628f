"""Exact ledger arithmetic: netting positions at average cost, and half-even rounding; integers of any size."""
from operator import index

from letrade.hotpath.constants cimport BUY, SELL

DECIMALS_MAX = 64


cdef int checked_decimals(decimals, str name) except -1:
    decimals = index(decimals)
    if not 0 <= decimals <= DECIMALS_MAX:
        raise ValueError(f"{name} must be from 0 to {DECIMALS_MAX}, found {decimals}")
    return decimals


cdef object divide_half_even(numerator, denominator):
    """The nearest integer to a quotient, ties to the even one; the denominator is above 0."""
    quotient, remainder = divmod(numerator, denominator)
    doubled = 2 * remainder
    if doubled > denominator or (doubled == denominator and quotient % 2):
        quotient += 1
    return quotient


cdef object rescale_exact(value, int from_scale, int to_scale, str name):
    if to_scale >= from_scale:
        return value * 10 ** <object>(to_scale - from_scale)
    quotient, remainder = divmod(value, 10 ** <object>(from_scale - to_scale))
    if remainder:
        raise ValueError(f"{name} {value} at {from_scale} decimals has no exact value at {to_scale}")
    return quotient


def rescale_half_even(value, from_scale, to_scale):
    return multiply_rate(value, 1, 0, from_scale, to_scale)


def multiply_rate(value, rate_numerator, rate_scale, from_scale, to_scale):
    cdef int scale = checked_decimals(rate_scale, "rate_scale") + checked_decimals(from_scale, "from_scale")
    cdef int wanted = checked_decimals(to_scale, "to_scale")
    product = index(value) * index(rate_numerator)
    if wanted >= scale:
        return product * 10 ** <object>(wanted - scale)
    return divide_half_even(product, 10 ** <object>(scale - wanted))


cdef class Position:
    """A netting position of one instrument."""

    def __init__(self, price_decimals, quantity_decimals):
        self.price_decimals = checked_decimals(price_decimals, "price_decimals")
        self.quantity_decimals = checked_decimals(quantity_decimals, "quantity_decimals")
        self.quantity = 0
        self.cost = 0

    def fill(self, side, quantity, price):
        side = index(side)
        quantity = index(quantity)
        price = index(price)
        if side != BUY and side != SELL:
            raise ValueError(f"side must be BUY (1) or SELL (-1), found {side}")
        if quantity <= 0:
            raise ValueError(f"the quantity of a fill must be above 0, found {quantity}")
        if price < 0:
            raise ValueError(f"the price of a fill must be 0 or above, found {price}")
        held = abs(self.quantity)
        if self.quantity * side >= 0:
            self.quantity += side * quantity
            self.cost += side * quantity * price
            return 0
        # The part that closes takes its share of the cost, rounded once; what the rounding left stays in the position.
        closing = min(held, quantity)
        released = divide_half_even(self.cost * closing, held)
        realised = -side * closing * price - released
        self.quantity += side * closing
        self.cost -= released
        if quantity > closing:
            self.quantity = side * (quantity - closing)
            self.cost = self.quantity * price
        return realised

    def unrealised(self, price):
        return self.quantity * index(price) - self.cost

    def average_entry(self):
        if self.quantity == 0:
            return 0, 1
        return abs(self.cost), abs(self.quantity)

    def rescale(self, price_decimals, quantity_decimals):
        cdef int new_price = checked_decimals(price_decimals, "price_decimals")
        cdef int new_quantity = checked_decimals(quantity_decimals, "quantity_decimals")
        quantity = rescale_exact(self.quantity, self.quantity_decimals, new_quantity, "quantity")
        cost = rescale_exact(self.cost, self.price_decimals + self.quantity_decimals, new_price + new_quantity, "cost")
        self.price_decimals = new_price
        self.quantity_decimals = new_quantity
        self.quantity = quantity
        self.cost = cost

    def state(self):
        # Text, because msgpack and many readers of JSON end at 64 bits.
        return [self.price_decimals, self.quantity_decimals, str(self.quantity), str(self.cost)]

    def restore(self, state):
        if not isinstance(state, (list, tuple)):
            raise TypeError(f"expected the list that a position's state() gave, found {type(state).__name__}")
        if len(state) != 4:
            raise ValueError(f"a position's state has 4 parts, found {len(state)}")
        price_decimals, quantity_decimals, quantity_text, cost_text = state
        price_places = checked_decimals(price_decimals, "price_decimals")
        quantity_places = checked_decimals(quantity_decimals, "quantity_decimals")
        quantity, cost = int(str(quantity_text)), int(str(cost_text))
        if quantity * cost < 0 or (quantity == 0 and cost != 0):
            raise ValueError(f"a position's cost has its quantity's sign, found quantity {quantity} and cost {cost}")
        self.price_decimals = price_places
        self.quantity_decimals = quantity_places
        self.quantity = quantity
        self.cost = cost
