"""The summary's figures with their labels: one list for the terminal and the page."""

from __future__ import annotations

from typing import NamedTuple

from letrade.core.analysis.analyzer import Analysis, Part
from letrade.core.analysis.periods import Period
from letrade.report import shown


class Figure(NamedTuple):
    """A label, what a person reads, and whether it is good (+1), bad (-1) or neither."""

    label: str
    text: str
    mood: int = 0


Section = tuple[str, list[Figure]]


def figures_of(analysis: Analysis) -> list[Section]:
    """The sections of the summary, in the order that users of freqtrade know."""
    return [
        ("Summary", _summary(analysis)),
        ("Trades", _trades(analysis)),
        ("Risk and reward (daily equity)", _ratios(analysis.total)),
        ("Drawdown", _drawdown(analysis)),
        ("Exposure", _exposure(analysis)),
        ("Costs", _costs(analysis)),
        ("Execution", _execution(analysis)),
    ]


def mood(value: float | None) -> int:
    return 0 if not value else 1 if value > 0 else -1


def _summary(analysis: Analysis) -> list[Figure]:
    settings, total = analysis.settings, analysis.total
    currency, profit, ratios, trades = settings.reporting_currency, total.profit, total.ratios, total.trades
    days = max((analysis.end - analysis.start) / shown.DAY, 1e-9)
    return [
        Figure("from", shown.moment(analysis.start)),
        Figure("to", shown.moment(analysis.end)),
        Figure("engine, fills", f"{settings.engine or shown.UNKNOWN}, {settings.fills_assumption}"),
        Figure("trades, a day", f"{shown.count(trades.trades)}, {shown.number(trades.trades / days)}"),
        Figure("starting equity", shown.amount(profit.start, currency)),
        Figure("final equity", shown.amount(profit.end, currency)),
        Figure("profit", shown.amount(profit.profit, currency), mood(profit.profit)),
        Figure("profit %", shown.percent(profit.fraction), mood(profit.fraction)),
        Figure("realised, unrealised", f"{shown.amount(profit.realised)}, {shown.amount(profit.unrealised)}"),
        Figure("CAGR", shown.percent(ratios.cagr), mood(ratios.cagr)),
        Figure("Sharpe, Sortino, Calmar", _together(ratios.sharpe, ratios.sortino, ratios.calmar), mood(ratios.sharpe)),
        Figure("SQN", shown.number(trades.sqn), mood(trades.sqn)),
        Figure("mean-profit p-value", shown.small(trades.p_value)),
        Figure("profit factor", shown.number(trades.profit_factor)),
        Figure("expectancy (ratio)", f"{shown.amount(trades.expectancy)} ({shown.number(trades.expectancy_ratio)})"),
        Figure("expected of 100 trades", shown.amount(trades.expectancy_per_100, currency)),
        Figure("mean daily profit", shown.amount(profit.mean_daily, currency)),
        Figure("mean entry", shown.amount(trades.mean_entry_worth, currency)),
        Figure("market change", shown.percent(total.market_change), mood(total.market_change)),
        Figure("volume", shown.amount(total.exposure.turnover, currency)),
    ]


def _together(*values: float | None) -> str:
    return ", ".join(shown.number(value) for value in values)


