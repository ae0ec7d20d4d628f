"""A liquidation that leaves a debt in the settle currency is covered at once by the coins that backed the contracts."""

from __future__ import annotations

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.amounts import cut, rounded_up
from letrade.actors.venue.collateral import Backing
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.margin import Margins
from letrade.actors.venue.margin_sums import ZERO
from letrade.actors.venue.takeover import Takeover
from letrade.core.fraction import Fraction
from letrade.core.subjects import account_instrument


class CollateralSale:
    """Binance FAQ f80415bea8124f6494566f23c0bf9c38: the venue itself takes coins at their index less their haircut, in
    proportion of what they are worth so, until nothing is owed."""

    def __init__(self, floor: Floor, margins: Margins, takeover: Takeover) -> None:
        self._venue, self._margins, self._takeover = floor.venue, margins, takeover

    def cover(self, account: VenueAccount, currency: str) -> None:
        """What all coins together cannot cover stays a debt."""
        debt = -self._margins.cross_balance(account, currency)
        coins = [each for each in self._margins.backing(account, currency) if each.balance * each.sold_at > 0]
        if debt <= 0 or not coins:
            return
        worth = sum((each.balance * each.sold_at for each in coins), ZERO)
        for place, each in enumerate(coins):
            left = -self._margins.cross_balance(account, currency)
            due = left if place == len(coins) - 1 else debt * each.balance * each.sold_at / worth
            self._sell(account, currency, each, due)

    def _sell(self, account: VenueAccount, currency: str, coin: Backing, due: Fraction) -> None:
        """For so much, or for all that there is."""
        name = coin.coin.currency
        given, taken = account.wallet.total(name), cut(currency, coin.balance * coin.sold_at)
        if taken.value > due:
            taken = rounded_up(currency, due)
            needed = rounded_up(name, taken.value / coin.sold_at)
            given = needed if needed.value < coin.balance else given
        if not taken.units:
            return
        what = f"{float(given.value):g} {name} at {float(coin.sold_at):g} for a debt of {currency}"
        about = account_instrument(self._venue)
        for amount in (given.negated(), taken):
            self._takeover.credit(account.name, about, amount, what)
