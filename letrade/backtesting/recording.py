"""The record of a run, for its report: of a compiled one from its columns, of actors from what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from msgspec import structs

from letrade.backtesting.herald import STATES
from letrade.backtesting.outcome import Outcome
from letrade.backtesting.settings import data_in_words, notes_of, settings_of
from letrade.backtesting.worth import board_of
from letrade.core.analysis.ends import ShortDays, ends_of
from letrade.core.analysis.record import KIND_CODES, STATE_CODES, Names, RunRecord
from letrade.core.analysis.sent_orders import in_time, joined, sent_alone
from letrade.core.analysis.tables import Cash, Equity, Fills, Orders, Prices
from letrade.hotpath.simulation.reading import middles_of, rates_of, realised_of

Columns = dict[str, np.ndarray[Any, Any]]
DAY_NS = 86_400_000_000_000


def record_of(outcome: Outcome, summary: Mapping[str, Any]) -> RunRecord:
    """Everything a report needs of a compiled run."""
    run, terms = outcome.run, outcome.terms
    names = Names(
        strategies=tuple(each.name for each in terms.strategies),
        accounts=tuple(each.name for each in terms.accounts),
        instruments=notes_of(run.blueprint.catalogue),
        currencies=terms.currencies,
        origins=("funding",),
    )
    span = (run.first_time or 0, run.tape.last_time)
    settings = structs.replace(
        settings_of(run.config, summary, "compiled", data_in_words(run.config), span),
        short_days=_short_days(outcome).told(),
        **ends_of(board_of(run.desk, terms), run.blueprint.catalogue, run.config.desk.reporting_currency),
    )
    told = {name: np.asarray(column) for name, column in outcome.orders.items()}
    prices = np.array([scale.price for scale in outcome.scales])
    sizes = np.array([scale.size for scale in outcome.scales])
    orders, fills = sent_alone(_orders(outcome, told, prices, sizes), _fills(outcome, told, prices, sizes))
    return RunRecord(
        names, settings, orders=orders, fills=fills, cash=_cash(outcome), equity=_equity(outcome),
        prices=_prices(outcome),
    )  # fmt: skip


def _short_days(outcome: Outcome) -> ShortDays:
    found = ShortDays()
    for notice in outcome.run.notices:
        found.hear(notice)
    for account, days in outcome.run.desk.short_days.items():
        for day in days:
            found.note(outcome.terms.accounts[account].name, day * DAY_NS)
    return found


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


def _orders(outcome: Outcome, orders: Columns, prices: Any, sizes: Any) -> Orders:
    at = orders["instrument"]
    codes = np.array([STATE_CODES[state] for state in STATES], dtype=np.int8)
    plain = np.where(orders["limit"] > 0, KIND_CODES["limit"], KIND_CODES["market"])
    price = np.where(orders["price"] > 0, orders["price"] / prices[at], np.nan) if len(at) else np.empty(0)
    return Orders.of(
        order_id=orders["number"],
        strategy=orders["strategy"],
        account=orders["account"],
        instrument=at,
        side=orders["side"],
        kind=np.where(orders["protects"] > 0, orders["protects"], plain),
        price=price,
        size=orders["asked_size"] / sizes[at],
        filled=orders["filled"] / sizes[at],
        decided=orders["decided"],
        sent=orders["sent"],
        ended=orders["ended"],
        state=codes[orders["state"]],
        mid_at_decision=np.asarray(middles_of(outcome.run.desk), dtype=np.float64),
        replaced=orders["replaced"],
    )


def _fills(outcome: Outcome, orders: Columns, prices: Any, sizes: Any) -> Fills:
    run, fills = outcome.run, {name: np.asarray(column) for name, column in outcome.fills.items()}
    row = fills["order"] - 1
    at = orders["instrument"][row]
    noted = np.asarray(run.watch.after(), dtype=np.float64).reshape(-1, 5)
    noted = noted[np.asarray(run.exchange.trade_places, dtype=np.int64)]
    places = {name: place for place, name in enumerate(outcome.terms.currencies)}
    currencies = np.array([places[scale.fee] for scale in outcome.scales], dtype=np.int64)
    rates = np.asarray(rates_of(run.desk), dtype=np.float64)
    rates = np.where(rates > 0, rates, np.nan)
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
        fee=fills["fee"] / 1e8 * rates,
        fee_units=fills["fee"],
        fee_currency=currencies[at],
        maker=fills["maker"] > 0,
        realised=np.asarray(realised_of(run.desk), dtype=np.float64) * rates,
        bid=noted[:, 0],
        ask=noted[:, 1],
        mid_1s=noted[:, 2],
        mid_10s=noted[:, 3],
        mid_60s=noted[:, 4],
        rate=rates,
    )
    return in_time(made)


def _equity(outcome: Outcome) -> Equity:
    """As the ledger values the accounts, on a grid."""
    tables = []
    for account in range(len(outcome.terms.accounts)):
        times, (equity, unrealised, exposure) = outcome.run.curve.rows_of(account)
        tables.append(
            Equity.of(
                time=np.asarray(times), account=np.full(len(times), account), equity=np.asarray(equity),
                unrealised=np.asarray(unrealised), exposure=np.asarray(exposure),
            )
        )  # fmt: skip
    return in_time(joined(tables)) if tables else Equity.empty()


def _prices(outcome: Outcome) -> Prices:
    """The exchange's, on a grid."""
    tables = []
    for instrument in range(len(outcome.terms.instruments)):
        times, prices = outcome.run.watch.prices_of(instrument)
        tables.append(
            Prices.of(time=np.asarray(times), instrument=np.full(len(times), instrument), price=np.asarray(prices))
        )
    return in_time(joined(tables)) if tables else Prices.empty()
