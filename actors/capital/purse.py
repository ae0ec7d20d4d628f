"""Who may spend how much: cash, reservations of orders on their way, and each strategy's allocation."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from letrade.actors.capital.beside import Beside
from letrade.actors.capital.orders import Market, Working, WorkingOrders
from letrade.actors.capital.shifts import Shifts
from letrade.actors.capital.terms import Terms, parts_in
from letrade.core.bookkeeping import AccountBook
from letrade.core.config.capital import Allocation, CapitalConfig
from letrade.core.config.desk import DeskConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.holdings import Holdings, Key
from letrade.core.instruments import Catalogue, Specification
from letrade.core.quantities import FINE_ONE, ONE, decimal_units, exact, fine
from letrade.core.valuation import PriceBoard, totals


class Shortage(NamedTuple):
    """Why an opening order does not fit: what there is, and what it needs."""

    limit: str
    value: str


class Ratio(msgspec.Struct, frozen=True, gc=False):
    """An exact amount as numerator / denominator, not reduced."""

    numerator: int
    denominator: int


NOTHING = Ratio(0, 1)


class Purse:
    """All accounts' cash as the fills so far leave it, and what may still be spent of it."""

    def __init__(self, settings: DeskConfig, catalogue: Catalogue, leverage: Fraction, slippage: Fraction) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.leverage = leverage
        self._slip = 1 + slippage
        self.holdings = Holdings()
        self.board = PriceBoard()
        self.books: dict[str, AccountBook] = {}
        self.shifts = Shifts()
        self.fees = {venue.name: read_fraction(venue.fee_max) for venue in settings.venues}
        self._allocations: dict[tuple[str, str], Allocation] = {}
        for each in settings.capital.allocations:
            self._allocations.setdefault((each.account, each.strategy), each)
        self._shares_of = {
            key: (None if each.amount is None else read_fraction(each.amount), read_fraction(each.fraction or 0))
            for key, each in self._allocations.items()
        }
        """(amount, fraction of the equity) of each allocation."""
        self._named = {allocation.account: True for allocation in settings.capital.allocations}
        self._reporting = settings.desk.reporting_currency
        self._parts_in_fine = leverage.numerator
        """How many parts 1e-96 of a currency has."""
        self._whole = parts_in(leverage)
        """How many parts a unit of currency has: all sums are whole numbers of them."""
        self._terms: dict[Specification, Terms] = {}
        lenders = {account.venue for account in settings.accounts if account.borrow}
        self._levels = {
            (venue.name, currency): read_fraction(terms.level)
            for venue in settings.venues
            if venue.name in lenders
            for currency, terms in venue.borrow.items()
        }
        """By venue and coin, what a short share on spot holds back as a multiple of its worth."""
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
        self.beside = Beside(settings, catalogue, self.books)

    @property
    def capital(self) -> CapitalConfig:
        return self.settings.capital

    def allocation(self, account: str, strategy: str) -> Allocation | None:
        return self._allocations.get((account, strategy))

    def allocated(self, account: str, strategy: str, now: int) -> Ratio:
        """What the strategy may have at work, in units of 1e-96 of the reporting currency. An account that no
        allocation names is open to all; one that some name, to those alone."""
        share = self._shares_of.get((account, strategy))
        if share is None:
            known = NOTHING if account in self._named else self.equity(account, now)
        elif share[0] is not None:
            known = Ratio(share[0].numerator * FINE_ONE, share[0].denominator)
        else:
            known = self._part(share[1], account, now)
        shift = self.shifts.of(account, strategy) if account in self._named else 0
        if not shift:
            return known
        shifted = Fraction(known.numerator, known.denominator) + shift * FINE_ONE
        return Ratio(max(0, shifted.numerator), shifted.denominator)

    def _part(self, fraction: Fraction, account: str, now: int) -> Ratio:
        """Of the account's equity, less what strategies have moved in or out by themselves; where earnings are settled,
        of the first equity that was known."""
        equity = self.equity(account, now)
        if self.capital.settle is not None and (base := self._base(account, now)) is not None:
            equity = Ratio(base, 1)
        elif self.shifts:
            equity = self._unmoved(account, equity)
        return Ratio(fraction.numerator * equity.numerator, fraction.denominator * equity.denominator)

    def _base(self, account: str, now: int) -> int | None:
        """In units of 1e-96; None while some price is missing."""
        if account not in self.shifts.bases:
            known = totals(self.books[account], self.board, self.catalogue, self._reporting, now)
            if known.missing:
                return None
            unmoved = self._unmoved(account, Ratio(known.equity, 1))
            self.shifts.bases[account] = unmoved.numerator // unmoved.denominator
        return self.shifts.bases[account]

    def _unmoved(self, account: str, equity: Ratio) -> Ratio:
        """As if strategies had moved nothing: what is held back to leave has not left yet."""
        moved = self.shifts.total(account)
        for currency, amount in self.shifts.held_back(account).items():
            moved += self.worth(currency, amount) or 0
        left = Fraction(equity.numerator, equity.denominator) - moved * FINE_ONE
        return Ratio(left.numerator, left.denominator)

    def is_allocated(self, account: str) -> bool:
        """Whether allocations name it, so that it is theirs alone."""
        return account in self._named

    def strategies_of(self, account: str) -> list[str]:
        """Those with an allocation there."""
        return [strategy for holder, strategy in self._shares_of if holder == account]

    def worth(self, currency: str, amount: Fraction) -> Fraction | None:
        """In the reporting currency; None without a rate."""
        rate = self.board.rate(currency, self._reporting, self.catalogue)
        return None if rate is None else amount * rate

    def equity(self, account: str, now: int) -> Ratio:
        """Of the account; its cash in the reporting currency alone while some price is missing."""
        book, reporting = self.books[account], self._reporting
        known = totals(book, self.board, self.catalogue, reporting, now)
        if not known.missing:
            return Ratio(known.equity, 1)
        cash = book.wallets.get(reporting)
        return NOTHING if cash is None else Ratio(cash.numerator * FINE_ONE, cash.denominator)

    def basis(self, instrument: str, side: int, price: float | None) -> float | None:
        """The worst price to expect: a limit for a buyer; else the market's and what it may slip; None when unknown. Of
        an inverse contract, which is dearer the lower its price is, a limit for a seller."""
        inverse = self.is_inverse(instrument)
        if side != (-1 if inverse else 1):
            return self._slipped_price(instrument, price, inverse)
        return self._slipped_price(instrument, None, inverse) if price is None else price

    def is_inverse(self, instrument: str) -> bool:
        return instrument in self.catalogue and self.catalogue.at(instrument, 0).inverse

    def _slipped_price(self, instrument: str, price: float | None, inverse: bool) -> float | None:
        """The dearer of a price and the market's with its slippage."""
        last = self.board.prices.get(instrument)
        if last is None:
            return price
        found = self._slipped.get(instrument)
        if found is None or found[0] != last:
            digits, decimals = decimal_units(last)
            up, down = self._slip.numerator, self._slip.denominator
            slipped = digits * down / (10**decimals * up) if inverse else digits * up / (10**decimals * down)
            found = self._slipped[instrument] = (last, slipped)
        return found[1] if price is None else (min if inverse else max)(price, found[1])

    def cost(self, specification: Specification, size: int, basis: float) -> Fraction:
        """Cash that opening `size` may take, fees included, in `specification.currency`."""
        notional = specification.worth(exact(basis), Fraction(size, ONE))
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
            level = self._levels.get((specification.id.partition(".")[0], specification.base))
            found = self._terms[specification] = Terms(specification, self.leverage, self.fee(specification), level)
        return found

    def required(self, key: Key, orders: list[Working], now: int) -> int:
        """Parts that a share and these orders of it may take at worst."""
        terms, share = self.terms(key[1], now), self.holdings.shares.get(key, 0)
        unit = terms.unit(share, self.board.prices.get(key[1], 0.0))
        return abs(share) * unit + terms.beyond(share, unit, orders)

    def _needed(self, account: str, currency: str, working: WorkingOrders, now: int) -> int:
        """By all shares of an account that are paid for in this currency, and their orders."""
        total, prices = 0, self.board.prices
        needs = self._needs.get(account)
        if not needs:
            return 0
        for instrument, known in needs.items():
            terms = self.terms(instrument, now)
            price = prices.get(instrument, 0.0)
            if terms.currency != currency:
                continue
            if known is None or known[0] is not terms or known[1] != price:
                known = (terms, price, self._count((account, instrument), terms, price, working))
                needs[instrument] = known
            total += known[2]
        return total

    def _count(self, market: Market, terms: Terms, price: float, working: WorkingOrders) -> int:
        """The margin of all shares, and what orders take beyond it."""
        total = self._held_back(market, terms, price)
        for key in working.by_market.get(market, ()):
            known = self._beyond.get(key)
            if known is None or known[0] != price:
                share = self.holdings.shares.get(key, 0)
                beyond = terms.beyond(share, terms.unit(share, price), working.of(key))
                known = self._beyond[key] = (price, beyond)
            total += known[1]
        return total

    def _held_back(self, market: Market, terms: Terms, price: float) -> int:
        """The margin of all shares."""
        if not terms.lent:
            return self.holdings.gross().get(market, 0) * terms.margin(price)
        shares = self.holdings.of_account(market[0]).get(market[1], {}).values()
        return sum(abs(share) * terms.unit(share, price) for share in shares)

    def reserved(self, account: str, currency: str, working: WorkingOrders, now: int) -> Fraction:
        """Of one currency of one account, by all strategies, for orders on their way."""
        margins = 0
        for market in self.holdings.gross():
            terms = self.terms(market[1], now)
            if market[0] == account and terms.currency == currency:
                margins += self._held_back(market, terms, self.board.prices.get(market[1], 0.0))
        return Fraction(self._needed(account, currency, working, now) - margins, self._whole)

    def free(self, account: str, currency: str, working: WorkingOrders, now: int) -> Fraction:
        """Cash that neither positions on margin nor orders on their way may take, without coins that back them."""
        return Fraction(self._free(account, currency, working, now), self._whole)

    def _free(self, account: str, currency: str, working: WorkingOrders, now: int) -> int:
        cash = self.books[account].wallets.get(currency)
        parts = 0 if cash is None else cash.numerator * self._whole // cash.denominator
        if leaving := self.shifts.leaving(account, currency):
            parts -= -(-leaving.numerator * self._whole // leaving.denominator)
        return parts - self._needed(account, currency, working, now)

    def shortage(self, changed: Working, working: WorkingOrders, now: int) -> Shortage | None:
        """Why an order may not be added or changed so; None when it may."""
        key = changed.key
        before = working.of(key)
        after = before
        if changed.order_id in working.by_id:
            after = [order for order in before if order.order_id != changed.order_id]
        after = [*after, changed]
        terms, share = self.terms(changed.instrument, now), self.holdings.shares.get(key, 0)
        price = self.board.prices.get(changed.instrument, 0.0)
        unit = terms.unit(share, price)
        present, wanted = terms.beyond(share, unit, before), terms.beyond(share, unit, after)
        if before:
            self._beyond[key] = (price, present)
        needed = wanted - present
        if needed <= 0:
            return None
        free = self._free(changed.account, terms.currency, working, now)
        if terms.contract and (beside := self.beside.worth(changed.account, terms.currency)):
            free += beside.numerator * self._whole // beside.denominator
        if needed > free:
            return Shortage(f"{self.show(free)} {terms.currency} free", f"{self.show(needed)} {terms.currency}")
        return self._overdrawn(key, abs(share) * unit + wanted, working, now)

    def _overdrawn(self, key: Key, parts: int, working: WorkingOrders, now: int) -> Shortage | None:
        """Whether the strategy would have more at work than it may; its share of this key takes `parts`."""
        reporting = self._reporting
        used = self._used(key, parts, working, now)
        if used is None:
            return Shortage(f"every rate to {reporting} known", "a rate is missing")
        allowed = self.allocated(key[0], key[2], now)
        if used * allowed.denominator > allowed.numerator * self._parts_in_fine:
            most = self.show(allowed.numerator * self._parts_in_fine // allowed.denominator)
            return Shortage(f"{most} {reporting} allocated", f"{self.show(used)} {reporting} used")
        return None

    def _used(self, own: Key, own_parts: int, working: WorkingOrders, now: int) -> int | None:
        """Parts of the reporting currency that the strategy has or may come to have at work, rounded up; None without a
        rate. `own_parts` may be taken by the share of the key that changes."""
        total = self._reported(own, own_parts, now)
        for key in self._active.get((own[0], own[2]), ()):
            if total is None or key == own:
                continue
            orders = working.of(key)
            if orders or key in self.holdings.shares:
                more = self._reported(key, self.required(key, orders, now), now)
                total = None if more is None else total + more
        return total

    def at_work(self, account: str, strategy: str, working: WorkingOrders, now: int) -> Fraction | None:
        """What the strategy has or may come to have at work, in the reporting currency; None without a rate."""
        total: int | None = 0
        for key in self._active.get((account, strategy), ()):
            orders = working.of(key)
            if orders or key in self.holdings.shares:
                more = self._reported(key, self.required(key, orders, now), now)
                total = None if more is None or total is None else total + more
        return None if total is None else Fraction(total, self._whole)

    def _reported(self, key: Key, parts: int, now: int) -> int | None:
        """What a share takes, and what a spot asset is worth, in the reporting currency."""
        specification = self.catalogue.at(key[1], now)
        if specification.kind == "spot":
            share = self.holdings.shares.get(key, 0)
            parts += 0 if share < 0 and self.terms(key[1], now).lent else self._worth(specification, share)
        if specification.currency == self._reporting:
            return parts
        rate = self.board.rate(specification.currency, self._reporting, self.catalogue)
        return None if rate is None else -(-parts * rate.numerator // rate.denominator)

    def _worth(self, specification: Specification, share: int) -> int:
        """A spot asset at the last price, in parts: its cash is at work in it."""
        if not share:
            return 0
        return abs(share) * fine(self.board.prices.get(specification.id, 0.0)) * self._whole // (ONE * FINE_ONE)

    def sized(self, account: str, strategy: str, specification: Specification, wish: float, now: int) -> float | None:
        """A direction in [-1, 1] as base units: the fixed fraction of the allocation, rounded down to the lot."""
        side = 1 if wish > 0 else -1
        basis = self.basis(specification.id, side, None)
        allocation = self.allocation(account, strategy)
        sizing = self.capital.sizing_for(allocation) if allocation else self.capital.sizing
        rate = self.board.rate(specification.currency, self._reporting, self.catalogue)
        if basis is None or rate is None:
            return None
        allowed = self.allocated(account, strategy, now)
        stake = (
            exact(wish) * read_fraction(sizing.fraction) * Fraction(allowed.numerator, allowed.denominator * FINE_ONE)
        )
        size = stake / (self.cost(specification, ONE, basis) * rate)
        return specification.size.value_of_steps(int(size / specification.size.step))

    def state(self) -> Any:
        return {
            "holdings": self.holdings.state(),
            "board": self.board.state(),
            "shifts": self.shifts.state(),
            "beside": self.beside.state(),
            "books": [[account, book.state()] for account, book in self.books.items()],
        }

    def restore(self, state: Any) -> None:
        self.holdings.restore(state["holdings"])
        self.board.restore(state["board"])
        self.shifts.restore(state["shifts"])
        self.beside.restore(state.get("beside", []))
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
