"""What the venue has to say, as messages: of orders, fills, accounts and the market."""

from __future__ import annotations

import copy

import msgspec

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.amounts import rounded
from letrade.actors.venue.margin import ISOLATED, Margins
from letrade.actors.venue.margin_sums import liquidation_price
from letrade.actors.venue.market import Market
from letrade.actors.venue.model import Print
from letrade.actors.venue.orders import NOT_FOUND, REJECTED, Order
from letrade.core.bookkeeping import average_price
from letrade.core.legs import instrument_of, name_of, split
from letrade.core.messages.base import NO_STRATEGY, DeskMessage, Message
from letrade.core.messages.market import Quote, Trade
from letrade.core.messages.venue import HeldPosition, OpenOrder, VenueFill, VenueOrder, VenueState
from letrade.core.money import money


class Report(msgspec.Struct, frozen=True):
    """A message and what caused it (None: the message in hand)."""

    message: Message
    cause: str | None = None
    answers: bool = False
    """Whether it is what a request is waiting for; the venue says the rest of itself."""
    again: bool = False
    """Whether it repeats what was said before, because it was asked for."""


def of_order(
    order: Order, market: Market | None, request: str = "", refused: bool = False, reason: str = ""
) -> VenueOrder:
    """The order as it stands."""
    return VenueOrder(
        strategy=NO_STRATEGY,
        account=order.account,
        instrument=order.instrument,
        client_order_id=order.client_order_id,
        venue_order_id=str(order.number),
        status=order.status,
        side=order.side,
        size=market.scales.size(order.size) if market else 0.0,
        filled=market.scales.size(order.filled) if market else 0.0,
        price=order.limit,
        request=request,
        refused=refused,
        reason=reason,
    )


def of_nothing(asked: DeskMessage, client_order_id: str, request: str, reason: str) -> VenueOrder:
    """There is no such order."""
    return VenueOrder(
        strategy=NO_STRATEGY,
        account=asked.account,
        instrument=asked.instrument,
        client_order_id=client_order_id,
        venue_order_id="",
        status=REJECTED if request == "submit" else NOT_FOUND,
        request=request,
        refused=request != "query",
        reason=reason,
    )


def of_account(
    account: VenueAccount, markets: dict[str, Market], instrument: str, margin: Margins | None = None
) -> VenueState:
    """Working orders by number, balances by currency, contract positions by instrument."""
    working = [
        OpenOrder(
            client_order_id=order.client_order_id,
            instrument=order.instrument,
            side=order.side,
            size=markets[order.instrument].scales.size(order.size),
            filled=markets[order.instrument].scales.size(order.filled),
            price=order.limit,
        )
        for order in sorted(account.working.values(), key=lambda order: order.number)
    ]
    held = [
        of_position(account, markets[instrument_of(name)], margin, split(name)[1])
        for name, position in sorted(account.positions.items())
        if position.quantity
    ]
    return VenueState(
        strategy=NO_STRATEGY,
        account=account.name,
        instrument=instrument,
        open_orders=tuple(working),
        balances=account.wallet.money(),
        positions=tuple(held),
        last_fill_number=len(account.fills),
        cash_entries=account.cash_entries,
    )


def of_position(account: VenueAccount, market: Market, margin: Margins | None, leg: str = "") -> HeldPosition:
    """Without margin rules the venue says the quantity alone."""
    name, quantity = name_of(market.instrument, leg), market.scales.size(account.quantity(market, leg))
    if margin is None:
        return HeldPosition(instrument=market.instrument, quantity=quantity)
    rules, setting = margin.rules_of(market.instrument), margin.setting(account.name, name)
    unit = margin.unit(account, name)
    holding = None if unit is None else next((each for each in unit.holdings if each.name == name), None)
    price = None if unit is None or holding is None else liquidation_price(margin.rules, unit, holding)
    amount = rounded(rules.settle, setting.of(leg))
    return HeldPosition(
        instrument=market.instrument,
        quantity=quantity,
        average_price=average_price(account.positions[name], rules.inverse),
        leg=leg,
        leverage=float(setting.leverage),
        margin_mode=setting.mode,
        isolated_margin=money(amount.currency, amount.units, amount.scale) if setting.mode == ISOLATED else None,
        liquidation_price=None if price is None else float(f"{float(price):.15g}"),
    )


def of_fill(fill: VenueFill, again: bool = False) -> Report:
    """A message of its own for each telling, as its header is written when it leaves."""
    return Report(copy.copy(fill), cause=fill.cause, again=again)


def of_trade(printed: Print, market: Market, trade_id: str, time: int) -> Trade:
    return Trade(
        instrument=market.instrument,
        price=printed.price,
        size=market.scales.size(printed.size),
        side=printed.side,
        trade_id=trade_id,
        venue_time=time,
    )


def of_quote(market: Market, time: int) -> Quote:
    """The best prices as last shown; an empty side is 0 at 0."""
    bid, ask = market.shown
    return Quote(
        instrument=market.instrument,
        bid=bid[0] if bid else 0.0,
        bid_size=market.scales.size(bid[1]) if bid else 0.0,
        ask=ask[0] if ask else 0.0,
        ask_size=market.scales.size(ask[1]) if ask else 0.0,
        venue_time=time,
    )
