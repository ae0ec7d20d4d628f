"""Why an order is refused: its form, the instrument's grid, post-only, reduce-only, balance and leverage."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.market import Market
from letrade.actors.venue.model import NO_INDEX_PRICE, NO_MARK_PRICE
from letrade.actors.venue.orders import (
    FOK,
    GTC,
    GTD,
    INDEX,
    IOC,
    LAST,
    MARK,
    PLAIN,
    STOP,
    TAKE_PROFIT,
    TRAILING_STOP,
    Order,
)  # fmt: skip
from letrade.core.fraction import Fraction
from letrade.core.instruments import Grid, Specification
from letrade.core.messages.venue import VenueSubmit
from letrade.core.quantities import TEN, exact
from letrade.hotpath.decimals import to_units

DOUBT = 1e-6
"""Far above the error of a sum of doubles: a figure that is closer to its limit is counted exactly."""
Offered = list[tuple[float, int]]
UNITS_MAX = 10**17
"""No size or price is larger, in units of the instrument's decimals: sums of many stay within 64 bits."""


def form(request: VenueSubmit) -> str:
    """What is wrong with the request itself; '' when nothing is, here and below."""
    if request.side not in (1, -1):
        return f"side: expected 1 or -1, found {request.side}"
    if request.time_in_force not in (GTC, IOC, FOK, GTD):
        return f"time_in_force: expected gtc, ioc, fok or gtd, found {request.time_in_force!r}"
    if request.time_in_force == GTD and (request.price is None or request.expires <= 0):
        return "time_in_force: a gtd order has a price and says when it expires"
    if request.post_only and (request.price is None or request.time_in_force not in (GTC, GTD)):
        return "post_only: only a gtc limit order can be post-only"
    if request.order_kind not in (PLAIN, STOP, TAKE_PROFIT, TRAILING_STOP):
        return f"order_kind: expected order, stop, take_profit or trailing_stop, found {request.order_kind!r}"
    return conditional_form(request) if request.order_kind != PLAIN else ""


def conditional_form(request: VenueSubmit) -> str:
    """What is wrong with an order that awaits its trigger."""
    if request.trigger_by not in (LAST, MARK, INDEX):
        return f"trigger_by: expected last, mark or index, found {request.trigger_by!r}"
    if request.order_kind == TRAILING_STOP and (request.trail is None or request.price is not None):
        return "trail: a trailing_stop says its distance, and has no price"
    if request.order_kind != TRAILING_STOP and request.trigger is None:
        return f"trigger: a {request.order_kind} says its trigger price"
    return "post_only: only a gtc limit order can be post-only" if request.post_only else ""


def known_trigger(request: VenueSubmit, market: Market) -> str:
    """An order that awaits a price which the data do not have would wait for ever."""
    if request.order_kind == PLAIN or request.trigger_by == LAST:
        return ""
    known = market.mark if request.trigger_by == MARK else market.index
    return "" if known else NO_MARK_PRICE if request.trigger_by == MARK else NO_INDEX_PRICE


def prices(request: VenueSubmit, market: Market, rules: Specification) -> str:
    """Limit, trigger and distance on the grid; what a spot order spends is known before it is triggered."""
    if request.order_kind != PLAIN and request.price is None and request.side > 0 and rules.kind == "spot":
        return "price: a buy that awaits its trigger on spot has a limit, so that what it may cost is known"
    for price in (request.price, request.trigger, request.trail):
        if refusal := price_grid(price, market, rules):
            return refusal
    return ""


def price_grid(price: float | None, market: Market, rules: Specification) -> str:
    if price is None:
        return ""
    if price <= 0:
        return f"price: expected more than 0, found {price!r}"
    return _off_grid("tick", price, market.scales.price_decimals, rules.price)


def size_grid(size: float, market: Market, rules: Specification) -> str:
    if size <= 0:
        return f"size: expected more than 0, found {size!r}"
    return _off_grid("lot", size, market.scales.size_decimals, rules.size)


def _off_grid(rule: str, value: float, decimals: int, grid: Grid) -> str:
    try:
        units = to_units(value, decimals)
    except ValueError as error:
        return f"{rule}: {error}"
    if units % (grid.step_units * TEN[decimals - grid.decimals]):
        return f"{rule}: {value!r} is no multiple of {float(grid.step)!r}"
    return f"{rule}: {value!r} is too large" if units > UNITS_MAX else ""


def minimum(order: Order, price: float, market: Market, rules: Specification) -> str:
    """Too small a size or value; a contract order that only reduces may be of any size."""
    if order.reduce_only and rules.kind != "spot":
        return ""
    return minimum_of(order, price, market, rules)


def minimum_of(order: Order, price: float, market: Market, rules: Specification) -> str:
    """The same of any order."""
    if not rules.size_min and not rules.notional_min:
        return ""
    size = market.scales.exact_size(order.size)
    if size < exact(rules.size_min):
        return f"min_size: {float(size)!r} is below {rules.size_min!r}"
    notional = rules.notional(exact(price), size)
    if notional < rules.notional_min:
        return f"min_notional: {float(notional)!r} is below {float(rules.notional_min)!r}"
    return ""


