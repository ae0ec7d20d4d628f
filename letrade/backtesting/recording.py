"""The record of a run, for its report: of a compiled one from its columns, of actors from what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from msgspec import structs

from letrade.actors.monitor.report import starts_of
from letrade.backtesting.herald import STATES
from letrade.backtesting.outcome import Outcome
from letrade.backtesting.settings import data_in_words, notes_of, settings_of
from letrade.backtesting.worth import board_of
from letrade.core.analysis.ends import ends_of
from letrade.core.analysis.record import KIND_CODES, STATE_CODES, Names, RunRecord
from letrade.core.analysis.tables import Cash, Equity, Fills, Orders, Prices
from letrade.core.quantities import ONE
from letrade.hotpath.simulation.reading import middles_of, realised_of
from letrade.hotpath.simulation.watch import Watch

Columns = dict[str, np.ndarray[Any, Any]]
Rows = TypeVar("Rows", Orders, Fills)


def record_of(outcome: Outcome, summary: Mapping[str, Any]) -> RunRecord:
    """Everything a report needs of a compiled run."""
    run, terms = outcome.run, outcome.terms
    currencies = terms.currencies
    names = Names(
        strategies=tuple(each.name for each in terms.strategies),
        accounts=tuple(each.name for each in terms.accounts),
        instruments=notes_of(run.blueprint.catalogue),
        currencies=currencies,
        origins=("funding",),
    )
    span = (run.first_time or 0, run.tape.last_time)
    settings = structs.replace(
        settings_of(run.config, summary, "compiled", data_in_words(run.config), span),
        **ends_of(board_of(run.desk, terms), run.blueprint.catalogue, run.config.desk.reporting_currency),
    )
    orders = {name: np.asarray(column) for name, column in outcome.orders.items()}
    fills = {name: np.asarray(column) for name, column in outcome.fills.items()}
    prices = np.array([scale.price for scale in outcome.scales])
    sizes = np.array([scale.size for scale in outcome.scales])
    equity, priced = sampled(run.watch, _starts(run.config, names.accounts))
    return RunRecord(
        names,
        settings,
        orders=_orders(orders, prices, sizes, np.asarray(middles_of(run.desk), dtype=np.float64)),
        fills=_fills(outcome, orders, fills, prices, sizes),
        cash=_cash(outcome),
        equity=equity,
        prices=priced,
    )


def _cash(outcome: Outcome) -> Cash:
    """Funding alone moves money without a trade."""
    rows = np.array(outcome.run.desk.cash_of(), dtype=np.int64).reshape(-1, 4)
    if not len(rows):
        return Cash.empty()
    settles = np.array([each.settle for each in outcome.terms.instruments], dtype=np.int64)
    return Cash.of(
        time=rows[:, 0], account=rows[:, 1], currency=settles[rows[:, 2]], amount=rows[:, 3] / 1e8,
        origin=np.zeros(len(rows), dtype=np.int64), instrument=rows[:, 2], amount_units=rows[:, 3],
    )  # fmt: skip


def _starts(config: Any, accounts: Sequence[str]) -> list[float]:
    """What each account began with, where its balances tell; else 0, so that its curve shows gains alone."""
    starts = starts_of(config)
    return [(starts[name].equity or 0) / ONE if name in starts else 0.0 for name in accounts]


def _orders(orders: Columns, prices: Any, sizes: Any, middles: Any) -> Orders:
    at = orders["instrument"]
    codes = np.array([STATE_CODES[state] for state in STATES], dtype=np.int8)
    price = np.where(orders["price"] > 0, orders["price"] / prices[at], np.nan) if len(at) else np.empty(0)
    made = Orders.of(
        order_id=orders["number"],
        strategy=orders["strategy"],
        account=orders["account"],
        instrument=at,
        side=orders["side"],
        kind=np.where(orders["limit"] > 0, KIND_CODES["limit"], KIND_CODES["market"]),
        price=price,
        size=orders["size"] / sizes[at],
        filled=orders["filled"] / sizes[at],
        decided=orders["decided"],
        sent=orders["sent"],
        ended=orders["ended"],
        state=codes[orders["state"]],
        mid_at_decision=np.where(middles > 0, middles, np.nan),
    )
    return in_time(made, orders["decided"])


def _fills(outcome: Outcome, orders: Columns, fills: Columns, prices: Any, sizes: Any) -> Fills:
    run = outcome.run
    row = fills["order"] - 1
    at = orders["instrument"][row]
    noted = np.asarray(run.watch.after(), dtype=np.float64).reshape(-1, 5)
    noted = noted[np.asarray(run.exchange.trade_places, dtype=np.int64)]
    places = {name: place for place, name in enumerate(outcome.terms.currencies)}
    currencies = np.array([places[scale.fee] for scale in outcome.scales], dtype=np.int64)
    made = Fills.of(
        order=fills["order"],
        time=fills["time"],
        venue_time=fills["venue_time"],
        strategy=orders["strategy"][row],
        account=orders["account"][row],
        instrument=at,
        side=orders["side"][row],
        price=fills["price"] / prices[at],
        size=fills["size"] / sizes[at],
        fee=fills["fee"] / 1e8,
        fee_units=fills["fee"],
        fee_currency=currencies[at],
        maker=fills["maker"] > 0,
        realised=np.asarray(realised_of(run.desk), dtype=np.float64),
        bid=noted[:, 0],
        ask=noted[:, 1],
        mid_1s=noted[:, 2],
        mid_10s=noted[:, 3],
        mid_60s=noted[:, 4],
    )
    return in_time(made, fills["time"])


def in_time(made: Rows, times: Any) -> Rows:
    """Rows by time; as they are where they are so already, as nearly always."""
    return made if (np.diff(times) >= 0).all() else made.where(np.argsort(times, kind="stable"))


def sampled(watch: Watch, starts: Sequence[float]) -> tuple[Equity, Prices]:
    """The curves of equity and of prices."""
    samples = watch.samples()
    if not samples:
        return Equity.empty(), Prices.empty()
    times = np.array([time for time, _, _ in samples], dtype=np.int64)
    worth = np.array([row for _, row, _ in samples], dtype=np.float64).reshape(len(samples), -1, 3)
    priced = np.array([row for _, _, row in samples], dtype=np.float64).reshape(len(samples), -1)
    accounts, instruments = worth.shape[1], priced.shape[1]
    equity = Equity.of(
        time=np.repeat(times, accounts),
        account=np.tile(np.arange(accounts), len(times)),
        equity=(worth[:, :, 0] + np.array(list(starts)[:accounts])).ravel(),
        unrealised=worth[:, :, 1].ravel(),
        exposure=worth[:, :, 2].ravel(),
    )
    column = priced.ravel()
    known = ~np.isnan(column)
    prices = Prices.of(
        time=np.repeat(times, instruments)[known],
        instrument=np.tile(np.arange(instruments), len(times))[known],
        price=column[known],
    )
    return equity, prices
