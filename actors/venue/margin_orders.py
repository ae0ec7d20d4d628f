"""Whether an account has the margin for an order, and whether its tiers allow the position that could follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from letrade.actors.venue import rules as plain
from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.margin import CROSS, Margins
from letrade.actors.venue.margin_sums import ZERO, initial_rate, row_at
from letrade.actors.venue.market import Market
from letrade.actors.venue.orders import Order
from letrade.core.fraction import Fraction
from letrade.core.instruments import Specification
from letrade.core.legs import SIDES, split
from letrade.core.quantities import exact

Offered = Sequence[tuple[float, int]]
"""Prices and sizes that an order would meet."""


class Exposure:
    """What one contract, or leg of one, is worth to an account: held at the mark, and all that its orders could add on
    either side."""

    def __init__(self, margins: Margins, account: VenueAccount, market: Market, leg: str = "") -> None:
        self._margins, self._market = margins, market
        self.leg = leg
        self.rules = margins.rules_of(market.instrument)
        self.setting = margins.setting(account.name, market.instrument)
        self.price = exact(margins.price(market))
        self.held = account.quantity(market, leg)
        self.sizes = {1: 0, -1: 0}
        self.values = {1: ZERO, -1: ZERO}

    @property
    def counts_contracts(self) -> bool:
        """Whether tiers are looked up by contracts, not by what they are worth."""
        return self._margins.rules.tiers_by == "contracts"

    def add(self, order: Order, price: Fraction, offered: Offered = ()) -> None:
        """At its price, or where the market offers worse ones for margin at once, at these."""
        if order.only_protects or order.reduce_only:
            return
        left = order.left - sum(size for _, size in offered)
        at_once = sum((self._worth(exact(each), size) for each, size in offered), ZERO) + self._worth(price, left)
        self.sizes[order.side] += order.left
        self.values[order.side] += max(self._worth(price, order.left), at_once)

    def _worth(self, price: Fraction, size: int) -> Fraction:
        return self.rules.worth(price, self._market.scales.exact_size(size))

    def largest(self, side: int) -> Fraction:
        """The largest position on a side, in what tiers are looked up by; at the mark, or the orders' own prices."""
        if self.counts_contracts:
            return self._market.scales.exact_size(max(0, side * self.held + self.sizes[side]))
        return max(ZERO, side * self._held_value() + self.values[side])

    def _held_value(self) -> Fraction:
        if not self.held:
            return ZERO
        return self.rules.worth(self.price, self._market.scales.exact_size(abs(self.held)) * self._side_held())

    def _side_held(self) -> int:
        return 1 if self.held > 0 else -1

    def initial(self) -> Fraction:
        """Cross margin: of the larger side. Isolated: of what that is more than the position, which has its own."""
        held = self._held_value()
        ways = [(abs(held + side * self.values[side]), side) for side in (1, -1)]
        value, side = max(ways)
        if self.setting.mode != CROSS:
            value = max(ZERO, value - abs(held))
        if self.sizes[side] == 0:
            side = self._side_held()
        lean = -side if self.rules.inverse else side
        return value * initial_rate(self._margins.rules, lean, self.setting.leverage, self._margins.taker_fee)


def exposures(margins: Margins, account: VenueAccount, settle: str, but: int = 0) -> dict[str, Exposure]:
    """By the positions of one settle currency, and those that orders may open; without the order of this number."""
    names = dict.fromkeys([*account.positions, *(order.position for order in account.working.values())])
    found: dict[str, Exposure] = {}
    for name in names:
        instrument, leg = split(name)
        rules, market = margins.rules_of(instrument), margins.market(instrument)
        if rules.kind != "spot" and rules.settle == settle and market is not None:
            found[name] = Exposure(margins, account, market, leg)
    for order in account.working.values():
        if order.number != but and order.position in found:
            exposure = found[order.position]
            exposure.add(order, exact(order.price or order.trigger) or exposure.price)
    return found


