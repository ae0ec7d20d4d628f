"""Tier tables: checked for gaps, completed with their amounts, looked up by size and by date."""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from letrade.core.fraction import Fraction
from letrade.core.margin.numbers import ONE, ZERO, MarginError
from letrade.core.margin.rules import TierEdge, TierForm


class Tier(Struct, frozen=True):
    """One row of a venue's table; sizes are in the rules' tier basis."""

    floor: Fraction
    cap: Fraction | None
    """None: the row has no upper end."""
    rate: Fraction
    amount: Fraction | None = None
    """The deduction ("cum", "maintenance amount"); None: computed from the floors and rates below."""
    leverage_max: Fraction | None = None


class TierTable(Struct, frozen=True):
    """The rows of one instrument as of one date, as the venue gives them; `ready` checks them."""

    name: str
    tiers: tuple[Tier, ...]
    dated: str = ""
    """YYYY-MM-DD or any prefix of it; "" when unknown."""
    whole: bool = True
    """False: only the row in force is known; its amount is taken as given."""

    def ready(self, form: TierForm, edge: TierEdge) -> ReadyTiers:
        """The table with an amount for every row; a gap, an overlap, a falling rate or a wrong amount is refused."""
        _check_rows(self)
        return ReadyTiers(self.name, _completed(self, form), edge, form)


class ReadyTiers(Struct, frozen=True):
    """A checked table whose every row has its amount."""

    name: str
    tiers: tuple[Tier, ...]
    edge: TierEdge
    form: TierForm

    def index(self, size: Fraction) -> int:
        """The row of a size; the last row also holds what is above its cap."""
        last = len(self.tiers) - 1
        for place, tier in enumerate(self.tiers):
            inside = tier.cap is None or size < tier.cap or (size == tier.cap and self.edge == "lower")
            if inside or place == last:
                return place
        raise MarginError(f"{self.name}: the tier table has no rows")

    def held(self, size: Fraction) -> Tier:
        """The row of a size that exists at the venue; MarginError when it is above the last cap."""
        tier = self.tiers[self.index(size)]
        if tier.cap is not None and size > tier.cap:
            raise MarginError(
                f"{self.name}: a size of {float(size):g} is above the last tier, which ends at {float(tier.cap):g};"
                " reduce it or load newer tiers"
            )
        return tier


def one_tier(name: str, rate: Fraction, amount: Fraction = ZERO, leverage_max: Fraction | None = None) -> TierTable:
    """The table of a position of which only the row in force is known."""
    return TierTable(name, (Tier(ZERO, None, rate, amount, leverage_max),), whole=False)


def _check_rows(table: TierTable) -> None:
    if not table.tiers:
        raise MarginError(f"{table.name}: expected at least one tier, found none; load the venue's table")
    if table.tiers[0].floor != 0:
        raise MarginError(f"{table.name}: expected tier 1 to begin at 0, found {float(table.tiers[0].floor):g}")
    for place, tier in enumerate(table.tiers, 1):
        _check_row(f"{table.name}, tier {place}", tier, is_last=place == len(table.tiers))
    for place, (below, above) in enumerate(pairwise(table.tiers), 2):
        _check_step(f"{table.name}, tier {place}", below, above)


def _check_row(what: str, tier: Tier, *, is_last: bool) -> None:
    if not 0 <= tier.rate < ONE:
        raise MarginError(f"{what}: expected a maintenance rate from 0 to below 1, found {float(tier.rate):g}")
    if tier.cap is None and not is_last:
        raise MarginError(f"{what}: expected a cap, as another tier follows, found none")
    if tier.cap is not None and tier.cap <= tier.floor:
        raise MarginError(f"{what}: expected a cap above {float(tier.floor):g}, found {float(tier.cap):g}")
    if tier.leverage_max is not None and tier.leverage_max < 1:
        raise MarginError(f"{what}: expected a maximum leverage of 1 or more, found {float(tier.leverage_max):g}")


def _check_step(what: str, below: Tier, above: Tier) -> None:
    cap = below.cap if below.cap is not None else above.floor
    if above.floor != cap:
        kind = "a gap" if above.floor > cap else "an overlap"
        raise MarginError(f"{what}: expected it to begin at {float(cap):g}, found {float(above.floor):g}: {kind}")
    if above.rate < below.rate:
        raise MarginError(f"{what}: expected a rate of {float(below.rate):g} or more, found {float(above.rate):g}")


def _completed(table: TierTable, form: TierForm) -> tuple[Tier, ...]:
    if form == "flat":
        return tuple(Tier(row.floor, row.cap, row.rate, ZERO, row.leverage_max) for row in table.tiers)
    if not table.whole:
        return tuple(Tier(row.floor, row.cap, row.rate, row.amount or ZERO, row.leverage_max) for row in table.tiers)
    rows: list[Tier] = []
    amount, rate = ZERO, table.tiers[0].rate
    for place, row in enumerate(table.tiers, 1):
        amount, rate = amount + row.floor * (row.rate - rate), row.rate
        if row.amount is not None and abs(row.amount - amount) > _rounding(row):
            raise MarginError(
                f"{table.name}, tier {place}: expected the amount {float(amount):g}, as maintenance is continuous,"
                f" found {float(row.amount):g}; the table is not of one date"
            )
        amount = amount if row.amount is None else row.amount
        rows.append(Tier(row.floor, row.cap, row.rate, amount, row.leverage_max))
    return tuple(rows)


def _rounding(row: Tier) -> Fraction:
    """Venues write amounts with a few digits: a difference below a millionth of the floor is a rounding."""
    return row.floor / 1_000_000
