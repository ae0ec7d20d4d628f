"""What trading cost: fees, spread, slippage, funding, each by its own account."""

from __future__ import annotations

import msgspec
import numpy as np

from letrade.core.analysis.numbers import decimal_text, quotient, total_of
from letrade.core.analysis.record import RunRecord
from letrade.core.analysis.tables import Cash, Fills, Flags, Floats
from letrade.core.analysis.worth import Worth

FUNDING = "funding"


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """In the reporting currency; what is paid is positive, so that costs add up."""

    fees: float = 0.0
    fees_maker: float = 0.0
    fees_taker: float = 0.0
    rebates: float = 0.0
    """The part of `fees` that was received, negative."""
    fees_by_currency: dict[str, str] = {}
    """Exact decimals, of the whole units that were booked."""
    spread: float | None = 0.0
    """Half the spread on what we took: touch against mid. None, as for the next two: of no such fill it is known."""
    spread_earned: float | None = 0.0
    """Price against mid on what we made, negative where it was earned."""
    slippage: float | None = 0.0
    """Taken beyond the touch: deeper levels and impact."""
    funding: float = 0.0
    """Paid less received."""
    other_cash: dict[str, float] = {}
    """Interest, transfers, liquidation fees, ... by origin, signed as the account saw them."""
    cash_by_currency: dict[str, dict[str, str]] = {}
    """By origin and currency, exact where the engine booked whole units."""
    total: float = 0.0
    """Fees, spread, spread earned, slippage and funding, as far as they are known."""
    fees_of_turnover: float | None = None
    """A fraction: fees / turnover."""
    unknown_quotes: int = 0
    """Fills whose bid and ask are not known: they are left out of spread and slippage."""

    @property
    def spread_net(self) -> float | None:
        """Paid and earned; None where either is not known."""
        return None if self.spread is None or self.spread_earned is None else self.spread + self.spread_earned


def costs_of(record: RunRecord, worth: Worth, chosen: Flags, cash: Cash) -> Costs:
    """Of the chosen fills and of cash entries."""
    fills = record.fills.where(chosen)
    scale = worth.notional[chosen] * fills.rate
    mid = (fills.bid + fills.ask) / 2.0
    away = _share_of_price(fills.side * (fills.price - mid), fills.price) * scale
    half = _share_of_price((fills.ask - fills.bid) / 2.0, fills.price) * scale
    taken, made = ~fills.maker, fills.maker
    fees, spread = total_of(fills.fee), _sum_of_known(half[taken])
    slippage, earned = _sum_of_known((away - half)[taken]), _sum_of_known(away[made])
    by_origin = _by_origin(record, cash)
    funding = 0.0 - by_origin.pop(FUNDING, 0.0)
    return Costs(
        fees=fees,
        fees_maker=total_of(fills.fee[made]),
        fees_taker=total_of(fills.fee[taken]),
        rebates=total_of(fills.fee[fills.fee < 0]),
        fees_by_currency=_exact_fees(record, fills),
        spread=spread,
        spread_earned=earned,
        slippage=slippage,
        funding=funding,
        other_cash=by_origin,
        cash_by_currency=_exact_cash(record, cash),
        total=fees + (spread or 0.0) + (earned or 0.0) + (slippage or 0.0) + funding,
        fees_of_turnover=quotient(fees, total_of(scale)),
        unknown_quotes=int((~np.isfinite(mid)).sum()),
    )


def _share_of_price(difference: Floats, price: Floats) -> Floats:
    """Fractions serve linear and inverse contracts alike."""
    share: Floats = np.divide(difference, price, out=np.full(len(price), np.nan), where=price != 0)
    return share


def _sum_of_known(values: Floats) -> float | None:
    """None where there are some, and none of them is known."""
    return None if len(values) and not np.isfinite(values).any() else _sum(values)


def _sum(values: Floats) -> float:
    return total_of(values[np.isfinite(values)])


def _exact_fees(record: RunRecord, fills: Fills) -> dict[str, str]:
    return {
        record.names.currencies[place]: decimal_text(sum(fills.fee_units[fills.fee_currency == place].tolist()))
        for place in np.unique(fills.fee_currency).tolist()
        if place >= 0
    }


def _by_origin(record: RunRecord, cash: Cash) -> dict[str, float]:
    value = cash.amount * cash.rate
    return {
        _origin(record, place): _sum(value[cash.origin == place]) for place in np.unique(cash.origin).tolist()
    }  # fmt: skip


def _exact_cash(record: RunRecord, cash: Cash) -> dict[str, dict[str, str]]:
    """Whole units where there are any, else the floats' sum."""
    found: dict[str, dict[str, str]] = {}
    for origin, currency in sorted({*zip(cash.origin.tolist(), cash.currency.tolist(), strict=True)}):
        own = (cash.origin == origin) & (cash.currency == currency)
        units = cash.amount_units[own]
        shown = decimal_text(sum(units.tolist())) if units.any() else repr(total_of(cash.amount[own]))
        found.setdefault(_origin(record, origin), {})[record.names.currencies[currency]] = shown
    return found


def _origin(record: RunRecord, place: int) -> str:
    return record.names.origins[place] if place >= 0 else "unknown"
