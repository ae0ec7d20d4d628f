"""The ledger: books every fill and cash entry once, in two ledgers that must agree, and compares with venues."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from letrade.actors.ledger.differences import Difference, differences
from letrade.actors.ledger.shares import Share, Shares
from letrade.actors.ledger.transit import Transit
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.bookkeeping import AccountBook, average_price, held_units
from letrade.core.config.desk import DeskConfig
from letrade.core.config.values import NotNegative, PositiveDuration
from letrade.core.errors import Inconsistent
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.holdings import INTEREST, Key
from letrade.core.instruments import Specification
from letrade.core.messages.accounts import Account, Balance, LegPosition, Position
from letrade.core.messages.base import NO_STRATEGY, Timer
from letrade.core.messages.events import Alert, Drain, Halt
from letrade.core.messages.market import Bar, MarkPrice, Middle, Quote, Trade
from letrade.core.messages.orders import CashEntry, Fill, UnexplainedDifference
from letrade.core.messages.venue import VenueState
from letrade.core.money import Money
from letrade.core.quantities import fraction_of_money, money_of, number, rounded_money
from letrade.core.stage import Stage
from letrade.core.subjects import account_instrument
from letrade.core.valuation import PriceBoard, value
from letrade.hotpath.ledger import Position as Held

BOOKED_MAX = 4096


class LedgerConfig(ActorConfig, frozen=True, kw_only=True):
    """How often equity is told, and which differences are no more than rounding."""

    equity_every: PositiveDuration = 1_000_000_000
    dust: NotNegative = Decimal("0")


CASH, CASH_PATIENCE_NS = "cash ", 60_000_000_000
"""Entries that the venue counts and nobody has told for so long are a difference."""
DRAINED = -1
"""The time for the next word on equity after a drain, until there are prices again."""


class Ledger(Actor):
    """Account positions and balances, and each strategy's share; account = sum of shares after every entry."""

    stage: ClassVar[Stage] = Stage.LEDGER
    Config: ClassVar[type[ActorConfig]] = LedgerConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.settings: DeskConfig = context.settings or DeskConfig()
        self.venues = {account.name: account.venue for account in self.settings.accounts}
        self.about = {account: account_instrument(venue) for account, venue in self.venues.items()}
        """What messages about a whole account name as their instrument."""
        self.books = {account.name: AccountBook(account.balances) for account in self.settings.accounts}
        self.shares = Shares()
        self.accounts = Shares()
        """The accounts' own positions with their fees, under strategy '-'."""
        self.transit = Transit()
        self.board = PriceBoard()
        self.booked: dict[str, None] = {}
        self.fill_numbers: dict[str, int] = {}
        """Numbered fills booked so far, by account."""
        self.cash_entries: dict[str, int] = {}
        """The venue's cash entries booked so far, by account."""
        self.cash_counted: dict[str, int] = {}
        """What the venue counts, by account, where it is more and waited for."""
        self.differing: dict[str, str] = {}
        self.states: dict[str, VenueState] = {}
        """What venues said last, until it is compared."""
        self.equity_due = 0

    def start(self) -> None:
        for account in self.books:
            self._tell_balances(account, tuple(self.books[account].wallets))

    def on_price(self, message: Trade | Quote | Bar | MarkPrice | Middle) -> None:
        self.board.see(message)
        self._tell_equity_when_due()

    def on_fill(self, fill: Fill) -> None:
        """Booked once by (venue, account, instrument, trade), the two sides of one trade apart."""
        trade = f"{fill.trade_id} {fill.side} {fill.fill_number}"
        if not self._first_time(f"{fill.account} {fill.instrument} {trade}"):
            return
        specification = self.context.instruments.at(fill.instrument, fill.time)
        book = self._book(fill.account)
        realised, currencies = book.book_fill(specification, fill)
        paid = fraction_of_money(fill.fee)
        keys = self.shares.book(specification, fill, paid)
        self._check(fill.account, specification)
        if fill.fill_number:
            self.fill_numbers[fill.account] = self.fill_numbers.get(fill.account, 0) + 1
        self.board.prices.setdefault(fill.instrument, fill.price)
        total = self.accounts.share((fill.account, fill.instrument, NO_STRATEGY), specification)
        total.realised = total.realised + realised if realised else total.realised
        total.pay(fill.fee.currency, paid)
        self._tell_positions(fill.account, specification, keys)
        if fill.leg:
            self._tell_leg(fill.account, specification, fill.leg)
        self._tell_balances(fill.account, currencies)
        self._tell_equity_of(fill.account)

    def on_cash_entry(self, entry: CashEntry) -> None:
        if not self._first_time(f"{entry.account} {entry.entry_id}"):
            return
        self._book(entry.account).book_cash(entry)
        if not entry.part:
            self.cash_entries[entry.account] = self.cash_entries.get(entry.account, 0) + 1
        if entry.origin == "funding" and entry.instrument in self.context.instruments:
            specification = self.context.instruments.at(entry.instrument, self.now())
            amount = fraction_of_money(entry.amount)
            self.accounts.share((entry.account, entry.instrument, NO_STRATEGY), specification).funding += amount
            keys = self.shares.fund(entry.account, specification, amount)
            self._tell_positions(entry.account, specification, keys)
        if entry.origin == INTEREST and entry.strategy != NO_STRATEGY:
            specification = self.context.instruments.at(entry.instrument, self.now())
            self.books[entry.account].accrue(specification, entry)
            keys = [self.shares.accrue(specification, entry)]
            self._check(entry.account, specification)
            self._tell_positions(entry.account, specification, keys)
        self._tell_balances(entry.account, (entry.amount.currency,))
        if self.transit.book(entry):
            for account in self.books:
                self._tell_equity(account)
        else:
            self._tell_equity_of(entry.account)

    def on_venue_state(self, state: VenueState) -> None:
        """Compared a moment later, when all that came at the same time is booked."""
        self.states[state.account] = state
        self.set_timer(self.now() + 1, state.account)

    def on_timer(self, timer: Timer) -> None:
        """Compared only at rest: when every fill and cash entry that the venue counts is booked here, and no later
        one."""
        if timer.key.startswith(CASH):
            self._look_for_cash(timer.key.removeprefix(CASH))
            return
        state = self.states.pop(timer.key)
        book = self.books.get(state.account)
        if book is None or state.last_fill_number != self.fill_numbers.get(state.account, 0):
            return
        if state.cash_entries not in (None, self.cash_entries.get(state.account, 0)):
            self._await_cash(state.account, state.cash_entries or 0)
            return
        found = differences(book, state, self.context.instruments, self.now(), read_fraction(self.config.dust))
        for each in found:
            self._tell_difference(state.account, each)
        still = {f"{state.account} {each.what}" for each in found}
        self.differing = {
            key: shown
            for key, shown in self.differing.items()
            if not key.startswith(f"{state.account} ") or key in still
        }

    def _await_cash(self, account: str, counted: int) -> None:
        if counted > self.cash_entries.get(account, 0):
            if account not in self.cash_counted:
                self.set_timer(self.now() + CASH_PATIENCE_NS, CASH + account)
            self.cash_counted[account] = max(counted, self.cash_counted.get(account, 0))

    def _look_for_cash(self, account: str) -> None:
        """Without them the two cannot be compared: that is not to be passed over in silence."""
        counted, ours = self.cash_counted.pop(account), self.cash_entries.get(account, 0)
        if counted > ours:
            self._tell_difference(account, Difference("cash entries", Fraction(ours), Fraction(counted)))

    def on_drain(self, drain: Drain) -> None:
        """The last word on every account."""
        for account in self.books:
            self._tell_equity(account)
        self.equity_due = DRAINED

    def _first_time(self, key: str) -> bool:
        if key in self.booked:
            return False
        self.booked[key] = None
        if len(self.booked) > BOOKED_MAX:
            del self.booked[next(iter(self.booked))]
        return True

    def _book(self, account: str) -> AccountBook:
        try:
            return self.books[account]
        except KeyError:
            raise Inconsistent(f"an entry for account {account!r}, which the desk file does not have") from None

    def _check(self, account: str, specification: Specification) -> None:
        ours = self.books[account].net_units(specification)
        shares = self.shares.total(account, specification.id)
        if ours != shares:
            raise Inconsistent(
                f"{account} {specification.id}: the account holds {number(ours)!r}, its shares {number(shares)!r}"
            )

    def _tell_positions(self, account: str, specification: Specification, keys: list[Key]) -> None:
        """The shares that changed, and the account's own."""
        for key in keys:
            if key[2] != NO_STRATEGY:
                share = self.shares.share(key, specification)
                self._tell_position(key, share, specification, *_shown(share.position, specification))
        total = self.accounts.share((account, specification.id, NO_STRATEGY), specification)
        book = self.books[account]
        held = [book.positions[name] for name in book.names(specification) if book.positions[name].quantity]
        # Two legs have no average of their own: LegPosition tells theirs.
        average = average_price(held[0], specification.inverse) if len(held) == 1 else 0.0
        key = (account, specification.id, NO_STRATEGY)
        self._tell_position(key, total, specification, number(book.net_units(specification)), average)

    def _tell_leg(self, account: str, specification: Specification, leg: str) -> None:
        quantity, average = _shown(self.books[account].position(specification, leg), specification)
        self.publish(
            LegPosition(
                strategy=NO_STRATEGY, account=account, instrument=specification.id, leg=leg, quantity=quantity,
                average_price=average,
            )
        )  # fmt: skip

    def _tell_position(
        self, key: Key, share: Share, specification: Specification, quantity: float, average: float
    ) -> None:
        self.publish(
            Position(
                strategy=key[2],
                account=key[0],
                instrument=key[1],
                quantity=quantity,
                average_price=average,
                realised=money_of(specification.currency, share.realised),
                fees=tuple([money_of(currency, paid) for currency, paid in share.fees.items()]),
                funding=money_of(specification.settle, share.funding) if share.funding else None,
            )
        )

    def _tell_balances(self, account: str, currencies: tuple[str, ...]) -> None:
        instrument = self.about[account]
        for currency in currencies:
            total = money_of(currency, self.books[account].wallets[currency])
            self.publish(Balance(strategy=NO_STRATEGY, account=account, instrument=instrument, total=total))

    def _tell_equity_of(self, account: str) -> None:
        """What is booked after the drain is told of at once: nothing may follow that would."""
        if self.equity_due == DRAINED:
            self._tell_equity(account)
        else:
            self._tell_equity_when_due()

    def _tell_equity_when_due(self) -> None:
        if self.now() >= self.equity_due:
            self.equity_due = self.now() + self.config.equity_every
            for account in self.books:
                self._tell_equity(account)

    def _tell_equity(self, account: str) -> None:
        reporting = self.settings.desk.reporting_currency
        found = value(self.books[account], self.board, self.context.instruments, reporting, self.now())
        self.publish(
            Account(
                strategy=NO_STRATEGY,
                account=account,
                instrument=self.about[account],
                equity=None if found.equity is None else rounded_money(reporting, found.equity),
                unrealised=None if found.unrealised is None else rounded_money(reporting, found.unrealised),
                missing=found.missing,
                transit=self._transit_of(account, reporting),
                exposure=None if found.exposure is None else rounded_money(reporting, found.exposure),
            )
        )

    def _transit_of(self, account: str, reporting: str) -> Money | None:
        """None where nothing is on its way; what has no rate is left out, as its equity was unknown before it left."""
        moving = self.transit.of(account)
        rates = {name: self.board.rate(name, reporting, self.context.instruments) for name in moving}
        known = [amount * rate for name, amount in moving.items() if (rate := rates[name]) is not None]
        return rounded_money(reporting, sum(known, Fraction(0))) if known else None

    def _tell_difference(self, account: str, found: Difference) -> None:
        """Once for each difference; the account halts for opening until an operator resumes it."""
        key, shown = f"{account} {found.what}", str(found.ours - found.venues)
        if self.differing.get(key) == shown:
            return
        self.differing[key] = shown
        text = f"{found.what}: ours {float(found.ours)!r}, the venue's {float(found.venues)!r}"
        self.publish(
            UnexplainedDifference(
                strategy=NO_STRATEGY, account=account, instrument=self.about[account],
                what=found.what, ours=str(float(found.ours)), venues=str(float(found.venues)),
                difference=float(found.ours - found.venues),
            )
        )  # fmt: skip
        self.publish(Halt(account=account, reason=f"ledger mismatch: {text}"))
        self.publish(Alert(level="error", code="ledger_mismatch", text=text, account=account))

    def state(self) -> Any:
        return {
            "books": [[account, book.state()] for account, book in self.books.items()],
            "shares": self.shares.state(),
            "accounts": self.accounts.state(),
            "board": self.board.state(),
            "transit": self.transit.state(),
            "booked": list(self.booked),
            "fill_numbers": list(self.fill_numbers.items()),
            "cash_entries": list(self.cash_entries.items()),
            "cash_counted": list(self.cash_counted.items()),
            "differing": list(self.differing.items()),
            "states": list(self.states.values()),
            "equity_due": self.equity_due,
        }

    def restore(self, state: Any) -> None:
        for account, book in state["books"]:
            self.books.setdefault(account, AccountBook()).restore(book)
        self.shares.restore(state["shares"])
        self.accounts.restore(state["accounts"])
        self.board.restore(state["board"])
        self.transit.restore(state["transit"])
        self.booked = dict.fromkeys(state["booked"])
        self.fill_numbers = dict(state["fill_numbers"])
        self.cash_entries = dict(state.get("cash_entries", []))
        self.cash_counted = dict(state.get("cash_counted", []))
        self.differing = dict(state["differing"])
        self.states = {each.account: each for each in msgspec.convert(state["states"], list[VenueState])}
        self.equity_due = state["equity_due"]


def _shown(held: Held, specification: Specification) -> tuple[float, float]:
    """(quantity, average entry) of a position."""
    return number(held_units(held)), average_price(held, specification.inverse)
