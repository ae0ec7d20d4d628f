"""What a trade costs: maker and taker rates, in the quote, the base or a third currency; below 0 is a rebate."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from letrade.actors.venue.amounts import Amount, rounded, rounded_up
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Specification


class FeeSchedule:
    """`currency` is quote, base, or a code that `prices` ("BNB-USDT": USDT for one BNB) converts into.

    `quote` is the settlement currency of a linear contract; so is `base`, of which a contract's account holds none.
    """

    def __init__(self, maker: Decimal, taker: Decimal, currency: str, prices: Mapping[str, Decimal]) -> None:
        self._maker = read_fraction(maker)
        self._taker = read_fraction(taker)
        self._currency = currency
        self._rates: dict[Specification, Fraction | None] = {}
        self._prices = {pair: read_fraction(price) for pair, price in prices.items()}

    def currency(self, rules: Specification) -> str:
        """What fees of this instrument are paid in."""
        if self._currency == "base" and rules.kind == "spot":
            return rules.base
        if self._currency in ("quote", "base"):
            return rules.quote if rules.kind == "spot" else rules.settle
        return self._currency

    def refusal(self, rules: Specification) -> str:
        """Why fees of this instrument cannot be computed; '' when they can."""
        if self._rate_into(rules) is not None:
            return ""
        return f"no price for fees: add {self._currency}-{self._paid_in(rules)} to fee_prices"

    def fee(self, rules: Specification, notional: Fraction, size: Fraction, maker: bool) -> Amount:
        """The fee of one trade, half to even; positive is paid."""
        return rounded(self.currency(rules), self._exact(rules, notional, size, self._maker if maker else self._taker))

    def worst(self, rules: Specification, notional: Fraction, size: Fraction) -> Amount:
        """What a trade may cost at most, rounded up; never below 0."""
        rate = max(self._maker, self._taker, Fraction(0))
        return rounded_up(self.currency(rules), self._exact(rules, notional, size, rate))

    def worst_in_base(self, rules: Specification) -> Fraction:
        """The highest rate, where it is paid in what a spot order sells; else 0."""
        in_base = self._currency == "base" and rules.kind == "spot"
        return max(self._maker, self._taker, Fraction(0)) if in_base else Fraction(0)

    def _exact(self, rules: Specification, notional: Fraction, size: Fraction, rate: Fraction) -> Fraction:
        if self._currency == "base" and rules.kind == "spot":
            return size * rate
        into = self._rate_into(rules) or 0
        return notional * rate if into == 1 else notional * rate * into

    def _paid_in(self, rules: Specification) -> str:
        return rules.quote if rules.kind == "spot" else rules.settle

    def _rate_into(self, rules: Specification) -> Fraction | None:
        """Units of the fee's currency for one unit of what the instrument is paid in; found once."""
        if rules not in self._rates:
            self._rates[rules] = self._find_rate(rules)
        return self._rates[rules]

    def _find_rate(self, rules: Specification) -> Fraction | None:
        paid_in, fee = self._paid_in(rules), self.currency(rules)
        if fee == paid_in or self._currency == "base":
            return Fraction(1)
        if price := self._prices.get(f"{fee}-{paid_in}"):
            return 1 / price
        return self._prices.get(f"{paid_in}-{fee}")
