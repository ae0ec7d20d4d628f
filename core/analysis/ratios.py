"""Figures of daily returns: risk, reward, and the ratios of the two, annualised with 365 days."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from letrade.core.analysis.numbers import deviation, known, normal_cdf, quotient
from letrade.core.analysis.tables import Floats

PERIODS_PER_YEAR = 365
"""Crypto trades every day of the year."""

NORMAL_SHORTFALL_95 = 2.0627128075074257
"""The mean of a standard normal distribution's worst 5 %, positive: φ(1.645) / 0.05."""


class Ratios(msgspec.Struct, frozen=True, kw_only=True):
    """Of daily returns, as fractions; None where too few days, or no variance, leave a figure without meaning."""

    days: int
    periods_per_year: int = PERIODS_PER_YEAR
    cagr: float | None = None
    volatility: float | None = None
    """Annualised."""
    sharpe: float | None = None
    sortino: float | None = None
    calmar: float | None = None
    omega: float | None = None
    serenity: float | None = None
    smart_sharpe: float | None = None
    smart_sortino: float | None = None
    ulcer: float | None = None
    drawdown: float | None = None
    """The deepest, of daily equity: -0.1 is 10 % below the peak."""
    probabilistic_sharpe: float | None = None
    """The probability that the true Sharpe ratio is above 0."""
    value_at_risk_95: float | None = None
    """The daily return that 5 % of the days were below."""
    value_at_risk_99: float | None = None
    expected_shortfall_95: float | None = None
    skew: float | None = None
    kurtosis: float | None = None
    """In excess of the normal distribution's 3."""
    best_day: float | None = None
    worst_day: float | None = None
    winning_days: int = 0
    losing_days: int = 0
    flat_days: int = 0


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Daily returns against those of buying and holding."""

    alpha: float | None = None
    """Annualised."""
    beta: float | None = None
    correlation: float | None = None
    tracking_error: float | None = None
    """Annualised."""
    information_ratio: float | None = None
    """Annualised."""
    treynor: float | None = None


def cagr(growth: float | None, years: float) -> float | None:
    """growth^(1/years) - 1, `growth` = end / start. None for less than a day, and where nothing is left."""
    if growth is None or growth <= 0 or years * PERIODS_PER_YEAR < 1 - 1e-9:
        return None
    exponent = math.log(growth) / years
    return known(math.expm1(exponent)) if exponent < 100 else None


def sharpe(returns: Floats) -> float | None:
    """mean / standard deviation (n - 1) × √365 (Sharpe 1994, no risk-free rate)."""
    return _annual(quotient(returns.mean() if len(returns) else None, deviation(returns)))


def downside_deviation(returns: Floats) -> float | None:
    """√(Σ min(r, 0)² / n): all days count, those above 0 with 0 (Sortino and van der Meer 1991)."""
    return math.sqrt(float(np.square(np.minimum(returns, 0.0)).mean())) if len(returns) > 1 else None


def sortino(returns: Floats) -> float | None:
    """mean / downside deviation × √365."""
    return _annual(quotient(returns.mean() if len(returns) else None, downside_deviation(returns)))


def omega(returns: Floats) -> float | None:
    """Σ of gains / Σ of losses of the days (Keating and Shadwick 2002, threshold 0)."""
    return quotient(np.maximum(returns, 0.0).sum(), np.maximum(-returns, 0.0).sum())


def autocorrelation_penalty(returns: Floats) -> float | None:
    """√(1 + 2 Σ_{k=1}^{n-1} (n-k)/n × ρ^k) with ρ = |correlation of each day with the next|: what serial correlation
    makes volatility look smaller than it is (Lo 2002, as quantstats has it)."""
    count = len(returns)
    if count < 3 or deviation(returns[:-1]) is None or deviation(returns[1:]) is None:
        return None
    rho = abs(float(np.corrcoef(returns[:-1], returns[1:])[0, 1]))
    lags = np.arange(1, count)
    return math.sqrt(1.0 + 2.0 * float(((count - lags) / count * rho**lags).sum()))


def drawdowns(returns: Floats) -> Floats:
    """How far below the highest day so far each day ended, the start included: 0 or negative fractions."""
    worth = np.cumprod(1.0 + returns)
    peaks = np.maximum(np.maximum.accumulate(worth), 1.0) if len(worth) else worth
    return worth / peaks - 1.0


def ulcer_index(returns: Floats) -> float | None:
    """√(mean of squared drawdowns), as a fraction (Martin 1987)."""
    return math.sqrt(float(np.square(drawdowns(returns)).mean())) if len(returns) else None


def serenity(returns: Floats) -> float | None:
    """Σ returns / (Ulcer × pitfall), pitfall = expected shortfall 95 % of drawdowns / deviation of returns (KeyQuant
    2016; the Ulcer with n - 1 and the shortfall of a normal distribution, as quantstats has them)."""
    falls, spread = drawdowns(returns), deviation(returns)
    if len(returns) < 2 or spread is None or not falls.any():
        return None
    ulcer = math.sqrt(float(np.square(falls).sum()) / (len(falls) - 1))
    shortfall = float(falls.mean()) - NORMAL_SHORTFALL_95 * (deviation(falls) or 0.0)
    return quotient(returns.sum(), ulcer * -shortfall / spread)


def skewness(returns: Floats) -> float | None:
    """m3 / m2^1.5 of the sample, not corrected for bias."""
    return _moment(returns, 3)


def excess_kurtosis(returns: Floats) -> float | None:
    """m4 / m2² - 3 of the sample, not corrected for bias."""
    found = _moment(returns, 4)
    return None if found is None else found - 3.0


def _moment(values: Floats, power: int) -> float | None:
    if deviation(values) is None:
        return None
    apart = values - values.mean()
    return quotient((apart**power).mean(), np.square(apart).mean() ** (power / 2))


def probabilistic_sharpe(returns: Floats) -> float | None:
    """P(true Sharpe > 0) = Φ(SR √(n-1) / √(1 - γ3 SR + (γ4 - 1)/4 SR²)), SR of one day (Bailey and López de Prado
    2012)."""
    daily = quotient(returns.mean() if len(returns) else None, deviation(returns))
    third, fourth = skewness(returns), excess_kurtosis(returns)
    if daily is None or third is None or fourth is None:
        return None
    variance = 1.0 - third * daily + (fourth + 2.0) / 4.0 * daily * daily
    return normal_cdf(daily * math.sqrt((len(returns) - 1) / variance)) if variance > 0 else None


def value_at_risk(returns: Floats, share: float) -> float | None:
    """The historical quantile: a return, negative where it is a loss."""
    return known(np.quantile(returns, share)) if len(returns) > 1 else None


def expected_shortfall(returns: Floats, share: float) -> float | None:
    """The mean of the worst `share` of the days, at least one."""
    if len(returns) < 2:
        return None
    return float(np.sort(returns)[: int((len(returns) - 1) * share) + 1].mean())


def ratios_of(returns: Floats, years: float) -> Ratios:
    """All of them; `years` is the time that passed, which the first and the last day may have been only a part of."""
    if not len(returns) or not np.isfinite(returns).all():
        return Ratios(days=len(returns))
    penalty, deepest = autocorrelation_penalty(returns), float(drawdowns(returns).min())
    yearly, spread = cagr(float(np.prod(1.0 + returns)), years), deviation(returns)
    smart, smart_down = sharpe(returns), sortino(returns)
    return Ratios(
        days=len(returns),
        cagr=yearly,
        volatility=_annual(spread),
        sharpe=smart,
        sortino=smart_down,
        calmar=quotient(yearly, -deepest),
        omega=omega(returns),
        serenity=serenity(returns),
        smart_sharpe=quotient(smart, penalty),
        smart_sortino=quotient(smart_down, penalty),
        ulcer=ulcer_index(returns),
        drawdown=deepest,
        probabilistic_sharpe=probabilistic_sharpe(returns),
        value_at_risk_95=value_at_risk(returns, 0.05),
        value_at_risk_99=value_at_risk(returns, 0.01),
        expected_shortfall_95=expected_shortfall(returns, 0.05),
        skew=skewness(returns),
        kurtosis=excess_kurtosis(returns),
        best_day=float(returns.max()),
        worst_day=float(returns.min()),
        winning_days=int((returns > 0).sum()),
        losing_days=int((returns < 0).sum()),
        flat_days=int((returns == 0).sum()),
    )


def compare(returns: Floats, market: Floats, yearly: float | None) -> Comparison:
    """Beta = cov / var; alpha = (1 + mean(r) - beta × mean(m))^365 - 1 (Jensen 1968); information ratio = mean /
    deviation
    of r - m × √365; Treynor = CAGR / beta."""
    if len(returns) < 2 or len(returns) != len(market) or not np.isfinite([returns, market]).all():
        return Comparison()
    active, own, other = returns - market, deviation(returns), deviation(market)
    tracking = deviation(active)
    if other is None:
        return Comparison(tracking_error=_annual(tracking))
    together = float(np.cov(returns, market)[0, 1])
    beta = together / other**2
    daily = float(returns.mean()) - beta * float(market.mean())
    return Comparison(
        alpha=known((1.0 + daily) ** PERIODS_PER_YEAR - 1.0) if -1 < daily < 1 else None,
        beta=beta,
        correlation=quotient(together, own * other) if own is not None else None,
        tracking_error=_annual(tracking),
        information_ratio=_annual(quotient(active.mean(), tracking)),
        treynor=quotient(yearly, beta),
    )


def _annual(daily: float | None) -> float | None:
    return None if daily is None else known(daily * math.sqrt(PERIODS_PER_YEAR))
