"""What a trade costs: maker and taker rates by volume, in quote, base or a third currency; below 0: a rebate."""

from __future__ import annotations

from letrade.actors.venue.amounts import Amount, rounded, rounded_up
from letrade.core.config.desk import FeeTier, VenueConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Specification


class Rates:
    """Maker and taker fees from a traded volume on."""

    def __init__(self, volume: Fraction, of: VenueConfig | FeeTier) -> None:
        self.volume = volume
        self.maker, self.taker = read_fraction(of.maker_fee), read_fraction(of.taker_fee)


class FeeSchedule:
    """The fee currency is quote, base, or a code that prices ("BNB-USDT": USDT for one BNB) convert into.

    `quote` is the settlement currency of a linear contract; so is `base`, of which a contract's account holds none.
    """

    def __init__(self, venue: VenueConfig) -> None:
        self._tiers = [Rates(Fraction(0), venue)]
        self._tiers += [Rates(read_fraction(tier.volume), tier) for tier in venue.fee_tiers]
        self._worst = read_fraction(venue.fee_max)
        self._currency = venue.fee_currency
        self._rates: dict[Specification, Fraction | None] = {}
        self._prices = {pair: read_fraction(price) for pair, price in venue.fee_prices.items()}

    @property
    def by_volume(self) -> bool:
        """Whether what an account has traded matters."""
        return len(self._tiers) > 1

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
        return f"no price for fees: add {self._currency}-{self.paid_in(rules)} to fee_prices"

    def fee(
        self, rules: Specification, notional: Fraction, size: Fraction, maker: bool, volume: Fraction | int = 0
    ) -> Amount:
        """The fee of one trade of an account that traded this volume before, half to even; positive is paid."""
        tier = next(tier for tier in reversed(self._tiers) if tier.volume <= volume)
        return rounded(self.currency(rules), self._exact(rules, notional, size, tier.maker if maker else tier.taker))

    def worst(self, rules: Specification, notional: Fraction, size: Fraction) -> Amount:
        """What a trade may cost at most in any tier, as an order may outlast its day, rounded up; never below 0."""
        return rounded_up(self.currency(rules), self._exact(rules, notional, size, self._worst))

    def worst_in_base(self, rules: Specification) -> Fraction:
        """The highest rate, where it is paid in what a spot order sells; else 0."""
        in_base = self._currency == "base" and rules.kind == "spot"
        return self._worst if in_base else Fraction(0)

    def _exact(self, rules: Specification, notional: Fraction, size: Fraction, rate: Fraction) -> Fraction:
        if self._currency == "base" and rules.kind == "spot":
            return size * rate
        into = self._rate_into(rules) or 0
        return notional * rate if into == 1 else notional * rate * into

    def paid_in(self, rules: Specification) -> str:
        """The currency that prices of this instrument are in, and volumes counted in."""
        return rules.quote if rules.kind == "spot" else rules.settle

    def _rate_into(self, rules: Specification) -> Fraction | None:
        """Units of the fee's currency for one unit of what the instrument is paid in; found once."""
        if rules not in self._rates:
            self._rates[rules] = self._find_rate(rules)
        return self._rates[rules]

    def _find_rate(self, rules: Specification) -> Fraction | None:
        paid_in, fee = self.paid_in(rules), self.currency(rules)
        if fee == paid_in or self._currency == "base":
            return Fraction(1)
        if price := self._prices.get(f"{fee}-{paid_in}"):
            return 1 / price
        return self._prices.get(f"{paid_in}-{fee}")
