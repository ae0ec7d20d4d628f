"""Quotients and tests that are None where they mean nothing: no NaN and no infinity leaves the analysis."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import SupportsFloat

import numpy as np

from letrade.core.analysis.tables import Floats

FRACTION_TERMS_MAX = 300
TINY = 1e-300
NOTHING_LEFT = 1e-9
"""Equity below this is none: no return and no leverage is measured by it."""

unknown_is_nan = np.errstate(divide="ignore", invalid="ignore", over="ignore")
"""Decorates what divides whole columns: a price of 0 makes its own row unknown, which later is left out."""


def known(value: SupportsFloat | None) -> float | None:
    """A plain float, or None for NaN and infinity."""
    number = float("nan") if value is None else float(value)
    return number if math.isfinite(number) else None


def quotient(numerator: SupportsFloat | None, denominator: SupportsFloat | None) -> float | None:
    """None where either side is unknown, or the denominator is 0."""
    above, below = known(numerator), known(denominator)
    return None if above is None or not below else known(above / below)


def decimal_text(units: int) -> str:
    """Units of 1e-8 as the shortest plain decimal, whatever their size."""
    shown = f"{Decimal(f'{units}e-8'):f}"
    return shown.rstrip("0").rstrip(".")


def total_of(values: Floats) -> float:
    """Added pairwise: the error of a million amounts is some units of the last digit of their sum."""
    return float(values.sum())


def mean(values: Floats) -> float | None:
    """None of nothing; NaNs are left out."""
    values = values[np.isfinite(values)]
    return float(values.mean()) if len(values) else None


def deviation(values: Floats) -> float | None:
    """The sample's standard deviation (n - 1). None for fewer than two values, and where they do not differ by more
    than the last digits of a float."""
    if len(values) < 2:
        return None
    found = float(values.std(ddof=1))
    return found if math.isfinite(found) and found > 1e-14 * float(np.abs(values).max()) else None


def weighted_mean(values: Floats, weights: Floats) -> float | None:
    """NaNs are left out with their weights."""
    usable = np.isfinite(values) & np.isfinite(weights)
    return quotient((values[usable] * weights[usable]).sum(), weights[usable].sum())


def normal_cdf(value: float) -> float:
    """P(Z <= value) of the standard normal distribution."""
    return 0.5 * math.erfc(-value / math.sqrt(2.0))


def student_p_value(statistic: float, freedom: int) -> float:
    """P(|T| >= |statistic|) of Student's t: the regularised incomplete beta function I_x(freedom/2, 1/2) at
    x = freedom / (freedom + statistic²) (Abramowitz and Stegun 26.7.1)."""
    return _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + statistic * statistic))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Lentz's method for the continued fraction of the incomplete beta function (DLMF 8.17.22)."""
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, FRACTION_TERMS_MAX):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away_from_zero(1.0 + numerator * d)
            c = _away_from_zero(1.0 + numerator / c)
            result *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return result


def _away_from_zero(value: float) -> float:
    return value if abs(value) > TINY else TINY
