"""What borrowed coins cost: interest in the coin, for each period that has begun."""

from __future__ import annotations

from typing import NamedTuple

from letrade.core.fraction import Fraction

HOUR_NS = 3_600 * 10**9


class LoanTerms(NamedTuple):
    """When interest falls due: so many charges when it is borrowed, and one more after each whole period."""

    period_ns: int
    at_start: int
    rate: Fraction
    """Of each charge."""


def loan_terms(rules: str, rate: Fraction) -> LoanTerms:
    """binance: the daily rate / 24 for each hour begun. kraken: the rate once, and for each four hours begun."""
    if rules == "binance":
        return LoanTerms(HOUR_NS, 1, rate / 24)
    if rules == "kraken":
        return LoanTerms(4 * HOUR_NS, 2, rate)
    raise ValueError(f"expected the interest of binance or kraken, found {rules!r}")


def charges(terms: LoanTerms, age_ns: int) -> int:
    """How many have fallen due after so long: the period that ends just now is the last."""
    return terms.at_start - 1 + max(1, -(-age_ns // terms.period_ns))


def interest(rules: str, borrowed: Fraction, rate: Fraction, age_ns: int) -> Fraction:
    """What a loan has cost after so long."""
    terms = loan_terms(rules, rate)
    return borrowed * terms.rate * charges(terms, age_ns)
