"""What a compiled run came to: the same counters, hash and summary that the desk's actors give."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from letrade.actors.monitor.chain import Chain
from letrade.actors.monitor.report import starts_of, summary_of
from letrade.actors.monitor.tally import RECENT_MAX, AlertLine, Tally
from letrade.backtesting.compiled import CompiledBacktest
from letrade.backtesting.herald import RULES, Scale, scales_of
from letrade.backtesting.worth import wallets_of, worth_of
from letrade.core import ids
from letrade.core.fraction import Fraction as ExactFraction
from letrade.core.fraction import read_fraction
from letrade.core.messages.accounts import Position
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.events import Alert
from letrade.core.messages.orders import Fill, OrderUpdate
from letrade.core.money import Money, money
from letrade.core.quantities import money_of, rounded_money
from letrade.hotpath.simulation.course import chained
from letrade.hotpath.simulation.reading import fills_of, orders_of, refusals_of

VENUE_RULE = RULES.index("venue")


class Outcome:
    """Reads a finished run once; `summary` is what Results would have said."""

    def __init__(self, run: CompiledBacktest) -> None:
        self.run = run
        self.terms = run.terms
        self.scales: list[Scale] = scales_of(run.terms)
        self.orders = orders_of(run.desk)
        self.fills = fills_of(run.desk)
        self.tally = Tally()
        self.chain = Chain()

    def summary(self) -> dict[str, Any]:
        settings = self.run.config
        self._count()
        self._lines()
        self._accounts()
        self._alerts()
        self._course()
        starts = starts_of(settings)
        return summary_of(self.tally, self.chain, starts, settings.desk.reporting_currency)

    def _count(self) -> None:
        tally = self.tally
        tally.orders = int(np.count_nonzero(self.orders["sent"]))
        tally.fills = len(self.fills["order"])
        for rule, count in refusals_of(self.run.desk).items():
            tally.refused[RULES[rule] if rule < len(RULES) else str(rule)] = count
        places = self._places_of_fills()
        fees = np.asarray(self.fills["fee"]).astype(object)  # of Python's numbers no sum is too large
        for place in np.unique(places).tolist():
            tally.fees.add(money(self.scales[place].fee, int(fees[places == place].sum())))
        for _, _, place, units in self.run.desk.cash_of():
            tally.funding.add(money(self.terms.currencies[self.terms.instruments[place].settle], units))
        prices = {self.terms.instruments[place].name: price for place, price in self._last_prices().items()}
        tally.prices = prices

    def _places_of_fills(self) -> npt.NDArray[np.int32]:
        """The instrument of each fill."""
        found: npt.NDArray[np.int32] = np.asarray(self.orders["instrument"])[np.asarray(self.fills["order"]) - 1]
        return found

    def _last_prices(self) -> dict[int, float]:
        """As Results has them: of fills, and of bars that came later."""
        told = {place: bar for place, bar in enumerate(self.run.desk.last_bars()) if bar[1]}
        for name, said in self.run.said_prices.items():
            place = self.run.instruments[name]
            if place not in told or said[0] >= told[place][0]:
                told[place] = said
        places, times = self._places_of_fills(), np.asarray(self.fills["time"])
        for place in np.unique(places).tolist():
            rows = np.flatnonzero(places == place)
            last = int(rows[times[rows] == times[rows].max()][-1])  # of those of one time the one told last
            time = int(times[last])
            if place not in told or time >= told[place][0]:  # what the desk does follows what it was told
                told[place] = (time, self.fills["price"][last] / self.scales[place].price)
        return {place: price for place, (_, price) in told.items()}

    def _lines(self) -> None:
        """Strategies of the desk file first, then whatever else was told of; the accounts' own positions."""
        desk, terms, tally = self.run.desk, self.terms, self.tally
        for entry in self.run.config.actors:
            account, instrument = (getattr(entry.config, key, "") for key in ("account", "instrument"))
            if any(entry.name == owner.name for owner in terms.strategies) and instrument:
                tally.line(entry.name, account, instrument)
        for place, owner in enumerate(terms.strategies):
            account = terms.accounts[owner.account].name
            for instrument, each in enumerate(terms.instruments):
                held = desk.position_of(place, instrument)
                told, (orders, fills, entries, exits, refused) = held[0], held[7:12]
                if told or orders or refused:
                    line = tally.line(owner.name, account, each.name)
                    line.orders, line.fills, line.refused = orders, fills, refused
                    line.entries, line.exits = entries, exits
                    tally.entries, tally.exits = tally.entries + entries, tally.exits + exits
                    line.position = self._position(owner.name, owner.account, instrument, held) if told else None
        for place, holder in enumerate(terms.accounts):
            for instrument, each in enumerate(terms.instruments):
                held = desk.position_of(place, instrument, True)
                if held[0]:
                    key = f"{holder.name} {each.name}"
                    tally.account_positions[key] = self._position(NO_STRATEGY, place, instrument, held)

    def _position(self, strategy: str, account: int, instrument: int, held: Any) -> Position:
        each = self.terms.instruments[instrument]
        _, quantity, cost, price_decimals, realised, fees, funding = held[:7]
        average = Fraction(cost, quantity * 10**price_decimals) if quantity else Fraction(0)
        return Position(
            strategy=strategy,
            account=self.terms.accounts[account].name,
            instrument=each.name,
            quantity=quantity / 10.0**each.lot_decimals,
            average_price=float(average),
            realised=money_of(self.terms.currencies[each.quote], self._amount(account, instrument, realised)),
            fees=(money(self.scales[instrument].fee, fees),) if fees else (),
            funding=money(self.terms.currencies[each.settle], funding) if funding else None,
        )

    def _amount(self, account: int, instrument: int, units: int) -> ExactFraction:
        """Units at the scale of the account's wallet of what the instrument is paid in."""
        each = self.terms.instruments[instrument]
        known = self.run.desk.wallet_units(account, each.quote if each.spot else each.settle)
        return read_fraction(Fraction(units, 10 ** known[1])) if known is not None else read_fraction(0)

    def _accounts(self) -> None:
        run, terms, tally = self.run, self.terms, self.tally
        reporting = terms.currencies[terms.reporting]
        for place, account in enumerate(terms.accounts):
            wallets = wallets_of(run.desk, terms, place)
            tally.balances[account.name] = {name: _money(name, amount) for name, amount in wallets.items()}
            worth = worth_of(run.desk, terms, run.blueprint.catalogue, place)
            known = not worth.missing
            tally.missing[account.name] = worth.missing
            tally.equity[account.name] = rounded_money(reporting, read_fraction(worth.equity)) if known else None
            gain = rounded_money(reporting, read_fraction(worth.unrealised)) if known else None
            tally.unrealised[account.name] = gain
            first = run.first_worth.get(place, worth.equity)
            if known or place in run.first_worth:
                tally.first_equity[account.name] = rounded_money(reporting, read_fraction(first))

    def _alerts(self) -> None:
        """Those of feeds and strategies, and execution's last word when nothing is on its way any more."""
        if self.run.first_time is not None and self.run.desk.drained:
            self.tally.alerts["drained"] = 1
        for notice in self.run.notices:
            if isinstance(notice, Alert):
                self.tally.alerts[notice.code] = self.tally.alerts.get(notice.code, 0) + 1
                line = AlertLine(notice.time, notice.level, notice.code, notice.text)
                self.tally.recent_alerts.append(line)
                del self.tally.recent_alerts[:-RECENT_MAX]

    def _course(self) -> None:
        """Orders sent and fills booked, in the order in which the desk's execution told of them: the lines of Chain."""
        terms, scales = self.terms, self.scales
        self.chain.digest = chained(
            self.run.desk,
            self.chain.digest,
            [each.name for each in terms.strategies],
            [each.name for each in terms.accounts],
            [
                (each.name, each.price_decimals, each.size_decimals, scale.fee)
                for each, scale in zip(terms.instruments, scales, strict=True)
            ],
        )

    def order_id(self, row: int) -> str:
        orders = self.orders
        name = self.terms.strategies[orders["strategy"][row]].name
        return ids.order_id(name, orders["signal"][row], orders["leg"][row])

    def _about(self, row: int) -> dict[str, Any]:
        orders, terms = self.orders, self.terms
        return {
            "strategy": terms.strategies[orders["strategy"][row]].name,
            "account": terms.accounts[orders["account"][row]].name,
            "instrument": terms.instruments[orders["instrument"][row]].name,
            "order_id": self.order_id(row),
            "side": orders["side"][row],
        }

    def update(self, row: int) -> OrderUpdate:
        """An order as it was told of when it was sent."""
        orders, scale = self.orders, self.scales[self.orders["instrument"][row]]
        price = orders["first_price"][row]
        return OrderUpdate(
            **self._about(row), time=orders["sent"][row], client_order_id="", venue_order_id="", state="sent",
            size=orders["first_size"][row] / scale.size, filled=0.0, price=price / scale.price if price else None,
            reduce_only=bool(orders["reduce_only"][row]),
        )  # fmt: skip

    def fill(self, place: int) -> Fill:
        fills, row = self.fills, self.fills["order"][place] - 1
        scale = self.scales[self.orders["instrument"][row]]
        return Fill(
            **self._about(row), time=fills["time"][place], client_order_id="", trade_id=str(place + 1),
            price=fills["price"][place] / scale.price, size=fills["size"][place] / scale.size,
            fee=money(scale.fee, fills["fee"][place]), maker=bool(fills["maker"][place]),
            venue_time=fills["venue_time"][place], fill_number=place + 1,
        )  # fmt: skip


def _money(currency: str, amount: Fraction) -> Money:
    return money_of(currency, read_fraction(amount))