def free_margin(
    margins: Margins, account: VenueAccount, settle: str, found: dict[str, Exposure], but: int = 0
) -> Fraction | None:
    """Equity that no position and no order needs, or has locked (but the one of this number); None while a mark is not
    known. A coin without a price counts for nothing."""
    unit = margins.cross(account, settle, judged=False)
    if unit is None:
        return None
    needed = sum((exposure.initial() for exposure in found.values()), ZERO)
    return unit.equity - needed - locked(account, settle, but)


def locked(account: VenueAccount, currency: str, but: int = 0) -> Fraction:
    """What orders have set aside of a balance, but the one of this number."""
    return account.wallet.total(currency).value - account.wallet.spendable(currency, but).value


def overspent(
    margins: Margins, account: VenueAccount, order: Order, market: Market, rules: Specification, offered: Offered
) -> str:
    """Why a spot order is refused that would be paid with what contracts need; their gains pay for nothing."""
    needed: dict[str, Fraction] = {}
    for each in account.reservation(order, market, rules, list(offered)):
        needed[each.currency] = needed.get(each.currency, ZERO) + each.value
    for currency, amount in needed.items():
        if not (found := exposures(margins, account, currency, order.number)):
            continue
        free = free_margin(margins, account, currency, found, order.number)
        if free is None:
            return "insufficient balance: a mark of a contract that it backs is not known"
        most = min(free, margins.cross_balance(account, currency) - locked(account, currency, order.number))
        if amount > most:
            return f"insufficient balance: needs {float(amount)!r} {currency}, contracts leave {float(most)!r}"
    return ""


def refusal(
    margins: Margins, account: VenueAccount, order: Order, market: Market, rules: Specification, price: float,
    offered: Offered = (),
) -> str:  # fmt: skip
    """Why a contract order is refused; one that only reduces never is."""
    if rules.kind == "spot" or order.only_protects:
        return ""
    held = account.quantity(market, order.leg)
    same_side = order.left + account.working_size(order.instrument, order.side, order)
    if held * order.side < 0 and same_side <= abs(held):
        return ""
    rows, codes = margins.rows(rules), margins.codes
    if margins.is_liquidating(account, order.position):
        return str(codes.liquidating)
    if not rows:
        return f"the leverage tiers of {order.instrument} are not known: add tiers to [venue.margin]"
    found = exposures(margins, account, rules.settle, order.number)
    exposure = found.setdefault(order.position, Exposure(margins, account, market, order.leg))
    exposure.add(order, exact(price), offered)
    largest, leverage = _largest(exposure, order, found), exposure.setting.leverage
    row = rows[row_at(rows, largest)]
    if (row.cap is not None and largest > row.cap) or (row.leverage_max is not None and leverage > row.leverage_max):
        return f"{codes.order_tier}: {float(largest):g} at leverage {float(leverage):g}"
    free = free_margin(margins, account, rules.settle, found)
    if free is None or free < 0:
        missing = "a mark is not known" if free is None else f"{float(-free):g} {rules.settle} is missing"
        return f"{codes.order_margin}: {missing}"
    return ""


def _largest(exposure: Exposure, order: Order, found: Mapping[str, Exposure]) -> Fraction:
    """The largest position that the tiers allow or not: what they look up by both legs together, with the other leg."""
    legs = [each for name, each in found.items() if split(name)[0] == order.instrument and each.leg != order.leg]
    together = exposure.counts_contracts and exposure.setting.mode == CROSS
    return exposure.largest(order.side) + sum((each.largest(SIDES[each.leg]) for each in legs if together), ZERO)


def minimum(margins: Margins, order: Order, price: float, held: int, market: Market, rules: Specification) -> str:
    """The least size and notional, with those exempt whom the venue exempts."""
    closes = order.reduce_only and (margins.rules.small_orders == "reducing" or order.left >= abs(held))
    if rules.kind != "spot" and closes:
        return ""
    found = plain.minimum_of(order, price, market, rules)
    return f"{margins.codes.order_small}: {found}" if found and rules.kind != "spot" else found
