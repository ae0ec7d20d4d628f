"""The rules that an opening request must pass, each a pure function; none of them is asked about what reduces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

import msgspec

from letrade.core.config.desk import RiskLimits
from letrade.core.exposure import Exposure
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Specification
from letrade.core.quantities import ONE, exact


class Refusal(NamedTuple):
    """Why not: the rule, what it allows and what was found."""

    rule: str
    limit: str
    value: str


class Request(msgspec.Struct, frozen=True, gc=False):
    """One opening request and all that the rules may look at; quantities in units of 1e-18, values in the reporting
    currency."""

    specification: Specification
    limits: RiskLimits
    side: int
    size: int
    opening: int
    """The part of it that opens; the rest closes and is nobody's business."""
    price: float | None
    reference: float | None
    """The last market price."""
    age_ns: int | None
    rate: Fraction | None
    """From what the instrument's worth counts in (`specification.currency`) to the reporting currency."""
    exposure: Exposure
    """Of the account in the instrument, with the request in it."""
    gross: Fraction | None
    """Of the account in all instruments, with the request in it; None where a price or a rate is missing."""
    halted: str
    orders_within_second: int
    equity_known: bool
    crosses: str
    """A working order of ours that it would trade with; '' when none."""

    def notional(self, quantity: int) -> Fraction:
        """At the worse of its own and the market's price; 0 while neither is known."""
        known = [price for price in (self.price, self.reference) if price]
        if not known:
            return Fraction(0)
        worst = min(known) if self.specification.inverse else max(known)
        return self.specification.worth(exact(worst), Fraction(quantity, ONE)) * (self.rate or 0)


Rule = Callable[[Request], Refusal | None]


def halt(request: Request) -> Refusal | None:
    """Nothing opens while the account, or the desk, is halted or paused."""
    return Refusal("halt", "no opening", request.halted) if request.halted else None


def spot_short(request: Request) -> Refusal | None:
    """What is not held cannot be sold on a spot market, where the account does not borrow."""
    if request.specification.kind == "spot" and request.side < 0:
        return Refusal("spot_short", "what is held", shown(Fraction(request.opening, ONE)) + " beyond")
    return None


def stale_data(request: Request) -> Refusal | None:
    """Nothing opens on an instrument whose market was not heard of lately, or never."""
    if request.reference is None or request.age_ns is None:
        return Refusal("stale", "a market price", "none")
    limit = request.limits.stale_after
    if limit is not None and request.age_ns > limit:
        return Refusal("stale", f"{limit} ns", f"{request.age_ns} ns")
    return None


def known_worth(request: Request) -> Refusal | None:
    """A missing rate makes limits in the reporting currency unknowable: then nothing opens."""
    if request.rate is None or request.gross is None:
        return Refusal("rate_missing", "every price and rate known", request.specification.currency)
    limited = request.limits.max_daily_loss is not None or request.limits.max_drawdown is not None
    return Refusal("equity_unknown", "a known equity", "none") if limited and not request.equity_known else None


def price_band(request: Request) -> Refusal | None:
    """A limit price far from the market is a mistake on either side."""
    band, reference = request.limits.price_band, request.reference
    if band is None or reference is None or request.price is None:
        return None
    distance = abs(exact(request.price) / exact(reference) - 1)
    return Refusal("price_band", str(band), shown(distance)) if distance > read_fraction(band) else None


def order_rate(request: Request) -> Refusal | None:
    """Openings of the account in the last second, this one included."""
    limit = request.limits.max_orders_per_second
    if limit is None or request.orders_within_second < max(1.0, limit):
        return None
    return Refusal("order_rate", f"{limit} a second", str(request.orders_within_second + 1))


def size_min(request: Request) -> Refusal | None:
    least = request.specification.size_min
    if not least or Fraction(request.size, ONE) >= exact(least):
        return None
    return Refusal("size_min", str(least), shown(Fraction(request.size, ONE)))


def notional_min(request: Request) -> Refusal | None:
    """In the quote currency, at its own price."""
    least = request.specification.notional_min
    if not least:
        return None
    price = request.price or request.reference or 0.0
    notional = request.specification.notional(exact(price), Fraction(request.size, ONE))
    return None if notional >= least else Refusal("notional_min", shown(least), shown(notional))


def order_size(request: Request) -> Refusal | None:
    limit = request.limits.max_order_size
    return None if limit is None else _above("order_size", Fraction(request.opening, ONE), limit)


def order_notional(request: Request) -> Refusal | None:
    limit = request.limits.max_order_notional
    return None if limit is None else _above("order_notional", request.notional(request.opening), limit)


def position_notional(request: Request) -> Refusal | None:
    """The largest position that this and all working orders can lead to."""
    limit, exposure = request.limits.max_position_notional, request.exposure
    if limit is None:
        return None
    worst = exposure.longest if request.side > 0 else -exposure.shortest
    return _above("position_notional", request.notional(max(0, worst)), limit)


def gross_exposure(request: Request) -> Refusal | None:
    """The sum of the largest positions over all instruments of the account."""
    limit = request.limits.max_gross_exposure
    return None if limit is None else _above("gross_exposure", request.gross or Fraction(0), limit)


def own_order(request: Request) -> Refusal | None:
    """Our own orders never trade with each other."""
    return Refusal("own_order", "no trade with ourselves", request.crosses) if request.crosses else None


OPENING_RULES: tuple[Rule, ...] = (
    halt,
    spot_short,
    stale_data,
    known_worth,
    price_band,
    order_rate,
    size_min,
    notional_min,
    order_size,
    order_notional,
    position_notional,
    gross_exposure,
    own_order,
)


LIMITS_OF: dict[Rule, str] = {
    price_band: "price_band",
    order_rate: "max_orders_per_second",
    order_size: "max_order_size",
    order_notional: "max_order_notional",
    position_notional: "max_position_notional",
    gross_exposure: "max_gross_exposure",
}
"""Rules that allow everything where this limit is not set."""


def rules_for(limits: RiskLimits, specification: Specification, borrows: bool = False) -> tuple[Rule, ...]:
    """The opening rules that could refuse something, in their order."""
    idle: list[Rule] = [rule for rule, name in LIMITS_OF.items() if getattr(limits, name) is None]
    idle += [] if specification.kind == "spot" and not borrows else [spot_short]
    idle += [] if specification.size_min else [size_min]
    idle += [] if specification.notional_min else [notional_min]
    return tuple(rule for rule in OPENING_RULES if rule not in idle)


def refusal_of(request: Request, rules: Iterable[Rule] = OPENING_RULES) -> Refusal | None:
    """What the first rule that says no says; None when all allow it."""
    for rule in rules:
        refusal = rule(request)
        if refusal is not None:
            return refusal
    return None


def malformed(specification: Specification, side: int, size: float, price: float | None) -> Refusal | None:
    """What no venue would take, opening or not."""
    if side not in (1, -1):
        return Refusal("side", "1 or -1", str(side))
    if not specification.size.fits(size):
        return Refusal("lot", f"a multiple of {specification.message.lot}", repr(size))
    if price is not None and not specification.price.fits(price):
        return Refusal("tick", f"a multiple of {specification.message.tick}", repr(price))
    return None


def _above(rule: str, found: Fraction, limit: Decimal) -> Refusal | None:
    return Refusal(rule, str(limit), shown(found)) if found > read_fraction(limit) else None


def shown(amount: Fraction) -> str:
    """A decimal of at most eight places, exact where it has no more."""
    return f"{Decimal(round(amount * 10**8)).scaleb(-8).normalize():f}"
