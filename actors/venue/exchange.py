"""What the venue does with requests: submit, cancel, amend and query, each answered once, with the truth."""

from __future__ import annotations

from letrade.actors.venue import reports, rules
from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.market import Market
from letrade.actors.venue.model import Refused
from letrade.actors.venue.orders import CANCELLED, REJECTED, Order
from letrade.actors.venue.reports import Report
from letrade.core.instruments import Specification
from letrade.core.legs import SIDES
from letrade.core.messages.venue import VenueAmend, VenueCancel, VenueQuery, VenueSubmit
from letrade.core.subjects import account_instrument


class Exchange(Floor):
    """Knows no latency and no faults: it acts when it is called, and keeps what it has to say in `reports`."""

    def submit(self, request: VenueSubmit) -> None:
        account = self.accounts.get(request.account)
        if account is None:
            return self._answer_nothing(request, "submit", f"unknown account {request.account!r}")
        market = self.market(request.instrument)
        known = account.orders.get(request.client_order_id)
        if known is not None:
            answer = reports.of_order(known, self.market(known.instrument), "submit", True, "duplicate")
            self.reports.append(Report(answer, request.id, answers=True))
            return None
        order = self._new_order(request, account)
        refusal = self._take_in(request, order, account, market)
        ended = ""
        if refusal:
            order.status = REJECTED
        elif market is not None and market.model is not None:
            ended = self.execute(order, market, market.model)
            refusal = ended if order.status == REJECTED else ""
        answer = reports.of_order(order, market, "submit", bool(refusal), refusal or ended)
        self.reports.append(Report(answer, order.cause, answers=True))
        if market is not None and not refusal:
            self.settled(market)
        return None

    def refuse(self, request: VenueSubmit | VenueCancel | VenueAmend, reason: str) -> None:
        """Turn a request away unread. A refused order is remembered like any other: it is never taken later."""
        verb = {VenueSubmit: "submit", VenueCancel: "cancel", VenueAmend: "amend"}[type(request)]
        account = self.accounts.get(request.account)
        known = account.orders.get(request.client_order_id) if account is not None else None
        if account is not None and known is None and isinstance(request, VenueSubmit):
            known = self._new_order(request, account)
            known.status = REJECTED
        if known is None:
            return self._answer_nothing(request, verb, reason)
        answer = reports.of_order(known, self.market(known.instrument), verb, True, reason)
        self.reports.append(Report(answer, request.id, answers=True))
        return None

    def _new_order(self, request: VenueSubmit, account: VenueAccount) -> Order:
        self.orders_count += 1
        order = Order(
            number=self.orders_count,
            client_order_id=request.client_order_id,
            account=request.account,
            instrument=request.instrument,
            side=request.side,
            price=request.price or 0.0,
            size=0,
            time_in_force=request.time_in_force,
            post_only=request.post_only,
            reduce_only=request.reduce_only,
            cause=request.id,
            kind=request.order_kind,
            trigger=request.trigger or 0.0,
            trigger_by=request.trigger_by,
            trail=request.trail or 0.0,
            expires=request.expires,
            group=request.group,
            leg=request.leg,
        )
        account.orders[order.client_order_id] = order
        return order

    def _take_in(self, request: VenueSubmit, order: Order, account: VenueAccount, market: Market | None) -> str:
        """Gives the order its size. Why it is refused, '' when it is not."""
        if market is None:
            return f"unknown instrument {request.instrument!r}"
        model = market.ready()
        if model is None:
            return "no market"
        version = self.rules_of(order.instrument)
        return (
            rules.form(request)
            or ("the contract has expired" if 0 < version.message.expires <= self.time else "")
            or self._leg_refusal(order, account, version)
            or rules.known_trigger(request, market)
            or model.refusal(order)
            or rules.prices(request, market, version)
            or self._give_shown(order, request, market, version)
            or self.fees.refusal(version)
            or self._give_size(order, request.size, account, market, version)
            or self.placement_refusal(order, account, market, model, version)
        )

    def _leg_refusal(self, order: Order, account: VenueAccount, version: Specification) -> str:
        """In hedge mode each contract order says its leg, and what closes one only reduces it."""
        needed = account.hedged and version.kind != "spot"
        if not needed and not order.leg:
            return ""
        if self.margin is None or not needed or order.leg not in SIDES:
            wanted = "long or short, as the account is in hedge mode" if needed else "none: its positions are one-way"
            code = "" if self.margin is None else f"{self.margin.codes.side_wrong}: "
            return f"{code}leg: expected {wanted}, found {order.leg!r}"
        opens = order.side == SIDES[order.leg]
        if opens and order.reduce_only:
            return f"reduce_only: a {'buy' if order.side > 0 else 'sale'} opens the {order.leg} leg"
        order.reduce_only = not opens
        return ""

    def _give_shown(self, order: Order, request: VenueSubmit, market: Market, version: Specification) -> str:
        if not request.shown:
            return ""
        refusal = rules.size_grid(request.shown, market, version)
        order.shown = 0 if refusal else market.scales.size_units(request.shown)
        return refusal

    def _give_size(
        self, order: Order, size: float, account: VenueAccount, market: Market, version: Specification
    ) -> str:
        """Reduce-only sizes shrink to what there is to reduce, which need not be whole lots."""
        fitted = order.reduce_only and not order.awaits_trigger
        most = rules.reducible(order, account, market, version) if fitted else rules.UNITS_MAX
        if most == 0:
            return "reduce_only: nothing to reduce"
        shrinks = size > 0 and fitted and market.scales.size_units_down(size) - order.filled >= most
        if refusal := "" if shrinks else rules.size_grid(size, market, version):
            return refusal
        order.size = order.filled + most if shrinks else market.scales.size_units(size)
        return ""

    def cancel(self, request: VenueCancel) -> None:
        order = self._find(request, "cancel")
        if order is None:
            return
        market = self.markets[order.instrument]
        if market.model is not None:
            market.model.remove(order)
        self.end(order, CANCELLED)
        self.reports.append(Report(reports.of_order(order, market, "cancel"), request.id, answers=True))
        self.settled(market)

    def amend(self, request: VenueAmend) -> None:
        order = self._find(request, "amend")
        if order is None:
            return
        market = self.markets[order.instrument]
        wanted = Order(*[getattr(order, name) for name in order.__struct_fields__])
        wanted.price = request.price
        refusal = self._amend_refusal(request, order, wanted, market)
        ended = ""
        if not refusal and market.model is not None:
            said = market.model.amend(order, wanted.price, wanted.size, self.time)
            ended = self.follow(market, market.model, said, order)
            refusal = ended if any(isinstance(each, Refused) for each in said) else ""
            self.lock_rest(order, market)
        answer = reports.of_order(order, market, "amend", bool(refusal), refusal or ended)
        self.reports.append(Report(answer, request.id, answers=True))
        self.settled(market)

    def _amend_refusal(self, request: VenueAmend, order: Order, wanted: Order, market: Market) -> str:
        if (not order.price and not order.awaits_trigger) or order.trail:
            return "an order without a price has none to amend"
        if market.model is None:
            return "no market"
        version = self.rules_of(order.instrument)
        refusal = rules.price_grid(request.price, market, version)
        account = self.accounts[order.account]
        refusal = refusal or self._give_size(wanted, request.size, account, market, version)
        if not refusal and wanted.size <= order.filled:
            refusal = f"size: {request.size!r} is not above the {market.scales.size(order.filled)!r} filled"
        return refusal or self.placement_refusal(wanted, account, market, market.model, version)

    def _find(self, request: VenueCancel | VenueAmend, verb: str) -> Order | None:
        """A working order; else the refusal is reported, and there is None."""
        account = self.accounts.get(request.account)
        order = account.orders.get(request.client_order_id) if account is not None else None
        if order is None:
            self._answer_nothing(request, verb, "unknown order")
            return None
        if not order.working:
            answer = reports.of_order(order, self.market(order.instrument), verb, True, f"already {order.status}")
            self.reports.append(Report(answer, request.id, answers=True))
            return None
        return order

    def query(self, request: VenueQuery) -> None:
        """One order, or the whole account with the fills that the asker has not seen."""
        account = self.accounts.get(request.account)
        if account is None:
            return self._answer_nothing(request, "query", f"unknown account {request.account!r}")
        if not request.client_order_id:
            self.reports += [reports.of_fill(fill, again=True) for fill in account.fills[max(0, request.fills_after) :]]
            state = reports.of_account(account, self.markets, account_instrument(self.venue), self.margin)
            self.reports.append(Report(state, request.id, answers=True, again=True))
            return None
        order = account.orders.get(request.client_order_id)
        if order is None:
            return self._answer_nothing(request, "query", "unknown order")
        answer = reports.of_order(order, self.market(order.instrument), "query")
        self.reports.append(Report(answer, request.id, answers=True))
        return None

    def _answer_nothing(
        self, request: VenueSubmit | VenueCancel | VenueAmend | VenueQuery, verb: str, reason: str
    ) -> None:
        answer = reports.of_nothing(request, request.client_order_id, verb, reason)
        self.reports.append(Report(answer, request.id, answers=True))
