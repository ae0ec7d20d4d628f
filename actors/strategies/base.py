"""What strategies share: instrument, account, count of signals, news of their own orders alone, and a book to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from letrade.actors.strategies.amounts import money_of_wish
from letrade.actors.strategies.wishes import basket_legs, number, number_or_none, text, whole, working_quotes
from letrade.core import codec
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.book_sync import BookSync, Phase, Verdict
from letrade.core.config.values import Name
from letrade.core.messages.base import Message
from letrade.core.messages.market import BookDelta, BookSnapshot
from letrade.core.messages.signals import Basket, Protect, Quotes, Target, WorkingQuote
from letrade.core.messages.transfers import TransferRequest
from letrade.core.stage import Stage
from letrade.core.subjects import account_instrument
from letrade.hotpath.book import Book
from letrade.hotpath.constants import BUY, SELL
from letrade.hotpath.decimals import levels_to_units
from letrade.hotpath.quoting import Quoter

_BLANK = Quotes(strategy="", account="", instrument="", signal=0, orders=())
QUOTER = Quoter(_BLANK, WorkingQuote, working_quotes)


class StrategyConfig(ActorConfig, frozen=True, kw_only=True):
    """Where the strategy trades."""

    instrument: str
    account: Name


class BaseStrategy(Actor):
    """Says what it wants; CapitalManager and RiskManager decide what becomes of it. Never sends an order."""

    stage: ClassVar[Stage] = Stage.STRATEGY
    Config: ClassVar[type[ActorConfig]] = StrategyConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.instrument: str = config.instrument
        self.account: str = config.account
        self.instruments: tuple[str, ...] = (config.instrument,)
        """Those that it hears of; a strategy of several sets them in its constructor."""
        self.signal = 0
        """Signals so far, over restarts: part of every order id."""

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        """Market data of its instruments, what concerns its own orders, and events of the desk."""
        if kind.FAMILY == "ev":
            return True
        return instrument in self.instruments if kind.FAMILY == "md" else strategy == self.name

    def target(
        self, position: float, *, sized: bool = True, price: float | None = None, post_only: bool = False
    ) -> None:
        """Want this position, in base units, or as a direction in [-1, 1] when not `sized`; rounded towards 0 to the
        lot."""
        wanted, limit = number(position, "position"), number_or_none(price, "price")
        self.signal += 1
        self.publish(
            Target(
                strategy=self.name, account=self.account, instrument=self.instrument, signal=self.signal,
                position=wanted, sized=bool(sized), price=limit, post_only=bool(post_only),
            )
        )  # fmt: skip

    def quotes(self, orders: Iterable[WorkingQuote], *, post_only: bool = True) -> None:
        """Want exactly these orders to be working."""
        signal = self.signal + 1
        wanted = QUOTER.quotes(self.name, self.account, self.instrument, signal, orders, post_only)
        self.signal = signal
        self.publish(wanted)

    def basket(self, legs: Iterable[tuple[str, float] | tuple[str, float, str]], *, naked_ns_max: int) -> None:
        """Want these positions, all or none: (instrument, base units) or (instrument, base units, account) each.

        No leg is sent unless all may be. Where one does not fill, the others do not stand alone for longer than
        `naked_ns_max`: what is missing is traded, or they go back. Positions are never closed by leaving a leg out.
        """
        wanted, accounts = basket_legs(legs, self.account)
        bound = whole(naked_ns_max, "naked_ns_max")
        self.signal += 1
        self.publish(
            Basket(
                strategy=self.name, account=accounts[0], instrument=wanted[0][0], signal=self.signal, legs=wanted,
                naked_ns_max=bound, accounts=accounts,
            )
        )  # fmt: skip

    def protect(
        self, stop: float | None = None, take_profit: float | None = None, size: float | None = None, *,
        trail: float | None = None, trigger_by: str = "last",
    ) -> None:  # fmt: skip
        """Want these prices to close the position, or `size` of it; without a price, nothing. The last wish counts.

        With `trail` the stop follows the best price at this distance, and never goes back; beside `stop` it begins
        there. `trigger_by`: the price that reaches them, last, mark or index. The orders wait at the venue.
        """
        prices = [number_or_none(value, what) for what, value in (("stop", stop), ("take_profit", take_profit))]
        distance, part = number_or_none(trail, "trail"), number_or_none(size, "size")
        source = text(trigger_by, "trigger_by")
        self.signal += 1
        self.publish(
            Protect(
                strategy=self.name, account=self.account, instrument=self.instrument, signal=self.signal,
                stop=prices[0], take_profit=prices[1], size=part, trigger_by=source, trail=distance,
            )
        )  # fmt: skip

    def transfer(self, transfer_id: str, to_account: str, currency: str, amount: Any, *, account: str = "") -> None:
        """Want this amount, the route's fee included, to move to another account, from `account` or else its own.

        An id is for one transfer, for ever: asked for again it is not sent again, and one that was refused stays so.
        `on_transfer_update` hears what becomes of it; until `done` it is spent nowhere.
        """
        giver = account or self.account
        venue = next((each.venue for each in self.context.settings.accounts if each.name == giver), "")
        if not venue:
            raise ValueError(f"a transfer: there is no account {giver!r}")
        self.publish(
            TransferRequest(
                strategy=self.name, account=giver, instrument=account_instrument(venue),
                transfer_id=text(transfer_id, "the id of a transfer"),
                to_account=text(to_account, "the account that a transfer goes to"),
                amount=money_of_wish(text(currency, "the currency of a transfer"), amount),
            )
        )  # fmt: skip

    def state(self) -> Any:
        return {"signal": self.signal}

    def restore(self, state: Any) -> None:
        self.signal = state["signal"]


class BookStrategy(BaseStrategy):
    """`self.book` is the instrument's book as the strategy has seen it; `book_changed` is called after each change.

    Prices and sizes in the book are whole units: value × 10**`price_decimals`, value × 10**`size_decimals`. While
    updates are missing, and before the first snapshot, the book is empty.

    Who keeps it: in a desk of actors the two handlers here do, by the rules of core/book_sync.py. The compiled backtest
    engine, where the class says `reads_book`, calls `use_book` with its own book of the instrument once, before the
    first event and before `start`, never calls `on_book_delta` and `on_book_snapshot`, and calls `book_changed` after
    each event of the venue that changed the book (all its levels applied) at the place where it would have delivered
    the message, with `now()` at the event's time. What `book_changed` publishes leaves when it returns. A strategy must
    therefore not write these two handlers itself: it says in `book_changed` what it does.
    """

    reads_book: ClassVar[bool] = True

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.use_book(Book(), 0, 0)
        self.sync = BookSync()

    def use_book(self, book: Book, price_decimals: int, size_decimals: int) -> None:
        """Read this book from now on, at these decimals."""
        self.book = book
        self.price_decimals, self.size_decimals = price_decimals, size_decimals
        self.price_one, self.size_one = 10.0**price_decimals, 10.0**size_decimals
        """A price is units / price_one, the nearest double of its decimal."""

    def book_changed(self) -> None:
        """One event of the venue is in the book: look at it, decide, and return."""

    def best_prices(self) -> tuple[float, float]:
        """Best bid and ask; 0 for an empty side."""
        bid, ask = self.book.best()
        return bid[0] / self.price_one if bid else 0.0, ask[0] / self.price_one if ask else 0.0

    def on_book_delta(self, delta: BookDelta) -> None:
        verdict = self.sync.judge(delta)
        if verdict == Verdict.APPLY:
            self._follow(delta)
            self.book_changed()
        elif verdict == Verdict.GAP:
            self.book.clear()

    def on_book_snapshot(self, snapshot: BookSnapshot) -> None:
        """All levels anew; diffs that waited for it belong to the same change."""
        if self.sync.judge_snapshot(snapshot) != Verdict.APPLY:
            return
        specification = self.context.instruments.at(self.instrument, self.now())
        self.use_book(Book(), specification.price.decimals, specification.size.decimals)
        buffered = self.sync.loaded()
        self._apply(snapshot.bids, snapshot.asks)
        for delta in buffered:
            if self.sync.judge(delta) == Verdict.APPLY:
                self._follow(delta)
        self.book_changed()

    def _follow(self, delta: BookDelta) -> None:
        self.sync.applied(delta)
        self._apply(delta.bids, delta.asks)

    def _apply(self, bids: bytes, asks: bytes) -> None:
        """Levels off the instrument's grid are no book until the next snapshot: the BookKeeper says so aloud."""
        try:
            for side, packed in ((BUY, bids), (SELL, asks)):
                self.book.apply(side, *levels_to_units(packed, self.price_decimals, self.size_decimals, 1, 1))
        except (ValueError, OverflowError):
            self.sync.lose()
            self.book.clear()

    def state(self) -> Any:
        sync = [int(self.sync.phase), self.sync.last_update, [codec.encode(delta) for delta in self.sync.buffer]]
        book = [self.book.dump(), self.price_decimals, self.size_decimals]
        return {**super().state(), "book": book, "sync": sync}

    def restore(self, state: Any) -> None:
        super().restore(state)
        dump, *decimals = state["book"]
        self.use_book(Book(), *decimals)
        self.book.load_bytes(dump)
        phase, self.sync.last_update, buffered = state["sync"]
        self.sync.phase = Phase(phase)
        self.sync.buffer.extend(delta for delta in map(codec.decode, buffered) if isinstance(delta, BookDelta))
