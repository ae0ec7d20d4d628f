"""A netting position in fractions of real money and real quantities; only what is released is rounded."""

from fractions import Fraction


def round_at(value: Fraction, decimals: int) -> Fraction:
    """Half-even, because Python rounds a Fraction so."""
    return Fraction(round(value * 10**decimals), 10**decimals)


def multiply_rate(value: int, rate_numerator: int, rate_scale: int, from_scale: int, to_scale: int) -> int:
    exact = Fraction(value, 10**from_scale) * Fraction(rate_numerator, 10**rate_scale)
    return int(round_at(exact, to_scale) * 10**to_scale)


def rescale_half_even(value: int, from_scale: int, to_scale: int) -> int:
    return int(round_at(Fraction(value, 10**from_scale), to_scale) * 10**to_scale)


class SlowPosition:
    """Holds what each open unit cost on average, and every payment that was ever made."""

    def __init__(self, price_decimals: int, quantity_decimals: int) -> None:
        self.price_decimals, self.quantity_decimals = price_decimals, quantity_decimals
        self.quantity = Fraction(0)
        self.cost = Fraction(0)
        self.realised = Fraction(0)
        self.cash = Fraction(0)

    def price_of(self, units: int) -> Fraction:
        return Fraction(units, 10**self.price_decimals)

    def fill(self, side: int, quantity: int, price: int) -> Fraction:
        """Opening and closing parts apart, in money; the return value is what this fill realised."""
        amount, paid = side * Fraction(quantity, 10**self.quantity_decimals), self.price_of(price)
        self.cash -= amount * paid
        same_way = self.quantity * amount >= 0
        closing = Fraction(0) if same_way else max(-abs(self.quantity), -abs(amount)) * (1 if self.quantity > 0 else -1)
        profit = Fraction(0)
        if closing:
            scale = self.price_decimals + self.quantity_decimals
            released = round_at(self.cost * (-closing / self.quantity), scale)
            profit = -closing * paid - released
            self.quantity += closing
            self.cost -= released
        self.quantity += amount - closing
        self.cost += (amount - closing) * paid
        self.realised += profit
        return profit

    def worth(self, price: int) -> Fraction:
        """All money that came and went, and what is held at this price: the profit without any accounting."""
        return self.cash + self.quantity * self.price_of(price)
