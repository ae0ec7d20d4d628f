"""What strategies may be short of on spot: what the venue of a borrowing account lends, within its limit."""

from __future__ import annotations

from letrade.actors.capital.orders import WorkingOrders
from letrade.actors.capital.purse import Purse
from letrade.core.config.desk import DeskConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.holdings import Key
from letrade.core.instruments import Specification
from letrade.core.quantities import ONE


class Lending:
    """The limits of the desk file, by account and currency."""

    def __init__(self, settings: DeskConfig) -> None:
        venues = {venue.name: venue for venue in settings.venues}
        self._limits = {
            (account.name, currency): read_fraction(terms.limit)
            for account in settings.accounts
            if account.borrow and account.venue in venues
            for currency, terms in venues[account.venue].borrow.items()
        }

    def refusal(
        self, purse: Purse, working: WorkingOrders, key: Key, specification: Specification, wanted: int, now: int
    ) -> tuple[str, str, str] | None:
        """(rule, limit, found) for a share of `wanted` units of 1e-18 on spot; None when what it lacks is lent."""
        share = purse.holdings.shares.get(key, 0)
        limit = self._limits.get((key[0], specification.base))
        if wanted >= 0:
            return None
        if limit is None:
            return "spot_short", "0", f"{float(Fraction(wanted, ONE)):g}"
        left = purse.books[key[0]].wallets.get(specification.base, Fraction(0)) + Fraction(wanted - share, ONE)
        left -= Fraction(_sold_by_others(purse, working, key, specification.base, now), ONE)
        if -left > limit:
            return "borrow_limit", f"{float(limit):g} {specification.base} owed", f"{float(-left):g}"
        return None


def _sold_by_others(purse: Purse, working: WorkingOrders, key: Key, base: str, now: int) -> int:
    """What other shares' working orders of the account sell of the coin."""
    total = 0
    for (account, instrument), keys in working.by_market.items():
        specification = purse.catalogue.at(instrument, now)
        if account == key[0] and specification.kind == "spot" and specification.base == base:
            orders = [order for other in keys if other != key for order in working.of(other)]
            total += sum(order.remaining for order in orders if order.side < 0)
    return total
