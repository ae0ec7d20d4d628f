"""Who may spend how much: cash, reservations of orders on their way, and each strategy's allocation."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from letrade.actors.capital.orders import Working
from letrade.core.bookkeeping import AccountBook
from letrade.core.config.desk import Allocation, CapitalConfig, DeskConfig
from letrade.core.holdings import Holdings
from letrade.core.instruments import Catalogue, Specification
from letrade.core.quantities import ONE, exact, units
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
        for account in settings.accounts:
            self.books[account.name] = AccountBook(account.balances)

    @property
    def capital(self) -> CapitalConfig:
        return self.settings.capital

    def allocation(self, account: str, strategy: str) -> Allocation | None:
        found = (each for each in self.capital.allocations if (each.account, each.strategy) == (account, strategy))
        return next(found, None)

    def allocated(self, account: str, strategy: str, now: int) -> Fraction:
        """What the strategy may have at work, in the reporting currency. An account that no allocation names is open
        to all; one that some name, to those alone."""
        equity = self.equity(account, now)
        allocation = self.allocation(account, strategy)
        if allocation is None:
            named = any(each.account == account for each in self.capital.allocations)
            return Fraction(0) if named else equity
        if allocation.amount is not None:
            return Fraction(allocation.amount)
        return Fraction(allocation.fraction or 0) * equity

    def equity(self, account: str, now: int) -> Fraction:
        """Of the account; its cash in the reporting currency alone while some price is missing."""
        reporting = self.settings.desk.reporting_currency
        valuation = value(self.books[account], self.board, self.catalogue, reporting, now)
        known = valuation.equity
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
        leverage = self.leverage if specification.kind != "spot" else Fraction(1)
        return notional * (1 / leverage + self.fee(specification))

    def fee(self, specification: Specification) -> Fraction:
        return self.fees.get(specification.id.partition(".")[0], Fraction(0))

    def reservation(self, order: Working, now: int) -> Fraction:
        """What one order on its way still holds back."""
        opening = min(units(order.opening), order.remaining)
        return self.cost(self.catalogue.at(order.instrument, now), opening, order.basis) if opening else Fraction(0)

    def reserved(self, account: str, currency: str, working: Iterable[Working], now: int) -> Fraction:
        """Of one currency of one account, by all strategies."""
        return sum(
            (
                self.reservation(order, now)
                for order in working
                if order.account == account and cash_currency(self.catalogue.at(order.instrument, now)) == currency
            ),
            Fraction(0),
        )

    def shortage(self, order: Working, working: list[Working], now: int) -> Shortage | None:
        """Why the opening part of an order that is not among `working` does not fit; None when it does."""
        specification = self.catalogue.at(order.instrument, now)
        currency = cash_currency(specification)
        needed = self.reservation(order, now)
        free = self.free(order, currency, working, now)
        if needed > free:
            return Shortage(f"{show(free)} {currency} free", f"{show(needed)} {currency}")
        reporting = self.settings.desk.reporting_currency
        allowed = self.allocated(order.account, order.strategy, now)
        used, more = self._used(order, working, now), self._reported([(currency, needed)])
        if used is None or more is None:
            return Shortage(f"every rate to {reporting} known", "a rate is missing")
        if used + more > allowed:
            return Shortage(f"{show(allowed)} {reporting} allocated", f"{show(used + more)} {reporting} used")
        return None

    def free(self, order: Working, currency: str, working: list[Working], now: int) -> Fraction:
        """Cash that neither positions on margin nor other orders hold."""
        cash = self.books[order.account].wallets.get(currency, Fraction(0))
        margin = sum(
            (
                self._worth(instrument, share, now) / self.leverage
                for (account, instrument, strategy), share in self.holdings.shares.items()
                if account == order.account
                and not _closed_first(order, instrument, strategy, share)
                and self._margin_currency(instrument, now) == currency
            ),
            Fraction(0),
        )
        return cash - margin - self.reserved(order.account, currency, working, now)

    def _margin_currency(self, instrument: str, now: int) -> str:
        specification = self.catalogue.at(instrument, now)
        return specification.settle if specification.kind != "spot" else ""

    def _worth(self, instrument: str, share: int, now: int) -> Fraction:
        """|share| at the last price, in the quote currency."""
        specification = self.catalogue.at(instrument, now)
        price = exact(self.board.prices.get(instrument, 0.0))
        return Fraction(abs(share), ONE) * price * specification.multiplier

    def _used(self, order: Working, working: list[Working], now: int) -> Fraction | None:
        """What the strategy has at work in the account, in the reporting currency; None while a rate is missing."""
        parts: list[tuple[str, Fraction]] = []
        for (account, instrument, strategy), share in self.holdings.shares.items():
            mine = (account, strategy) == (order.account, order.strategy)
            if mine and not _closed_first(order, instrument, strategy, share):
                specification = self.catalogue.at(instrument, now)
                leverage = self.leverage if specification.kind != "spot" else 1
                parts.append((specification.quote, self._worth(instrument, share, now) / leverage))
        for other in working:
            if (other.account, other.strategy) == (order.account, order.strategy):
                currency = cash_currency(self.catalogue.at(other.instrument, now))
                parts.append((currency, self.reservation(other, now)))
        return self._reported(parts)

    def _reported(self, parts: list[tuple[str, Fraction]]) -> Fraction | None:
        """The sum of amounts by currency, in the reporting currency."""
        total = Fraction(0)
        for currency, amount in parts:
            rate = self.board.rate(currency, self.settings.desk.reporting_currency, self.catalogue)
            if rate is None:
                return None
            total += amount * rate
        return total

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


def _closed_first(order: Working, instrument: str, strategy: str, share: int) -> bool:
    """A share that lies against the order is closed before the order opens anything."""
    return (instrument, strategy) == (order.instrument, order.strategy) and share * order.side < 0


def cash_currency(specification: Specification) -> str:
    """What opening in an instrument is paid with."""
    return specification.quote if specification.kind == "spot" else specification.settle


def show(amount: Fraction) -> str:
    """With two decimals, towards zero."""
    cents = int(amount * 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"