def _trades(analysis: Analysis) -> list[Figure]:
    trades, currency = analysis.total.trades, analysis.settings.reporting_currency
    long, short = trades.long, trades.short
    return [
        Figure("long / short", f"{shown.count(long.trades)} / {shown.count(short.trades)}"),
        Figure("profit long", f"{shown.amount(long.profit, currency)}, {shown.percent(long.win_rate, 1)} won"),
        Figure("profit short", f"{shown.amount(short.profit, currency)}, {shown.percent(short.win_rate, 1)} won"),
        Figure("best instrument", _best(analysis.instruments, 1)),
        Figure("worst instrument", _best(analysis.instruments, -1)),
        Figure("best trade", f"{shown.amount(trades.best)} (best {shown.percent(trades.best_fraction)})"),
        Figure("worst trade", f"{shown.amount(trades.worst)} (worst {shown.percent(trades.worst_fraction)})"),
        Figure("best day", _best_day(analysis.periods.day, 1)),
        Figure("worst day", _best_day(analysis.periods.day, -1)),
        Figure("days W / D / L", _days(analysis.total)),
        Figure("trades W / D / L", shown.wdl(trades.wins, trades.draws, trades.losses)),
        Figure("win rate", shown.percent(trades.win_rate, 1)),
        Figure("mean win, mean loss", f"{shown.amount(trades.mean_win)}, {shown.amount(trades.mean_loss)}"),
        Figure("duration of winners", _lengths(trades.winner_durations)),
        Figure("duration of losers", _lengths(trades.loser_durations)),
        Figure("in a row: wins, losses", f"{trades.consecutive_wins}, {trades.consecutive_losses}"),
        Figure("mean best, worst on the way", _excursions(analysis.total)),
        Figure("open trades", f"{trades.open_trades}, {shown.amount(trades.open_profit, currency)}"),
    ]


def _excursions(part: Part) -> str:
    trades = part.trades
    if not trades.excursions_known:
        return "not known"
    return f"{shown.percent(trades.favourable_excursion)}, {shown.percent(trades.adverse_excursion)}"


def _lengths(durations: object) -> str:
    parts = (getattr(durations, name) for name in ("shortest", "longest", "mean"))
    return "{} to {}, mean {}".format(*(shown.duration(each) for each in parts))


def _best(parts: tuple[Part, ...], sign: int) -> str:
    known = [(part.profit.profit * sign, part) for part in parts if part.profit.profit is not None]
    if not known:
        return shown.UNKNOWN
    part = max(known, key=lambda each: each[0])[1]
    return f"{part.name}: {shown.amount(part.profit.profit)}"


def _best_day(days: tuple[Period, ...], sign: int) -> str:
    if not days:
        return shown.UNKNOWN
    day = max(days, key=lambda each: each.profit * sign)
    return f"{shown.amount(day.profit)} ({day.name})"


def _days(part: Part) -> str:
    return shown.wdl(part.ratios.winning_days, part.ratios.flat_days, part.ratios.losing_days)


def _ratios(part: Part) -> list[Figure]:
    ratios, other = part.ratios, part.comparison
    return [
        Figure("days, days a year", f"{ratios.days}, {ratios.periods_per_year}"),
        Figure("volatility", shown.percent(ratios.volatility)),
        Figure("Sharpe, smart Sharpe", _together(ratios.sharpe, ratios.smart_sharpe)),
        Figure("Sortino, smart Sortino", _together(ratios.sortino, ratios.smart_sortino)),
        Figure("Omega, Serenity", _together(ratios.omega, ratios.serenity)),
        Figure("P(Sharpe > 0)", shown.percent(ratios.probabilistic_sharpe)),
        Figure("Ulcer index", shown.percent(ratios.ulcer)),
        Figure("VaR 95 %, 99 %", f"{shown.percent(ratios.value_at_risk_95)}, {shown.percent(ratios.value_at_risk_99)}"),
        Figure("expected shortfall 95 %", shown.percent(ratios.expected_shortfall_95)),
        Figure("skew, excess kurtosis", _together(ratios.skew, ratios.kurtosis)),
        Figure("alpha, beta", f"{shown.percent(other.alpha)}, {shown.number(other.beta)}"),
        Figure("information ratio, Treynor", _together(other.information_ratio, other.treynor)),
        Figure("tracking error", shown.percent(other.tracking_error)),
    ]


def _drawdown(analysis: Analysis) -> list[Figure]:
    found, currency = analysis.total.drawdown, analysis.settings.reporting_currency
    ends = f"{shown.amount(found.profit_at_peak)}, {shown.amount(found.profit_at_bottom)}"
    return [
        Figure("lowest, highest equity", f"{shown.amount(found.lowest_equity)}, {shown.amount(found.highest_equity)}"),
        Figure("deepest", shown.percent(found.fraction), mood(found.fraction)),
        Figure("the same in money", shown.amount(found.absolute, currency)),
        Figure("largest in money", shown.amount(found.largest_absolute, currency)),
        Figure("duration", shown.duration(found.duration)),
        Figure("peak", shown.moment(found.start)),
        Figure("bottom", shown.moment(found.bottom)),
        Figure("recovered", shown.moment(found.end) if found.end or not found.start else "never"),
        Figure("profit at peak, at bottom", ends),
        Figure("longest under water", shown.duration(found.longest)),
        Figure("now", shown.percent(found.now)),
    ]


