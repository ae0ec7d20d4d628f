"""What may leave an account in one currency: what neither orders have locked nor contracts need."""

from __future__ import annotations

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.margin import Margins
from letrade.actors.venue.margin_orders import exposures, free_margin, locked
from letrade.core.fraction import Fraction
from letrade.core.quantities import exact

NO_ORDER = 0
"""Orders are numbered from 1."""


def spare(floor: Floor, account: VenueAccount, currency: str) -> Fraction | None:
    """None while a price that it depends on is not known. Unrealised gains back contracts, and are never paid out."""
    unlocked = account.wallet.spendable(currency, NO_ORDER).value
    if account.name in floor.lender.borrowers:
        free = floor.lender.free(account, currency)
        if free is None:
            return None
        unlocked = min(unlocked, free)
    if floor.margin is not None:
        return _with_rules(floor.margin, account, currency, unlocked)
    kept = _kept_for_contracts(floor, account, currency)
    return None if kept is None else unlocked - kept


def _with_rules(margins: Margins, account: VenueAccount, currency: str, unlocked: Fraction) -> Fraction | None:
    settle = margins.backed_by(currency) if margins.is_backed(account.name) else ""
    if settle:
        return _beside(margins, account, currency, settle, unlocked)
    units = [unit for unit in margins.units(account) if unit.currency == currency]
    if any(_is_liquidating(margins, unit.key) for unit in units):
        return Fraction(0)
    free = free_margin(margins, account, currency, exposures(margins, account, currency))
    if free is None:
        return None
    kept = account.wallet.total(currency).value - unlocked
    own = margins.cross_balance(account, currency) - kept
    return min(own, free + locked(account, currency) - kept)


def _beside(margins: Margins, account: VenueAccount, coin: str, settle: str, unlocked: Fraction) -> Fraction | None:
    """Of a coin that backs the contracts of a settle currency."""
    held = next((each for each in margins.backing(account, settle) if each.coin.currency == coin), None)
    if held is None or _is_liquidating(margins, f"{account.name} {settle}"):
        return Fraction(0)
    found = exposures(margins, account, settle)
    free = free_margin(margins, account, settle, found)
    if free is None or not (held.price and all(each.price for each in margins.backing(account, settle))):
        return None
    kept = held.coin.worth_of(held.counted - max(Fraction(0), free)) / held.price
    return min(unlocked, held.balance - kept) if free >= 0 else Fraction(0)


def _is_liquidating(margins: Margins, key: str) -> bool:
    return key in margins.waiting or (margins.rules.partial == "two_tiers" and key in margins.cooling)


def _kept_for_contracts(floor: Floor, account: VenueAccount, currency: str) -> Fraction | None:
    """Worth / max_leverage at the largest position that working orders could make, and losses not realised."""
    buys, sells = dict.fromkeys(account.positions, 0), dict.fromkeys(account.positions, 0)
    for order in account.working.values():
        if not order.only_protects:
            ways = buys if order.side > 0 else sells
            ways[order.instrument] = ways.get(order.instrument, 0) + order.left
    worth = gain = Fraction(0)
    for name in dict.fromkeys([*buys, *sells]):
        rules, market = floor.rules_of(name), floor.market(name)
        if rules.kind == "spot" or rules.settle != currency or market is None:
            continue
        held = account.quantity(market)
        size = max(abs(held + buys.get(name, 0)), abs(held - sells.get(name, 0)))
        price = market.value_price()
        if size and not price:
            return None
        worth += rules.worth(exact(price), market.scales.exact_size(size)) if size else 0
        gain += account.unrealised(name, price, rules) if price else 0
    return worth / floor.leverage_max - min(gain, worth / floor.leverage_max)
