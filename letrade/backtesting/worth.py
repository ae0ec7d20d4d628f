"""What the accounts of a compiled run are worth: wallets at their rates, and what open contracts would realise."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from letrade.core.instruments import Catalogue
from letrade.core.valuation import PriceBoard
from letrade.hotpath.simulation.desk import Desk
from letrade.hotpath.simulation.reading import prices_of
from letrade.hotpath.simulation.terms import DeskTerms


class Worth(NamedTuple):
    """In the reporting currency; not to be believed while something is missing."""

    equity: Fraction
    unrealised: Fraction
    missing: tuple[str, ...]
    """Currencies and instruments without a price."""


def wallets_of(desk: Desk, terms: DeskTerms, account: int) -> dict[str, Fraction]:
    """What an account has, or had, of each currency."""
    found = {name: desk.wallet_units(account, place) for place, name in enumerate(terms.currencies)}
    return {name: Fraction(known[0], 10 ** known[1]) for name, known in found.items() if known is not None}


def board_of(desk: Desk, terms: DeskTerms) -> PriceBoard:
    """The last prices that the desk has seen."""
    board = PriceBoard()
    named = zip(terms.instruments, prices_of(desk), strict=True)
    board.prices = {each.name: price for each, price in named if price}
    return board


def worth_of(desk: Desk, terms: DeskTerms, catalogue: Catalogue, account: int) -> Worth:
    """As the ledger values it, at the last prices."""
    reporting, board = terms.currencies[terms.reporting], board_of(desk, terms)
    total, unrealised, missing = Fraction(0), Fraction(0), []
    for currency, amount in wallets_of(desk, terms, account).items():
        rate = Fraction(1) if currency == reporting or not amount else rate_of(board, currency, reporting, catalogue)
        if rate is None:
            missing.append(currency)
        else:
            total += amount * rate
    for place, each in enumerate(terms.instruments):
        held = desk.position_of(account, place, True)
        if not held[1]:
            continue
        price, rate = board.prices.get(each.name), rate_of(board, terms.currencies[each.quote], reporting, catalogue)
        if price is None or rate is None:
            missing.append(each.name)
            continue
        worth = Fraction(str(price)) * Fraction(held[1], 10**each.lot_decimals)
        gain = (worth - Fraction(held[2], 10 ** (held[3] + each.lot_decimals))) * each.multiplier * rate
        unrealised += gain
        total += 0 if each.spot else gain
    return Worth(total, unrealised, tuple(dict.fromkeys(missing)))


def rate_of(board: PriceBoard, currency: str, reporting: str, catalogue: Catalogue) -> Fraction | None:
    """None where no price tells."""
    rate = board.rate(currency, reporting, catalogue)
    return None if rate is None else Fraction(rate.numerator, rate.denominator)
