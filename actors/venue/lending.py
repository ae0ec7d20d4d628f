"""Whether the venue lends: within its limit, and with enough money of the account beside what is owed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from letrade.actors.venue import rules
from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.market import Market
from letrade.actors.venue.orders import Order
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import VenueConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Specification
from letrade.core.quantities import exact

ZERO = Fraction(0)


class Lender:
    """Whether an account may borrow what an order needs: within the limit, and with enough money beside it."""

    def __init__(
        self, venue: VenueConfig, logins: Sequence[AccountConfig],
        markets: Callable[[], Mapping[str, Market]], rules_of: Callable[[str], Specification],
    ) -> None:  # fmt: skip
        self._markets, self._rules_of = markets, rules_of
        self.borrowers = frozenset(login.name for login in logins if login.borrow)
        self.limits = {name: read_fraction(each.limit) for name, each in venue.borrow.items()}
        self._more = {name: read_fraction(each.level) - 1 for name, each in venue.borrow.items()}

    def balance(
        self, account: VenueAccount, order: Order, market: Market, version: Specification, offered: rules.Offered
    ) -> str:
        """What an order needs is there, or is lent to it."""
        if account.name not in self.borrowers:
            return rules.balance(account, order, market, version, offered)
        needed: dict[str, Fraction] = {}
        for amount in account.reservation(order, market, version, offered):
            needed[amount.currency] = needed.get(amount.currency, ZERO) + amount.value
        return self.refusal(account, needed, order.number, version.quote)

    def refusal(self, account: VenueAccount, needed: dict[str, Fraction], order: int, quote: str) -> str:
        """Of an order (of this number) that needs so much by currency; '' when it may borrow what is missing."""
        missing = False
        for currency, amount in needed.items():
            short = amount - account.wallet.spendable(currency, order).value
            missing = missing or short > 0
            if short > self.limits.get(currency, ZERO):
                most = float(self.limits.get(currency, ZERO))
                return f"borrow limit: {float(short):g} {currency} would be owed, at most {most:g} may be"
        free = self.free(account, quote, needed, order) if missing else ZERO
        if free is None:
            return "borrow: a price that it depends on is not known"
        return "" if free >= 0 else f"borrow level: {float(-free):g} {quote} are missing beside what would be owed"

    def free(
        self, account: VenueAccount, quote: str, needed: dict[str, Fraction] | None = None, order: int = 0
    ) -> Fraction | None:
        """Equity beyond (level - 1) × what is owed once all that works has traded, in `quote`; None: not known."""
        net = kept = ZERO
        for currency in dict.fromkeys([*account.wallet.currencies(), *(needed or {})]):
            total = account.wallet.total(currency).value
            owed = (needed or {}).get(currency, ZERO) - account.wallet.spendable(currency, order).value
            rate = self._rate(currency, quote)
            if rate is None and (total < 0 or owed > 0):
                return None
            net += total * (rate or 0)
            kept += max(ZERO, owed) * self._more.get(currency, ZERO) * (rate or 0)
        return net - kept

    def _rate(self, currency: str, quote: str) -> Fraction | None:
        if currency == quote:
            return Fraction(1)
        for market in self._markets().values():
            version = self._rules_of(market.instrument)
            price = market.value_price()
            if version.kind == "spot" and price and {version.base, version.quote} == {currency, quote}:
                worth = exact(price)
                return worth if version.base == currency else 1 / worth
        return None
