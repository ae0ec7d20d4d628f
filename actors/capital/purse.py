"""Who may spend how much: cash, reservations of orders on their way, and each strategy's allocation."""

from __future__ import annotations

from typing import Any, NamedTuple

from letrade.actors.capital.orders import Market, Working, WorkingOrders
from letrade.actors.capital.terms import Terms, parts_in
from letrade.core.bookkeeping import AccountBook
from letrade.core.config.desk import Allocation, CapitalConfig, DeskConfig
from letrade.core.fraction import Fraction
from letrade.core.holdings import Holdings, Key
from letrade.core.instruments import Catalogue, Specification
from letrade.core.quantities import FINE_ONE, ONE, exact, fine
from letrade.core.valuation import PriceBoard, value


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
        self._allocations: dict[tuple[str, str], Allocation] = {}
        for each in settings.capital.allocations:
            self._allocations.setdefault((each.account, each.strategy), each)
        self._named = {allocation.account: True for allocation in settings.capital.allocations}
        self._whole = parts_in(leverage)
        """How many parts a unit of currency has: all sums are whole numbers of them."""
        self._terms: dict[Specification, Terms] = {}
        self._slipped: dict[str, tuple[float, float]] = {}
        """(last price, what a market order may fill at) by instrument."""
        self._needs: dict[str, dict[str, tuple[Terms, float, int] | None]] = {}
        """By account and instrument what all shares and orders there take, and the price that it was counted at; None
        when they have changed."""
        self._beyond: dict[Key, tuple[float, int]] = {}
        """What the orders of a share take beyond its margin, with the price that it was counted at."""
        self._active: dict[tuple[str, str], dict[Key, None]] = {}
        """By account and strategy the shares that it has, has orders for, or had."""
        for account in settings.accounts:
            self.books[account.name] = AccountBook(account.balances)

    @property
    def capital(self) -> CapitalConfig:
        return self.settings.capital

    def allocation(self, account: str, strategy: str) -> Allocation | None:
        return self._allocations.get((account, strategy))

    def allocated(self, account: str, strategy: str, now: int) -> Fraction:
        """What the strategy may have at work, in the reporting currency. An account that no allocation names is open
        to all; one that some name, to those alone."""
        allocation = self.allocation(account, strategy)
        if allocation is None:
            return Fraction(0) if account in self._named else self.equity(account, now)
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
        found = self._slipped.get(instrument)
        if found is None or found[0] != last:
            found = self._slipped[instrument] = (last, float(exact(last) * (1 + self.slippage)))
        return max(price or 0.0, found[1])

    def cost(self, specification: Specification, size: int, basis: float) -> Fraction:
        """Cash that opening `size` may take, fees included, in the quote or settle currency."""
        notional = Fraction(size, ONE) * exact(basis) * specification.multiplier
        return notional * (1 / self._leverage(specification) + self.fee(specification))

    def fee(self, specification: Specification) -> Fraction:
        return self.fees.get(specification.id.partition(".")[0], Fraction(0))

    def _leverage(self, specification: Specification) -> Fraction:
        return self.leverage if specification.kind != "spot" else Fraction(1)

    def touch(self, key: Key) -> None:
        """The share of this key or its orders have changed."""
        account, instrument, strategy = key
        self._needs.setdefault(account, {})[instrument] = None
        self._beyond.pop(key, None)
        self._active.setdefault((account, strategy), {})[key] = None

    def terms(self, instrument: str, now: int) -> Terms:
        specification = self.catalogue.at(instrument, now)
        found = self._terms.get(specification)
        if found is None:
            found = self._terms[specification] = Terms(specification, self.leverage, self.fee(specification))
        return found

    def required(self, key: Key, orders: list[Working], now: int) -> int:
        """Parts that a share and these orders of it may take at worst."""
        price = self.board.prices.get(key[1], 0.0)
        return self.terms(key[1], now).required(self.holdings.share(*key), price, orders)

    def _needed(self, account: str, currency: str, working: WorkingOrders, now: int) -> int:
        """By all shares of an account that are paid for in this currency, and their orders."""
        total, prices = 0, self.board.prices
        for instrument, known in self._needs.get(account, {}).items():
            terms = self.terms(instrument, now)
            price = prices.get(instrument, 0.0)
            if terms.currency != currency:
                continue
            if known is None or known[0] is not terms or known[1] != price:
                known = (terms, price, self._count((account, instrument), terms, price, working))
                self._needs[account][instrument] = known
            total += known[2]
        return total

    def _count(self, market: Market, terms: Terms, price: float, working: WorkingOrders) -> int:
        """The margin of all shares, and what orders take beyond it."""
        unit = terms.margin(price)
        total = self.holdings.gross().get(market, 0) * unit
        for key in working.by_market.get(market, ()):
            known = self._beyond.get(key)
            if known is None or known[0] != price:
                share = self.holdings.share(*key)
                beyond = terms.required(share, price, working.of(key)) - abs(share) * unit
                known = self._beyond[key] = (price, beyond)
            total += known[1]
        return total

    def reserved(self, account: str, currency: str, working: WorkingOrders, now: int) -> Fraction:
        """Of one currency of one account, by all strategies, for orders on their way."""
        margins = 0
        for (holder, instrument), held in self.holdings.gross().items():
            terms = self.terms(instrument, now)
            if holder == account and terms.currency == currency:
                margins += held * terms.margin(self.board.prices.get(instrument, 0.0))
        return Fraction(self._needed(account, currency, working, now) - margins, self._whole)

    def free(self, account: str, currency: str, working: WorkingOrders, now: int) -> Fraction:
        """Cash that neither positions on margin nor orders on their way may take."""
        return Fraction(self._free(account, currency, working, now), self._whole)

    def _free(self, account: str, currency: str, working: WorkingOrders, now: int) -> int:
        cash = self.books[account].wallets.get(currency, Fraction(0))
        parts = cash.numerator * self._whole // cash.denominator
        return parts - self._needed(account, currency, working, now)

    def shortage(self, changed: Working, working: WorkingOrders, now: int) -> Shortage | None:
        """Why an order may not be added or changed so; None when it may."""
        key = changed.key
        before = working.of(key)
        after = [order for order in before if order.order_id != changed.order_id] + [changed]
        parts = self.required(key, after, now)
        needed = parts - self.required(key, before, now)
        if needed <= 0:
            return None
        currency = self.terms(changed.instrument, now).currency
        free = self._free(changed.account, currency, working, now)
        if needed > free:
            return Shortage(f"{self.show(free)} {currency} free", f"{self.show(needed)} {currency}")
        reporting = self.settings.desk.reporting_currency
        allowed = self.allocated(changed.account, changed.strategy, now)
        used = self._used(changed, parts, working, now)
        if used is None:
            return Shortage(f"every rate to {reporting} known", "a rate is missing")
        if used * allowed.denominator > allowed.numerator * self._whole:
            most = self.show(allowed.numerator * self._whole // allowed.denominator)
            return Shortage(f"{most} {reporting} allocated", f"{self.show(used)} {reporting} used")
        return None

    def _used(self, changed: Working, own_parts: int, working: WorkingOrders, now: int) -> int | None:
        """Parts of the reporting currency that the strategy has or may come to have at work, rounded up; None without a
        rate. `own_parts` may be taken by the share that the order changes."""
        total, own = 0, changed.key
        for key in self._active.get((changed.account, changed.strategy), {own: None}) | {own: None}:
            share = self.holdings.share(*key)
            orders = working.of(key)
            if key != own and not share and not orders:
                continue
            specification = self.catalogue.at(key[1], now)
            rate = self.board.rate(specification.quote, self.settings.desk.reporting_currency, self.catalogue)
            if rate is None:
                return None
            parts = own_parts if key == own else self.required(key, orders, now)
            parts += self._worth(specification, share)
            total -= -parts * rate.numerator // rate.denominator
        return total

    def _worth(self, specification: Specification, share: int) -> int:
        """A spot asset at the last price, in parts: its cash is at work in it."""
        if specification.kind != "spot" or not share:
            return 0
        return abs(share) * fine(self.board.prices.get(specification.id, 0.0)) * self._whole // (ONE * FINE_ONE)

    def sized(self, account: str, strategy: str, specification: Specification, wish: float, now: int) -> float | None:
        """A direction in [-1, 1] as base units: the fixed fraction of the allocation, rounded down to the lot."""
        side = 1 if wish > 0 else -1
        basis = self.basis(specification.id, side, None)
        allocation = self.allocation(account, strategy)
        sizing = self.capital.sizing_for(allocation) if allocation else self.capital.sizing
        rate = self.board.rate(specification.quote, self.settings.desk.reporting_currency, self.catalogue)
        if basis is None or rate is None:
            return None
        stake = exact(wish) * Fraction(sizing.fraction) * self.allocated(account, strategy, now)
        size = stake / (self.cost(specification, ONE, basis) * rate)
        return specification.size.value_of_steps(int(size / specification.size.step))

    def state(self) -> Any:
        return {
            "holdings": self.holdings.state(),
            "board": self.board.state(),
            "books": [[account, book.state()] for account, book in self.books.items()],
        }

    def restore(self, state: Any) -> None:
        self.holdings.restore(state["holdings"])
        self.board.restore(state["board"])
        for account, book in state["books"]:
            self.books.setdefault(account, AccountBook()).restore(book)
        self._needs.clear()
        self._beyond.clear()
        self._active.clear()
        for key in self.holdings.shares:
            self.touch(key)

    def show(self, parts: int) -> str:
        """With two decimals, towards zero."""
        cents = abs(parts) * 100 // self._whole
        sign = "-" if parts < 0 and cents else ""
        return f"{sign}{cents // 100}.{cents % 100:02d}"
