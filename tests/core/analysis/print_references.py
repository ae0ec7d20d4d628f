"""Prints what other libraries make of the fixed series: the values that test_references.py holds.

They are too heavy to be installed for each test run. In an environment of its own:
    pip install quantstats==0.0.86 empyrical-reloaded==0.7.1 ffn==1.4.1 scipy==1.17.1 pandas==3.1.1 freqtrade==2026.9
    python tests/core/analysis/print_references.py
"""

# mypy: ignore-errors
from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
warnings.simplefilter("ignore")


def of_returns(own, market) -> dict:
    import empyrical
    import numpy as np

    alpha, beta = empyrical.alpha_beta(own, market, annualization=365)
    return {
        "cagr": empyrical.annual_return(own, annualization=365),
        "volatility": empyrical.annual_volatility(own, annualization=365),
        "sharpe": empyrical.sharpe_ratio(own, annualization=365),
        "sortino": empyrical.sortino_ratio(own, annualization=365),
        "calmar": empyrical.calmar_ratio(own, annualization=365),
        "omega": empyrical.omega_ratio(own, annualization=365),
        "drawdown": empyrical.max_drawdown(own),
        "value_at_risk_95": empyrical.value_at_risk(own, 0.05),
        "value_at_risk_99": empyrical.value_at_risk(own, 0.01),
        "expected_shortfall_95": empyrical.conditional_value_at_risk(own, 0.05),
        "alpha": alpha,
        "beta": beta,
        "tracking_error": empyrical.annual_volatility(own - market, annualization=365),
        "treynor": empyrical.annual_return(own, annualization=365) / beta,
        "information_ratio": empyrical.excess_sharpe(own, market) * np.sqrt(365),
    }


def of_quantstats_and_ffn(own) -> dict:
    import ffn
    import quantstats.stats as qs

    prices = (1 + own).cumprod()  # the first day's return is 0: its end is the start
    return {
        "quantstats": {
            "sharpe": qs.sharpe(own, periods=365),
            "sortino": qs.sortino(own, periods=365),
            "smart_sharpe": qs.smart_sharpe(own, periods=365),
            "smart_sortino": qs.smart_sortino(own, periods=365),
            "omega": qs.omega(own, periods=365),
            "serenity": qs.serenity_index(own),
        },
        "ffn": {
            "ulcer": ffn.to_ulcer_index(prices) / 100,
            "drawdown": ffn.calc_max_drawdown(prices),
            "sortino": ffn.calc_sortino_ratio(own, nperiods=365),
        },
    }


def of_scipy(own, market, profits) -> dict:
    import numpy as np
    from scipy import stats

    daily = own.mean() / own.std()
    skew, kurtosis = stats.skew(own), stats.kurtosis(own, fisher=False)
    spread = np.sqrt((1 - skew * daily + (kurtosis - 1) / 4 * daily**2) / (len(own) - 1))
    return {
        "skew": skew,
        "kurtosis": kurtosis - 3,
        "probabilistic_sharpe": stats.norm.cdf(daily / spread),
        "correlation": stats.pearsonr(own, market).statistic,
        "p_value": stats.ttest_1samp(profits, 0).pvalue,
        "sqn": stats.ttest_1samp(profits, 0).statistic,
        "t_table": {f"{t} {n}": 2 * stats.t.sf(t, n) for t in (0.1, 1.0, 2.5, 8.0) for n in (1, 2, 30, 50000)},
    }


def of_freqtrade(profits) -> dict:
    import pandas
    from freqtrade.data import metrics

    trades = pandas.DataFrame({"profit_abs": profits, "profit_ratio": profits / 1000.0})
    expectancy, ratio = metrics.calculate_expectancy(trades)
    return {
        "sqn": metrics.calculate_sqn(trades, 10_000),
        "p_value": metrics.calculate_p_value(trades, 10_000),
        "expectancy": expectancy,
        "expectancy_ratio": ratio,
    }


def main() -> None:
    import pandas

    from tests.core.analysis import series

    days = pandas.date_range(series.BEGIN, periods=series.COUNT)
    own = pandas.Series(series.strategy_returns(), index=days)
    market = pandas.Series(series.market_returns(), index=days)
    profits = series.trade_profits()
    found = {
        "empyrical": of_returns(own, market),
        **of_quantstats_and_ffn(own),
        "scipy": of_scipy(own, market, profits),
        "freqtrade": of_freqtrade(profits),
    }
    print(json.dumps(found, indent=4, default=float))


if __name__ == "__main__":
    main()