def _exposure(analysis: Analysis) -> list[Figure]:
    found, currency = analysis.total.exposure, analysis.settings.reporting_currency
    return [
        Figure("time in market", shown.percent(found.time_in_market)),
        Figure("mean, largest gross", f"{shown.amount(found.mean_gross)}, {shown.amount(found.max_gross, currency)}"),
        Figure("mean, largest leverage", _together(found.mean_leverage, found.max_leverage)),
        Figure("turnover", shown.amount(found.turnover, currency)),
        Figure("turnover / mean equity, a year", _together(found.turnover_of_equity, found.turnover_per_year)),
    ]


def _costs(analysis: Analysis) -> list[Figure]:
    costs, currency = analysis.total.costs, analysis.settings.reporting_currency
    exact = ", ".join(f"{text} {name}" for name, text in costs.fees_by_currency.items())
    earned = None if costs.spread_earned is None else -costs.spread_earned
    by_origin = [Figure(origin, shown.amount(value, currency)) for origin, value in costs.other_cash.items()]
    return [
        Figure("fees", shown.amount(costs.fees, currency)),
        Figure("fees, exact", exact or "0"),
        Figure("fees maker, taker", f"{shown.amount(costs.fees_maker)}, {shown.amount(costs.fees_taker)}"),
        Figure("spread paid, earned", f"{shown.amount(costs.spread)}, {shown.amount(earned)}"),
        Figure("slippage", shown.amount(costs.slippage, currency)),
        Figure("funding paid", shown.amount(costs.funding, currency)),
        Figure("total", shown.amount(costs.total, currency)),
        Figure("fees of turnover", shown.percent(costs.fees_of_turnover, 4)),
        *by_origin,
    ]


def _execution(analysis: Analysis) -> list[Figure]:
    found = analysis.total.execution
    refused = ", ".join(f"{rule} {times:,}" for rule, times in found.refused.items()) or "none"
    wait, short = found.time_to_fill, found.shortfall
    marks = [
        Figure(f"markout {each.horizon} (maker, taker)",
               f"{shown.number(each.all)} bp ({_together(each.maker, each.taker)})", mood(each.all))
        for each in found.markouts
    ]  # fmt: skip
    ratios = f"{shown.percent(found.fill_ratio)}, {shown.percent(found.order_fill_ratio)}"
    waits = ", ".join(shown.duration(each) for each in (wait.p50, wait.p90, wait.p99))
    adverse = ", ".join(shown.number(each.adverse_maker) for each in found.markouts)
    return [
        Figure("orders, fills", f"{shown.count(found.orders)}, {shown.count(found.fills)}"),
        Figure("filled / partly / not", f"{found.filled:,} / {found.partly_filled:,} / {found.unfilled:,}"),
        Figure("cancelled / replaced / expired", f"{found.cancelled:,} / {found.replaced:,} / {found.expired:,}"),
        Figure("rejected by the venue", shown.count(found.rejected)),
        Figure("refused, by rule", refused),
        Figure("fill ratio: size, orders", ratios),
        Figure("maker share", shown.percent(found.maker_share)),
        Figure("time to fill p50, p90, p99", waits),
        *marks,
        Figure("adverse selection 1, 10, 60 s", f"{adverse} bp"),
        Figure("implementation shortfall", f"{shown.amount(short.total)} ({shown.number(short.basis_points)} bp)"),
        Figure("  of it price, fees, not filled",
               f"{shown.amount(short.execution)}, {shown.amount(short.fees)}, {shown.amount(short.opportunity)}"),
    ]  # fmt: skip