def reducible(order: Order, account: VenueAccount, market: Market, rules: Specification) -> int:
    """How much of a reduce-only order may stand: what is held and no other such order closes."""
    if rules.kind != "spot":
        held = account.quantity(market, order.leg)
        if held * order.side >= 0:
            return 0
        return max(0, abs(held) - account.working_size(order.instrument, order.side, order, reduce_only=True))
    if order.side > 0:
        owed = -account.wallet.total(rules.base).value * 10**market.scales.size_decimals
        return max(0, int(-(-owed.numerator // owed.denominator)))
    free = account.wallet.spendable(rules.base, order.number)
    lot = rules.size.step * 10**market.scales.size_decimals
    held_size = free.value / (1 + account.fees.worst_in_base(rules))
    return max(0, int(held_size / rules.size.step)) * int(lot)


def balance(account: VenueAccount, order: Order, market: Market, rules: Specification, offered: Offered) -> str:
    """Less free money than the order may cost. Locks nothing: what the order itself has locked counts as free."""
    wanted = account.reservation(order, market, rules, offered)
    if not wanted:
        return ""
    for currency in dict.fromkeys(amount.currency for amount in wanted):
        needed = sum((amount.value for amount in wanted if amount.currency == currency), Fraction(0))
        free = account.wallet.spendable(currency, order.number).value
        if needed > free:
            return f"insufficient balance: needs {float(needed)!r} {currency}, has {float(free)!r}"
    return ""


def leverage(
    account: VenueAccount,
    order: Order,
    markets: Mapping[str, Market],
    rules_of: Callable[[str], Specification],
    leverage_max: Fraction,
) -> str:
    """Contracts worth more than equity × leverage, were all that works to trade; what reduces is never refused."""
    rules = rules_of(order.instrument)
    if rules.kind == "spot" or order.only_protects:
        return ""
    held = account.quantity(markets[order.instrument])
    same_side = order.left + account.working_size(order.instrument, order.side, order)
    if held * order.side < 0 and same_side <= abs(held):
        return ""
    lines = _lines(account, order, markets, rules_of, rules.settle)
    if _surely_fits(account, lines, rules.settle, leverage_max):
        return ""
    equity, worth = _equity_and_worth(account, lines, rules.settle)
    if equity <= 0:
        return f"leverage: the equity of {float(equity)!r} {rules.settle} is not above 0"
    if worth > equity * leverage_max:
        most = float(equity * leverage_max)
        return f"leverage: contracts worth {float(worth)!r} {rules.settle} are more than the {most!r} allowed"
    return ""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One market in which an account holds a contract, or may come to."""

    market: Market
    rules: Specification
    price: float
    """0 while nothing is known of the market."""
    size: int
    """The largest position that the working orders and the new one could make."""


def _lines(
    account: VenueAccount,
    order: Order,
    markets: Mapping[str, Market],
    rules_of: Callable[[str], Specification],
    settle: str,
) -> list[Line]:
    buys = dict.fromkeys(account.positions, 0)
    sells = dict(buys)
    for each in account.working.values():
        if each.number != order.number and not each.only_protects:
            _add_left(each, buys, sells)
    _add_left(order, buys, sells)
    lines = []
    for name, bought in buys.items():
        rules, market = rules_of(name), markets[name]
        if rules.kind == "spot" or rules.settle != settle:
            continue
        held = account.quantity(market)
        size = max(abs(held + bought), abs(held - sells[name]))
        lines.append(Line(market, rules, market.value_price() or order.price or 0.0, size))
    return lines


def _add_left(order: Order, buys: dict[str, int], sells: dict[str, int]) -> None:
    name = order.instrument
    buys.setdefault(name, 0)
    sells.setdefault(name, 0)
    (buys if order.side > 0 else sells)[name] += order.left


def _surely_fits(account: VenueAccount, lines: list[Line], settle: str, leverage_max: Fraction) -> bool:
    """In doubles, which are off by far less than the margin that is kept: what is not sure is counted exactly."""
    total, worth = account.wallet.total(settle), 0.0
    equity: float = total.units / TEN[total.scale]
    doubtful = abs(equity)
    for line in lines:
        multiplier = 1.0 if line.rules.multiplier == 1 else float(line.rules.multiplier)
        gain = account.unrealised_nearly(line.market.instrument, line.price, line.rules.inverse) * multiplier
        equity += gain
        doubtful += abs(gain)
        size = line.size / TEN[line.market.scales.size_decimals] * multiplier
        worth += size / line.price if line.rules.inverse and line.price else line.price * size
    sure = equity - DOUBT * doubtful
    return sure > 0 and worth * (1 + DOUBT) < sure * float(leverage_max)


def _equity_and_worth(account: VenueAccount, lines: list[Line], settle: str) -> tuple[Fraction, Fraction]:
    equity, worth = account.wallet.total(settle).value, Fraction(0)
    for line in lines:
        price, rules = line.price, line.rules
        equity += account.unrealised(line.market.instrument, price, rules) if price else 0
        worth += rules.worth(exact(price), line.market.scales.exact_size(line.size)) if price else 0
    return equity, worth
