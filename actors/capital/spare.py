"""What may leave an account, and how much of it is one strategy's to move."""

from __future__ import annotations

from letrade.actors.capital.orders import WorkingOrders
from letrade.actors.capital.purse import Purse
from letrade.core.bookkeeping import gain_at
from letrade.core.fraction import Fraction
from letrade.core.legs import instrument_of
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.quantities import FINE_ONE, ONE, exact


def spare(purse: Purse, account: str, currency: str, working: WorkingOrders, now: int) -> Fraction | None:
    """Cash that orders, margin, losses, spot positions and transfers leave; None while a price is not known."""
    losses = _losses(purse, account, currency, now)
    most = purse.beside.most(account, currency, lambda settle: _backed(purse, account, settle, working, now))
    if losses is None or most is None:
        return None
    return min(
        most, purse.free(account, currency, working, now) - losses - _positions(purse, account, currency, now)
    )


def _backed(purse: Purse, account: str, settle: str, working: WorkingOrders, now: int) -> Fraction:
    """What contracts that coins back leave free of their equity; 0 while a price is not known."""
    losses = _losses(purse, account, settle, now)
    free = purse.free(account, settle, working, now) + purse.beside.worth(account, settle)
    return Fraction(0) if losses is None else free - losses


def _losses(purse: Purse, account: str, currency: str, now: int) -> Fraction | None:
    """What contracts paid in this currency have lost, all together; gains are not paid out."""
    gain = Fraction(0)
    for instrument, position in purse.books[account].positions.items():
        instrument = instrument_of(instrument)
        specification = purse.catalogue.at(instrument, now)
        if not position.quantity or specification.kind == "spot" or specification.settle != currency:
            continue
        price = purse.board.prices.get(instrument)
        if not price:
            return None
        gain += gain_at(position, specification, exact(price))
    return max(Fraction(0), -gain)


def _positions(purse: Purse, account: str, currency: str, now: int) -> Fraction:
    """What strategies hold of the currency as spot positions: it is sold, not moved."""
    held = 0
    for (holder, instrument, strategy), share in purse.holdings.shares.items():
        specification = purse.catalogue.at(instrument, now)
        if holder == account and strategy != NO_STRATEGY and specification.kind == "spot":
            held += share if specification.base == currency and share > 0 else 0
    return Fraction(held, ONE)


def room(purse: Purse, account: str, strategy: str, working: WorkingOrders, now: int) -> Fraction | None:
    """What is the strategy's to move, in the reporting currency: its capital that is not at work. Nobody's ("-") is
    what no allocation has; where there are none, None: all that is free."""
    if not purse.is_allocated(account):
        return None
    if strategy == NO_STRATEGY:
        given = sum((_whole(purse, account, name, now) for name in purse.strategies_of(account)), Fraction(0))
        return Fraction(purse.equity(account, now).numerator, purse.equity(account, now).denominator * FINE_ONE) - given
    used = purse.at_work(account, strategy, working, now)
    return Fraction(0) if used is None else _whole(purse, account, strategy, now) - used


def _whole(purse: Purse, account: str, strategy: str, now: int) -> Fraction:
    allowed = purse.allocated(account, strategy, now)
    return Fraction(allowed.numerator, allowed.denominator * FINE_ONE)
