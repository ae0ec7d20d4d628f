"""Who may spend how much: cash, reservations of orders on their way, and each strategy's allocation."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from letrade.actors.capital.orders import Working, WorkingOrders
from letrade.core.bookkeeping import AccountBook
from letrade.core.config.desk import Allocation, CapitalConfig, DeskConfig
from letrade.core.holdings import Holdings, Key
from letrade.core.instruments import Catalogue, Specification
from letrade.core.money import DEFAULT_SCALE
from letrade.core.quantities import ONE, exact
from letrade.core.valuation import PriceBoard, value

CASH_UNIT = 10**DEFAULT_SCALE


class Shortage(NamedTuple):
    """Why an opening order does not fit: what there is, and what it needs."""

    limit: str
    value: str


class Purse:
    """All accounts' cash as the fills so far leave it, and what may still be spent of it."""

    def __init__(self, settings: DeskConfig, catalogue: Catalogue, leverage: Fraction, slippage: Fraction) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.leverage = leverage
        self.slippage = slippage
        self.holdings = Holdings()
        self.board = PriceBoard()
        self.books: dict[str, AccountBook] = {}
        self.fees = {
            venue.name: max(Fraction(venue.maker_fee), Fraction(venue.taker_fee), Fraction(0))
            for venue in settings.venues
        }
        self._named = {allocation.account: True for allocation in settings.capital.allocations}
        self._extras: dict[Key, tuple[float | None, int]] = {}
        """What working orders may take beyond the margin of their share, and the price that it was counted at."""
        for account in settings.accounts:
            self.books[account.name] = AccountBook(account.balances)

    @property
    def capital(self) -> CapitalConfig:
        return self.settings.capital

    def allocation(self, account: str, strategy: str) -> Allocation | None:
        found = (each for each in self.capital.allocations if (each.account, each.strategy) == (account, strategy))
        return next(found, None)

    def allocated(self, account: str, strategy: str, now: int) -> Fraction | None:
        """What the strategy may have at work, in the reporting currency. An account that some allocation names is
        closed to strategies that none does; one that none names is open to all, to the end of its cash: None."""
        allocation = self.allocation(account, strategy)
        if allocation is None:
            return Fraction(0) if account in self._named else None
        if allocation.amount is not None:
            return Fraction(allocation.amount)
        return Fraction(allocation.fraction or 0) * self.equity(account, now)

    def equity(self, account: str, now: int) -> Fraction:
        """Of the account; its cash in the reporting currency alone while some price is missing."""
        reporting = self.settings.desk.reporting_currency
        known = value(self.books[account], self.board, self.catalogue, reporting, now).equity
        return self.books[account].wallets.get(reporting, Fraction(0)) if known is None else known

    def basis(self, instrument: str, side: int, price: float | None) -> float | None:
        """The worst price to expect: a limit for a buyer; else the market's and what it may slip; None when unknown."""
        if side > 0 and price is not None:
            return price
        last = self.board.prices.get(instrument)
        if last is None:
            return price
        return max(price or 0.0, float(exact(last) * (1 + self.slippage)))

    def cost(self, specification: Specification, size: int, basis: float) -> Fraction:
        """Cash that opening `size` may take, fees included, in the quote or settle currency."""
        notional = Fraction(size, ONE) * exact(basis) * specification.multiplier
        return notional * (1 / self._leverage(specification) + self.fee(specification))

    def fee(self, specification: Specification) -> Fraction:
        return self.fees.get(specification.id.partition(".")[0], Fraction(0))

    def _leverage(self, specification: Specification) -> Fraction:
        return self.leverage if specification.kind != "spot" else Fraction(1)

    def required(self, key: Key, orders: list[Working], now: int) -> Fraction:
        """Cash that one share and its working orders may take at worst, whichever of them fill and in which order.

        The position stays between what all sells and what all buys lead to: what closes first costs nothing.
        """
        specification = self.catalogue.at(key[1], now)
        share = self.holdings.share(*key)
        held = self._margin(specification, abs(share))
        long, short = (held, Fraction(0)) if share > 0 else (Fraction(0), held)
        long += self._opening_cost(specification, -share, [order for order in orders if order.side > 0])
        short += self._opening_cost(specification, share, [order for order in orders if order.side < 0])
        return max(held, long, short)

    def _margin(self, specification: Specification, held: int) -> Fraction:
        """What shares hold back, whichever way: a spot asset is paid for, and holds back nothing."""
        if specification.kind == "spot" or not held:
            return Fraction(0)
        price = exact(self.board.prices.get(specification.id, 0.0))
        return Fraction(held, ONE) * price * specification.multiplier / self._leverage(specification)

    def _opening_cost(self, specification: Specification, against: int, orders: list[Working]) -> Fraction:
        """Of what orders of one side open beyond closing `against`, the dearest of them last."""
        closing, total = max(0, against), Fraction(0)
        for order in sorted(orders, key=lambda order: order.basis):
            closed = min(closing, order.remaining)
            closing -= closed
            if order.remaining > closed:
                total += self.cost(specification, order.remaining - closed, order.basis)
        return total

    def touch(self, key: Key) -> None:
        """The share of this key or its orders have changed."""
        self._extras.pop(key, None)

    def _extra(self, key: Key, working: WorkingOrders, now: int) -> int:
        """Cash units that the orders of a share may take beyond its margin, rounded up."""
        specification = self.catalogue.at(key[1], now)
        price = None if specification.kind == "spot" else self.board.prices.get(key[1])
        found = self._extras.get(key)
        if found is None or found[0] != price:
            needed = self.required(key, working.of(key), now)
            extra = needed - self._margin(specification, abs(self.holdings.share(*key)))
            found = self._extras[key] = (price, -int(-extra * CASH_UNIT // 1))
        return found[1]

    def reserved(self, account: str, currency: str, working: WorkingOrders, now: int) -> Fraction:
        """Of one currency of one account, by all strategies, for orders on their way."""
        keys = (key for key in working.by_key if key[0] == account and self._currency(key[1], now) == currency)
        return Fraction(sum(self._extra(key, working, now) for key in keys), CASH_UNIT)

    def _margins(self, account: str, currency: str, now: int) -> Fraction:
        found = (
            self._margin(self.catalogue.at(instrument, now), held)
            for (holder, instrument), held in self.holdings.gross().items()
            if holder == account and held and self._currency(instrument, now) == currency
        )
        return sum(found, Fraction(0))

    def _currency(self, instrument: str, now: int) -> str:
        """What opening in an instrument is paid with."""
        specification = self.catalogue.at(instrument, now)
        return specification.quote if specification.kind == "spot" else specification.settle

    def free(self, account: str, currency: str, working: WorkingOrders, now: int) -> Fraction:
        """Cash that neither positions on margin nor orders on their way may take."""
        cash = self.books[account].wallets.get(currency, Fraction(0))
        return cash - self._margins(account, currency, now) - self.reserved(account, currency, working, now)

    def shortage(self, changed: Working, working: WorkingOrders, now: int) -> Shortage | None:
        """Why an order may not be added or changed so; None when it may."""
        key = changed.key
        before = working.of(key)
        after = [order for order in before if order.order_id != changed.order_id] + [changed]
        needed = self.required(key, after, now) - self.required(key, before, now)
        if needed <= 0:
            return None
        currency = self._currency(changed.instrument, now)
        free = self.free(changed.account, currency, working, now)
        if needed > free:
            return Shortage(f"{show(free)} {currency} free", f"{show(needed)} {currency}")
        allowed = self.allocated(changed.account, changed.strategy, now)
        if allowed is None:
            return None
        reporting = self.settings.desk.reporting_currency
        used = self._used(changed, after, working, now)
        if used is None:
            return Shortage(f"every rate to {reporting} known", "a rate is missing")
        if used > allowed:
            return Shortage(f"{show(allowed)} {reporting} allocated", f"{show(used)} {reporting} used")
        return None

    def _used(self, changed: Working, after: list[Working], working: WorkingOrders, now: int) -> Fraction | None:
        """What the strategy has or may come to have at work, in the reporting currency; None without a rate."""
        total = Fraction(0)
        for key in dict.fromkeys([*self.holdings.shares, *working.by_key, changed.key]):
            if (key[0], key[2]) != (changed.account, changed.strategy):
                continue
            specification = self.catalogue.at(key[1], now)
            rate = self.board.rate(specification.quote, self.settings.desk.reporting_currency, self.catalogue)
            if rate is None:
                return None
            orders = after if key == changed.key else working.of(key)
            total += (self.required(key, orders, now) + self._worth(specification, self.holdings.share(*key))) * rate
        return total

    def _worth(self, specification: Specification, share: int) -> Fraction:
        """A spot asset at the last price: its cash is at work in it."""
        if specification.kind != "spot":
            return Fraction(0)
        return Fraction(abs(share), ONE) * exact(self.board.prices.get(specification.id, 0.0))

    def sized(self, account: str, strategy: str, specification: Specification, wish: float, now: int) -> float | None:
        """A direction in [-1, 1] as base units: the fixed fraction of the allocation, rounded down to the lot."""
        side = 1 if wish > 0 else -1
        basis = self.basis(specification.id, side, None)
        allocation = self.allocation(account, strategy)
        sizing = self.capital.sizing_for(allocation) if allocation else self.capital.sizing
        rate = self.board.rate(specification.quote, self.settings.desk.reporting_currency, self.catalogue)
        if basis is None or rate is None:
            return None
        allocated = self.allocated(account, strategy, now)
        stake = (
            exact(wish) * Fraction(sizing.fraction) * (self.equity(account, now) if allocated is None else allocated)
        )
        size = stake / (self.cost(specification, ONE, basis) * rate)
        return specification.size.value_of_steps(int(size / specification.size.step))

    def state(self) -> Any:
        return {
            "holdings": self.holdings.state(),
            "board": self.board.state(),
            "books": [[account, book.state()] for account, book in self.books.items()],
        }

    def restore(self, state: Any) -> None:
        self._extras.clear()
        self.holdings.restore(state["holdings"])
        self.board.restore(state["board"])
        for account, book in state["books"]:
            self.books.setdefault(account, AccountBook()).restore(book)


def show(amount: Fraction) -> str:
    """With two decimals, towards zero."""
    cents = int(amount * 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
