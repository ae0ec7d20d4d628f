"""The venue's floor: accounts and markets, how data and orders become trades, and what trades do to money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from letrade.actors.venue import margin_orders, reports, rules
from letrade.actors.venue.account import Traded, VenueAccount
from letrade.actors.venue.amounts import Amount
from letrade.actors.venue.fees import FeeSchedule
from letrade.actors.venue.lending import Lender
from letrade.actors.venue.margin import Margins
from letrade.actors.venue.market import Market
from letrade.actors.venue.model import WOULD_TAKE, Changed, Ended, FillModel, Print, Said
from letrade.actors.venue.orders import CANCELLED, EXPIRED, FILLED, PARTLY_FILLED, Order
from letrade.actors.venue.reports import Report
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import VenueConfig
from letrade.core.fraction import read_fraction
from letrade.core.instruments import Catalogue, Specification
from letrade.core.legs import name_of, split
from letrade.core.messages.base import NO_STRATEGY, MarketMessage, is_price
from letrade.core.messages.events import Alert
from letrade.core.messages.market import IndexPrice, MarkPrice
from letrade.core.messages.venue import VenueCash, VenueFill
from letrade.core.money import money


class Floor:
    """Requests (exchange.py) and market data meet here; what there is to say is kept in `reports`."""

    def __init__(self, config: VenueConfig, accounts: Sequence[AccountConfig], catalogue: Catalogue) -> None:
        self.venue = config.name
        self.catalogue = catalogue
        self.fees = FeeSchedule(config)
        self.accounts = {each.name: VenueAccount(each.name, each.balances, self.fees) for each in accounts}
        for each in accounts:
            self.accounts[each.name].hedged = each.position_mode == "hedge"
        self.markets: dict[str, Market] = {}
        self.reports: list[Report] = []
        self.time = 0
        self._fill_model, self._fills = config.fill_model, config.fills
        self.leverage_max = read_fraction(config.max_leverage)
        self.orders_count = 0
        self.trades_count = 0
        self.positions_moved = False
        self.lender = Lender(config, accounts, lambda: self.markets, self.rules_of)
        self.margin = (
            Margins(config, accounts, self.accounts, self.market, self.rules_of, lambda: self.time)
            if config.margin is not None
            else None
        )

    def market(self, instrument: str) -> Market | None:
        """The market of an instrument of this venue; None when the desk does not know it."""
        market = self.markets.get(instrument)
        if market is None and instrument in self.catalogue and instrument.partition(".")[0] == self.venue:
            market = self.markets[instrument] = Market(
                instrument, self.catalogue, self._fill_model, self._fills, self.time
            )
        return market

    def rules_of(self, instrument: str) -> Specification:
        return self.catalogue.at(instrument, self.time)

    def hear(self, message: MarketMessage) -> None:
        """What others did: resting orders may trade, waiting ones may be placed, the market may show new prices."""
        market = self.market(message.instrument)
        if market is None:
            return
        if isinstance(message, MarkPrice | IndexPrice):
            self._hear_value(message, market)
            return
        before = market.model
        outgrown = [] if type(message) in market.served else market.outgrown(message)
        model = market.model
        if model is None:
            return
        if model is not before:
            self._take_over(market, model)
        said = model.hear(message, self.time)
        if told := model.last_told(message):
            market.last, market.last_time = told, self.time
        if said:
            self.follow(market, model, said, None)
        for order in outgrown:
            self._place_again(order, market, model)
        while (waiting := model.next_waiting()) is not None:
            self._place_waiting(waiting, market, model)
        if self.positions_moved or model.public or model.complaint:
            self.settled(market)

    def _hear_value(self, message: MarkPrice | IndexPrice, market: Market) -> None:
        if not is_price(message.price):
            what = "mark" if isinstance(message, MarkPrice) else "index"
            text = f"{what} price: expected one above 0, found {message.price!r}: the last one stays"
            self._complain_of(market, text)
            return
        if isinstance(message, MarkPrice):
            market.mark, market.mark_time = message.price, message.venue_time or self.time
        else:
            market.index, market.index_time = message.price, message.venue_time or self.time
        model = market.model
        if model is not None and (said := model.hear(message, self.time)):
            self.follow(market, model, said, None)
            self.settled(market)

    def expire(self) -> None:
        """Ends the orders whose time is over."""
        for market in self.markets.values():
            model = market.model
            if model is not None and (said := model.expire(self.time)):
                self.follow(market, model, said, None)

    def next_expiry(self) -> int | None:
        """No order expires before; None: none will."""
        times = [market.model.next_expiry() for market in self.markets.values() if market.model is not None]
        return min((time for time in times if time is not None), default=None)

    def _take_over(self, market: Market, model: FillModel) -> None:
        """A new model learns what the accounts hold, and mark and index prices that were told before it came; the last
        price of the model before it is none of its market."""
        market.last, market.last_time = 0.0, 0
        if market.mark:
            model.hear(MarkPrice(instrument=market.instrument, price=market.mark), self.time)
        if market.index:
            model.hear(IndexPrice(instrument=market.instrument, price=market.index), self.time)
        for account in self.accounts.values():
            for name in account.held(market.instrument) if market.terms.contract else ():
                leg = split(name)[1]
                model.hold(name_of(account.name, leg), account.quantity(market, leg))

    def _place_again(self, order: Order, market: Market, model: FillModel) -> None:
        """Of a model that gave way."""
        if not order.working:
            return
        before = (order.status, order.filled)
        reason = model.refusal(order) or self._refusal_now(order, market, model)
        if reason:
            self.end(order, EXPIRED)
        else:
            reason = self.execute(order, market, model)
        if (order.status, order.filled) != before:
            self.report(order, reason)

    def _place_waiting(self, order: Order, market: Market, model: FillModel) -> None:
        """Of a market that was closed; it is judged by what it costs now."""
        before = (order.status, order.filled)
        reason = self._refusal_now(order, market, model)
        offered = model.preview(order.side, order.left, order.limit)
        said = model.place_waiting(order, reason)
        if reason:
            self.end(order, EXPIRED)
        else:
            reason = self._executed(order, said, offered, market, model)
        if (order.status, order.filled) != before:
            self.report(order, reason)

    def _refusal_now(self, order: Order, market: Market, model: FillModel) -> str:
        rules_now = self.rules_of(order.instrument)
        return self.placement_refusal(order, self.accounts[order.account], market, model, rules_now)

    def settled(self, market: Market) -> None:
        """Once all has traded: reduce-only orders fit the positions again, and the market shows its best prices."""
        if self.positions_moved:
            self.positions_moved = False
            for account in self.accounts.values():
                self._fit_reducing(account, market)
        model = market.model
        if model is None:
            return
        if model.public and (best := model.best()) != market.shown:
            market.shown = best
            self.reports.append(Report(reports.of_quote(market, self.time)))
        if model.complaint:
            self._complain(market, model)

    def _complain(self, market: Market, model: FillModel) -> None:
        """An alert at the first, second, fourth, eighth … complaint about an instrument's data."""
        text, model.complaint = model.complaint, ""
        self._complain_of(market, text)

    def _complain_of(self, market: Market, text: str) -> None:
        market.complaints += 1
        if market.complaints & (market.complaints - 1) == 0:
            text = f"{text} ({market.complaints} so far)"
            alert = Alert(level="warning", code="venue-bad-data", text=text, instrument=market.instrument)
            self.reports.append(Report(alert))

    def placement_refusal(
        self, order: Order, account: VenueAccount, market: Market, model: FillModel, version: Specification
    ) -> str:
        """What depends on the market and the money of this moment."""
        offered: list[tuple[float, int]] = []
        if not order.awaits_trigger:
            if order.post_only and model.preview(order.side, 1, order.limit):
                return WOULD_TAKE
            offered = model.preview(order.side, order.left, order.limit)
        price = order.price or order.trigger or (offered[0][0] if offered else market.value_price())
        if self.margin is not None and version.kind != "spot":
            return (
                margin_orders.minimum(self.margin, order, price, account.quantity(market, order.leg), market, version)
                or rules.balance(account, order, market, version, offered)
                or margin_orders.refusal(self.margin, account, order, market, version, price, offered)
            )
        return (
            rules.minimum(order, price, market, version)
            or self.lender.balance(account, order, market, version, offered)
            or self._overspent(order, account, market, version, offered)
            or rules.leverage(account, order, self.markets, self.rules_of, self.leverage_max)
        )

    def _overspent(
        self, order: Order, account: VenueAccount, market: Market, version: Specification,
        offered: list[tuple[float, int]],
    ) -> str:  # fmt: skip
        """What is lent is judged by who lends it."""
        if self.margin is None or account.name in self.lender.borrowers:
            return ""
        return margin_orders.overspent(self.margin, account, order, market, version, offered)

    def execute(self, order: Order, market: Market, model: FillModel) -> str:
        """Trades and rests an order that nothing refuses; why what was left of it ended."""
        offered = [] if order.awaits_trigger else model.preview(order.side, order.left, order.limit)
        self.accounts[order.account].working[order.number] = order
        return self._executed(order, model.place(order, self.time), offered, market, model)

    def _executed(
        self, order: Order, said: list[Said], offered: list[tuple[float, int]], market: Market, model: FillModel
    ) -> str:
        ended = self.follow(market, model, said, order)
        if order.working:
            account = self.accounts[order.account]
            held = account.reservation(order, market, self.rules_of(order.instrument), [] if order.rests else offered)
            account.wallet.lock(order.number, held)
        return ended

    def follow(self, market: Market, model: FillModel, said: list[Said], incoming: Order | None) -> str:
        """Books trades and ends; the orders in them other than the incoming one are told of where they stand.

        Why the incoming one ended, was changed, or was not amended; '' when there is nothing to say.
        """
        touched: dict[int, tuple[Order, str]] = {}
        for each in said:
            if isinstance(each, Print):
                for order in self._trade(market, model, each):
                    touched.setdefault(order.number, (order, ""))
                continue
            order = each.order
            if isinstance(each, Ended) and order.working:
                self.end(order, each.status)
            elif isinstance(each, Changed) and order.working:
                order.size = order.filled + each.left
            reason = each.reason or touched.get(order.number, (order, ""))[1]
            touched[order.number] = (order, reason)
        for order, reason in touched.values():
            if order is not incoming:
                self.lock_rest(order, market)
                self.report(order, reason)
        return touched[incoming.number][1] if incoming is not None and incoming.number in touched else ""

    def _trade(self, market: Market, model: FillModel, printed: Print) -> list[Order]:
        """Books one trade; our orders in it."""
        self.trades_count += 1
        trade_id = f"{self.venue}-{self.trades_count}"
        if model.public:
            market.last, market.last_time = printed.price, self.time
            self.reports.append(Report(reports.of_trade(printed, market, trade_id, self.time)))
        ours = []
        for order, maker in ((printed.maker, True), (printed.taker, False)):
            if order is not None:
                self._fill(order, printed, maker, market, trade_id)
                ours.append(order)
        return ours

    def _fill(self, order: Order, printed: Print, maker: bool, market: Market, trade_id: str) -> None:
        account = self.accounts[order.account]
        version = self.rules_of(order.instrument)
        size = printed.size
        if order.reduce_only and version.kind != "spot":
            size = min(size, max(0, -order.side * account.quantity(market, order.leg)))
        if not size:
            return
        contract, was = version.kind != "spot", None
        if self.margin is not None and contract:
            was = self.margin.before(account, market, version.settle, order.leg)
        fee = account.settle(Traded(order, printed.price, size, maker, self.time), market, version)
        self.booked(order, printed.price, size, maker, market, trade_id, fee)
        if self.margin is not None and was is not None:
            self.margin.filled(order, market, version, printed.price, size, was)

    def booked(
        self, order: Order, price: float, size: int, maker: bool, market: Market, trade_id: str, fee: Amount
    ) -> None:
        """What a trade that has moved money and position does to its order; it is told."""
        account = self.accounts[order.account]
        self.positions_moved = True
        order.filled += size
        order.status = FILLED if order.left == 0 else PARTLY_FILLED
        fill = VenueFill(
            strategy=NO_STRATEGY,
            account=order.account,
            instrument=order.instrument,
            client_order_id=order.client_order_id,
            venue_order_id=str(order.number),
            trade_id=trade_id,
            fill_number=len(account.fills) + 1,
            side=order.side,
            price=price,
            size=market.scales.size(size),
            fee=money(fee.currency, fee.units, fee.scale),
            maker=maker,
            origin=order.origin,
            venue_time=self.time,
            leg=order.leg,
            cause=order.cause,
        )
        account.fills.append(fill)
        self.reports.append(reports.of_fill(fill))
        if order.left == 0:
            self.end(order, FILLED)

    def tell_cash(self, cash: VenueCash) -> None:
        """Money that an account has got, or given, without a trade: counted with the balance that it changed."""
        self.accounts[cash.account].cash_entries += 1
        self.reports.append(Report(cash))

    def lock_rest(self, order: Order, market: Market) -> None:
        if order.working:
            account = self.accounts[order.account]
            held = account.reservation(order, market, self.rules_of(order.instrument), [])
            account.wallet.lock(order.number, held)

    def end(self, order: Order, status: str) -> None:
        order.status = status
        account = self.accounts[order.account]
        account.working.pop(order.number, None)
        account.wallet.lock(order.number, [])
        for other in account.group_of(order):
            self.lock_rest(other, self.markets[other.instrument])

    def report(self, order: Order, reason: str = "") -> None:
        """Where the order stands, said unasked."""
        self.reports.append(Report(reports.of_order(order, self.market(order.instrument), reason=reason)))

    def _fit_reducing(self, account: VenueAccount, market: Market) -> None:
        """A reduce-only contract order never outgrows the position: the newest shrink first, and end at nothing."""
        if not account.working or market.model is None or market.model.fits_reducing:
            return
        if self.rules_of(market.instrument).kind == "spot":
            return
        working = [order for order in account.working.values() if order.instrument == market.instrument]
        reducing = [order for order in working if order.reduce_only and not order.only_protects]
        for order in sorted(reducing, key=lambda order: -order.number):
            most = rules.reducible(order, account, market, self.rules_of(market.instrument))
            if order.left <= most:
                continue
            if most == 0:
                market.model.remove(order)
                self.end(order, CANCELLED)
            else:
                market.model.amend(order, order.price, order.filled + most, self.time)
                self.lock_rest(order, market)
            self.report(order, "reduce_only: no more is left to reduce")

    def state(self) -> Any:
        margin = {} if self.margin is None else {"margin": self.margin.state()}
        return {
            "orders": self.orders_count,
            "trades": self.trades_count,
            "accounts": {name: account.state() for name, account in self.accounts.items()},
            "markets": {name: market.state() for name, market in self.markets.items()},
            **margin,
        }

    def restore(self, state: Any) -> None:
        """Accounts that the desk file no longer has are forgotten; those that are new in it start afresh."""
        self.orders_count, self.trades_count = state["orders"], state["trades"]
        for name, saved in state["accounts"].items():
            if name in self.accounts:
                self.accounts[name].restore(saved)
        orders = {order.number: order for account in self.accounts.values() for order in account.orders.values()}
        self.markets = {}
        for name, saved in state["markets"].items():
            market = self.market(name)
            if market is not None:
                market.restore(saved, orders)
        if self.margin is not None:
            self.margin.restore(state.get("margin", []))
