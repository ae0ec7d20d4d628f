"""Every formula against the value that an independent library gives for the same series.

The values are those that tests/core/analysis/print_references.py prints: quantstats 0.0.86, empyrical-reloaded 0.7.1,
ffn 1.4.1, scipy 1.17.1 and freqtrade 2026.9 are too heavy, and too loud with warnings, to be installed for each run.
"""

import numpy as np
import pytest

from letrade.core.analysis.curves import DAY_NS, days_of
from letrade.core.analysis.drawdowns import drawdown_of
from letrade.core.analysis.numbers import normal_cdf, student_p_value
from letrade.core.analysis.ratios import compare, ratios_of
from letrade.core.analysis.round_trips import RoundTrips
from letrade.core.analysis.tables import Floats
from letrade.core.analysis.trade_stats import trade_stats
from tests.core.analysis import series

YEARS = series.COUNT / 365
NEAR = 1e-9

RATIOS = (
    ("empyrical", "cagr", 0.7048127388271257),
    ("empyrical", "volatility", 0.27993372800587857),
    ("empyrical", "sharpe", 2.0461685130988254),
    ("empyrical", "sortino", 3.3204807668525866),
    ("empyrical", "calmar", 2.5120897091397927),
    ("empyrical", "omega", 1.31440357580044),
    ("empyrical", "drawdown", -0.2805682998751158),
    ("empyrical", "value_at_risk_95", -0.02119735),
    ("empyrical", "value_at_risk_99", -0.02669237),
    ("empyrical", "expected_shortfall_95", -0.025788639999999998),
    ("quantstats", "sharpe", 2.0461685130988267),
    ("quantstats", "sortino", 3.320480766852589),
    ("quantstats", "smart_sharpe", 1.6572090399963704),
    ("quantstats", "smart_sortino", 2.6892852219823102),
    ("quantstats", "omega", 1.314403575800438),
    ("quantstats", "serenity", 0.37414905120727815),
    ("ffn", "ulcer", 0.12039505878776993),
    ("ffn", "drawdown", -0.2805682998751158),
    ("ffn", "sortino", 3.320480766852589),
    ("scipy", "skew", 0.2790675662126908),
    ("scipy", "kurtosis", 0.07497552266999952),
    ("scipy", "probabilistic_sharpe", 0.9922743189787553),
)
COMPARISONS = (
    ("empyrical", "alpha", 0.35018162186901325),
    ("empyrical", "beta", 0.3859286818803869),
    ("empyrical", "tracking_error", 0.3313199226733178),
    ("empyrical", "treynor", 1.8262771644569613),
    ("empyrical", "information_ratio", -0.40176669403382065),
    ("scipy", "correlation", 0.5115434902538212),
)
TRADES = (
    ("scipy", "p_value", 0.06934677235853129),
    ("scipy", "sqn", 1.8327024381251864),
    ("freqtrade", "sqn", 1.8327),
    ("freqtrade", "p_value", 0.06934677235853119),
    ("freqtrade", "expectancy", 6.106666666666666),
    ("freqtrade", "expectancy_ratio", 0.24656108034260948),
)
STUDENT = (
    (0.1, 1, 0.936548965138893),
    (0.1, 2, 0.9294654384141402),
    (0.1, 30, 0.9210096117902712),
    (0.1, 50000, 0.9203447263670059),
    (1.0, 1, 0.5000000000000001),
    (1.0, 2, 0.4226497308103742),
    (1.0, 30, 0.3253086154260302),
    (1.0, 50000, 0.3173153472532073),
    (2.5, 1, 0.24223788318168682),
    (2.5, 2, 0.12961172022151082),
    (2.5, 30, 0.01811564906806669),
    (2.5, 50000, 0.012422507811111597),
    (8.0, 1, 0.07916684832113109),
    (8.0, 2, 0.01526807216533814),
    (8.0, 30, 6.265822475700759e-09),
    (8.0, 50000, 1.270720552649855e-15),
)


@pytest.mark.parametrize(("library", "figure", "value"), RATIOS)
def test_a_ratio_is_what_the_library_says(library: str, figure: str, value: float) -> None:
    assert getattr(ratios_of(series.strategy_returns(), YEARS), figure) == pytest.approx(value, rel=NEAR)


@pytest.mark.parametrize(("library", "figure", "value"), COMPARISONS)
def test_a_comparison_with_the_market_is_what_the_library_says(library: str, figure: str, value: float) -> None:
    own, market = series.strategy_returns(), series.market_returns()
    found = compare(own, market, ratios_of(own, YEARS).cagr)
    assert getattr(found, figure) == pytest.approx(value, rel=NEAR)


@pytest.mark.parametrize(("library", "figure", "value"), TRADES)
def test_a_figure_of_trades_is_what_the_library_says(library: str, figure: str, value: float) -> None:
    """freqtrade rounds the system quality number to four decimals."""
    exactness = 1e-4 if (library, figure) == ("freqtrade", "sqn") else NEAR
    assert getattr(trade_stats(_trips(series.trade_profits())), figure) == pytest.approx(value, rel=exactness)


@pytest.mark.parametrize(("statistic", "freedom", "value"), STUDENT)
def test_the_p_value_is_scipys(statistic: float, freedom: int, value: float) -> None:
    assert student_p_value(statistic, freedom) == pytest.approx(value, rel=1e-8)
    assert student_p_value(-statistic, freedom) == student_p_value(statistic, freedom)


def test_the_normal_distribution_is_the_tables() -> None:
    assert normal_cdf(0.0) == 0.5
    assert normal_cdf(1.959963984540054) == pytest.approx(0.975, rel=1e-12)


def test_daily_returns_give_back_the_series_that_made_the_equity() -> None:
    returns = series.strategy_returns()
    ends = (np.arange(series.COUNT, dtype=np.int64) + 1) * DAY_NS
    equity: Floats = np.asarray(1e4 * np.cumprod(1 + returns), dtype=np.float64)
    days = days_of(ends, equity, 1e4, (0, int(ends[-1])))
    assert days.returns == pytest.approx(returns, abs=1e-12)
    drawdown = drawdown_of(ends, equity, 1e4)
    assert drawdown.fraction == pytest.approx(ratios_of(returns, YEARS).drawdown, rel=NEAR)


def _trips(profits: np.ndarray) -> RoundTrips:
    count = len(profits)
    zeros, ones = np.zeros(count, dtype=np.int64), np.ones(count)
    return RoundTrips.of(
        strategy=zeros, account=zeros, instrument=zeros, side=ones.astype(np.int8), opened=zeros,
        closed=np.arange(count) + 1, fills=zeros + 2, size=ones, entry_price=ones, exit_price=ones,
        entry_worth=ones * 1000, held=ones * 0, gross=profits, fees=ones * 0, profit=profits, unrealised=ones * 0,
        profit_fraction=profits / 1000, best=ones * np.nan, worst=ones * np.nan,
    )  # fmt: skip
