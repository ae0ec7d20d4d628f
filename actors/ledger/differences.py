"""Pure: where the venue's figures of an account and ours differ by more than dust."""

from __future__ import annotations

from typing import NamedTuple

from letrade.core.bookkeeping import AccountBook, held_units
from letrade.core.fraction import Fraction
from letrade.core.instruments import Catalogue
from letrade.core.legs import name_of
from letrade.core.messages.venue import VenueState
from letrade.core.quantities import ONE, exact, fraction_of_money


class Difference(NamedTuple):
    """One figure: a currency's balance, or an instrument's position."""

    what: str
    ours: Fraction
    venues: Fraction


def differences(
    book: AccountBook, state: VenueState, catalogue: Catalogue, now: int, dust: Fraction
) -> list[Difference]:
    """Balances of each currency, then positions of each derivative: a spot position is a balance."""
    balances = {amount.currency: fraction_of_money(amount) for amount in state.balances}
    found = [
        Difference(f"balance {currency}", book.wallets.get(currency, Fraction(0)), balances.get(currency, Fraction(0)))
        for currency in sorted({*book.wallets, *balances})
    ]
    held = {name_of(position.instrument, position.leg): exact(position.quantity) for position in state.positions}
    for instrument in sorted({*book.positions, *held}):
        if instrument in catalogue and catalogue.at(instrument, now).kind == "spot":
            continue
        position = book.positions.get(instrument)
        ours = Fraction(held_units(position), ONE) if position is not None else Fraction(0)
        found.append(Difference(f"position {instrument}", ours, held.get(instrument, Fraction(0))))
    return [each for each in found if abs(each.ours - each.venues) > dust]
