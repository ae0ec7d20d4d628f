"""A maintenance amount that was said of one tier, against the maintenance that it is taken off."""

from __future__ import annotations

from collections.abc import Sequence

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction
from letrade.core.margin.account import MarginAccount
from letrade.core.margin.book import entry_value
from letrade.core.margin.results import Margins, PositionMargin
from letrade.core.margin.rules import MarginRules


def check_deductions(margins: Margins, rules: MarginRules, account: MarginAccount, places: Sequence[str]) -> None:
    """DataError where a row that stands alone takes more off than there is: it is of another tier. Whole tables were
    checked already."""
    whole = {each.name: each.tiers.whole for each in account.instruments}
    for number, (found, place) in enumerate(zip(margins.positions, places, strict=True)):
        if whole[found.instrument]:
            continue
        most = found.rate * _value(found, number, rules, account)
        amount = found.amount * (_share(found, account) if rules.tier_size == "legs" else 1)
        if amount > most:
            raise DataError(
                f"{place}: maintenance amount: expected at most rate × value, {float(most):g}, found "
                f"{float(amount):g}: maintenance would be below 0; give the amount of the tier in force"
            )


def _value(found: PositionMargin, number: int, rules: MarginRules, account: MarginAccount) -> Fraction:
    """What the rate is of."""
    if rules.maintenance_price == "mark":
        return found.value
    instrument = next(each for each in account.instruments if each.name == found.instrument)
    return entry_value(instrument, account.positions[number])


def _share(found: PositionMargin, account: MarginAccount) -> Fraction:
    """Of the amount that the legs of an instrument have together."""
    legs = (each.size for each in account.positions if each.instrument == found.instrument)
    return found.size / sum(legs, Fraction(0))
