"""Holds a hedged book: spot, contracts or coin collateral against a contract, its delta kept within a band."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta
from msgspec.structs import replace

from letrade.actors.strategies.base import BaseStrategy, StrategyConfig
from letrade.actors.strategies.hedging import Book, Coins, Part, exact_beta
from letrade.actors.strategies.regression import RegressionBeta
from letrade.core.actor import ActorConfig, Context
from letrade.core.config.durations import parse_duration
from letrade.core.config.values import InstrumentId, PositiveDuration
from letrade.core.delta import Holding
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction
from letrade.core.messages.accounts import Balance, Position
from letrade.core.messages.base import NO_STRATEGY, Message, Number
from letrade.core.messages.events import Alert
from letrade.core.messages.market import Bar, MarkPrice, Quote, Trade
from letrade.core.messages.orders import BasketUpdate, CashEntry, Fill
from letrade.core.quantities import exact
from letrade.core.valuation import PriceBoard

ONE = Fraction(1)
LOST = 4
"""A basket of which nothing is heard for so many times its bound is asked for anew: the newest counts."""


class DeltaNeutralConfig(StrategyConfig, frozen=True, kw_only=True):
    """`instrument` is held, `hedge` is the contract that takes its delta away."""

    hedge: InstrumentId
    hedge_account: str = ""
    """The account of the hedge; "": the same."""
    size: Number = 0.0
    """What is held of `instrument`, in base units; negative is short."""
    collateral: bool = False
    """Not a position but the coins in the hedge's account are hedged; `instrument` tells their price."""
    band: Annotated[float, Meta(gt=0, le=1)] = 0.02
    """Beyond this share of what is hedged, delta is traded back to 0."""
    naked_max: PositiveDuration = parse_duration("5s")
    """The longest time that one leg may stand alone."""
    look_every: PositiveDuration = parse_duration("1s")
    patience: PositiveDuration = parse_duration("1m")
    """What was refused is asked for again so much later."""
    beta: Annotated[float, Meta(ge=0.001, le=100)] = 1.0
    """How far `instrument` moves for a move of `hedge`, where these follow different coins."""
    beta_window: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Estimate it over so many returns of bars of both; nothing is held before there are as many."""

    def __post_init__(self) -> None:
        if bool(self.size) == self.collateral:
            raise ConfigurationError(
                f"expected size or collateral = true, found size {self.size} and {self.collateral}"
            )
        if self.instrument == self.hedge and not self.collateral:
            raise ConfigurationError(f"expected a hedge in another market than instrument, found {self.hedge} twice")
        if self.beta_window == 1:
            raise ConfigurationError("expected a beta_window of 2 or more returns, or 0, found 1: it has no slope")
        if self.beta_window and self.beta != 1.0:
            raise ConfigurationError("expected beta or beta_window, found both")

    @property
    def instruments(self) -> tuple[str, ...]:
        return (self.instrument, self.hedge)

    @property
    def accounts(self) -> tuple[str, ...]:
        return (self.account, self.hedge_account or self.account)

    @property
    def markets(self) -> tuple[tuple[str, str], ...]:
        """(instrument, account) of what is traded: of collateral `instrument` only tells the price."""
        both = tuple(zip(self.instruments, self.accounts, strict=True))
        return both[1:] if self.collateral else both


class DeltaNeutral(BaseStrategy):
    """Both legs are one basket. Where the hedge cannot grow, what is hedged shrinks; what others cut is not rebuilt."""

    Config: ClassVar[type[ActorConfig]] = DeltaNeutralConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.instruments = config.instruments
        for each in context.instruments.messages():
            if each.instrument == config.hedge and each.kind == "spot":
                raise ConfigurationError(f"actor.{name}.hedge: expected a contract, found {config.hedge} on spot")
        self.hedge_account: str = config.accounts[1]
        self.board = PriceBoard()
        self.held, self.hedge, self.coins = Part(), Part(), Coins()
        self.beta = RegressionBeta(config.beta_window) if config.beta_window else None
        self.entered = False
        """All of `size` was held once: from then on what is held counts, however little others left of it."""
        self.busy = False
        """A basket is under way."""
        self.asked = 0
        """When it was asked for: after long enough it is taken as lost."""
        self.shrinks = False
        """The hedge was refused: what is hedged goes down to it."""
        self.next_look = 0
        self.waits_since = 0
        """When it looked first, while a price or a balance is not known."""
        self.told = ""
        """The code of what was last said to keep it from hedging: each is said once, until it is over."""
        self.before = [0, 0]
        """What the legs held when the last basket was asked for: where nothing came of it, patience is due."""

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        """What it holds and pays, and of its accounts their balances, positions and payments."""
        whole = kind in (Position, CashEntry) and strategy == NO_STRATEGY and instrument in self.instruments
        return whole or kind is Balance or super().wants(kind, instrument, strategy)

    def on_price(self, message: Trade | Quote | MarkPrice) -> None:
        self.board.see(message)
        self._look_when_due()

    def on_bar(self, bar: Bar) -> None:
        self.board.see(bar)
        if self.beta is not None:
            self.beta.add(bar.end, bar.close, dependent=bar.instrument == self.instrument)
        self._look_when_due()

    def on_balance(self, balance: Balance) -> None:
        coin = self.context.instruments.at(self.instrument, self.now()).base
        if balance.account == self.hedge_account and balance.total.currency == coin:
            self.coins.hear(balance)

    def on_fill(self, fill: Fill) -> None:
        part = self.hedge if fill.instrument == self.instruments[1] else self.held
        part.fill(self.context.instruments.at(fill.instrument, fill.time), fill)

    def on_cash_entry(self, entry: CashEntry) -> None:
        part = self._part(entry.instrument, entry.account)
        if part is not None:
            part.book(self.context.instruments.at(entry.instrument, self.now()), entry)

    def on_position(self, position: Position) -> None:
        part = self._part(position.instrument, position.account)
        if part is not None and position.strategy == NO_STRATEGY:
            part.account_size = exact(position.quantity)

    def _part(self, instrument: str, account: str) -> Part | None:
        """The leg that lies there; where both markets are one, as of collateral, the hedge."""
        if (instrument, account) == (self.instruments[1], self.hedge_account):
            return self.hedge
        return self.held if (instrument, account) == (self.instrument, self.account) else None

    def on_basket_update(self, update: BasketUpdate) -> None:
        self.busy = update.state in ("working", "undoing")
        if self.busy:
            return
        self.entered = self.entered or update.complete
        self.shrinks = self.entered and not update.complete
        moved = self.before != [self.held.units, self.hedge.units]
        soon = update.complete or moved or (self.shrinks and not self.config.collateral)
        self.next_look = self.now() + (self.config.look_every if soon else self.config.patience)
        book = self.book()
        if not update.complete and book is not None and book.share > exact(self.config.band):
            text = f"delta {float(book.delta):.2f}, {float(book.share):.4f} of what is hedged: {update.reason}"
            self.publish(Alert(level="warning", code="unhedged", text=text, instrument=self.instrument))

    def book(self) -> Book | None:
        """What is held now; None while a price, a balance or beta is not known."""
        prices = [self.board.prices.get(instrument) for instrument in self.instruments]
        slope = self.config.beta if self.beta is None else self.beta.slope
        if None in prices or slope is None:
            return None
        beta, price = exact_beta(slope), exact(prices[0] or 0.0)
        rules = [self.context.instruments.at(each, self.now()) for each in self.instruments]
        # Of one coin there is one price: what the contract is above it is basis, which no hedge takes away.
        hedge_price = price if rules[0].base == rules[1].base else exact(prices[1] or 0.0)
        hedge = self.hedge.holding(rules[1], hedge_price, hedge_price, ONE)
        if not self.config.collateral:
            earned = (self.held.earned(price, beta), self.hedge.earned(hedge_price, ONE))
            return Book(self.held.holding(rules[0], price, price, beta), hedge, earned)
        coins = self.coins.holding(price, beta)
        return None if coins is None else Book(coins, hedge)

    def _look_when_due(self) -> None:
        if self.now() < self.next_look or (self.busy and self.now() < self.asked + LOST * self.config.naked_max):
            return
        book = self.book()
        if book is None:
            self._wait()
            return
        self.waits_since = 0
        self.next_look = self.now() + self.config.look_every
        if self.config.collateral or self.entered:
            self._rebalance(book)
        else:
            self._enter(book)

    def _enter(self, book: Book) -> None:
        """Nothing is held that whole lots of the hedge do not bring within the band."""
        wish, lot = exact(self.config.size), self._lot(0)
        size = abs(wish) // lot * lot * (1 if wish > 0 else -1)
        book = Book(_of_size(book, size), book.hedge, book.earned)
        hedge = book.wanted_hedge(self._lot(1))
        if size and book.share_with(hedge) <= exact(self.config.band):
            self._want(size, hedge)
        else:
            self._tell_coarse(f"nothing is held: {float(hedge):g} for {float(size):g}", book.share_with(hedge))

    def _rebalance(self, book: Book) -> None:
        if book.share <= exact(self.config.band):
            self.told = ""
            return
        size = book.held.size
        if self.shrinks and not self.config.collateral and abs(book.supported(self._lot(0))) < abs(size):
            size = book.supported(self._lot(0))
            self._want(size, book.hedge.size)
        elif (wanted := book.wanted_hedge(self._lot(1))) != book.hedge.size:
            self._want(size, wanted)
        else:
            self._tell_coarse("no trade of a lot brings it nearer to 0", book.share)

    def _tell_coarse(self, what: str, share: Fraction) -> None:
        text = (
            f"{what}: in whole lots of {self.instruments[1]} delta is {float(share):.4f} of what is hedged, expected "
            f"at most band = {self.config.band:g}: hold more, or widen the band"
        )
        self._tell_once("lot_too_large", text)

    def _wait(self) -> None:
        """Prices and balances that have not come for a while are asked of whoever reads alerts."""
        self.waits_since = self.waits_since or self.now()
        if self.now() < self.waits_since + self.config.patience:
            return
        missing = [f"the price of {name}" for name in self.instruments if name not in self.board.prices]
        if self.config.collateral and self.coins.amount is None:
            coin = self.context.instruments.at(self.instrument, self.now()).base
            missing.append(f"{coin} in the account {self.hedge_account}")
        if missing:
            self._tell_once("hedge_waits", f"nothing is hedged: expected {' and '.join(missing)}, found none yet")

    def _tell_once(self, code: str, text: str) -> None:
        if self.told != code:
            self.told = code
            self.publish(Alert(level="warning", code=code, text=text, instrument=self.instrument))

    def _want(self, size: Fraction, hedge: Fraction) -> None:
        legs = [(self.instruments[1], float(hedge), self.hedge_account)]
        if not self.config.collateral:
            legs.insert(0, (self.instrument, float(size), self.account))
        self.busy, self.asked = True, self.now()
        self.before = [self.held.units, self.hedge.units]
        self.basket(legs, naked_ns_max=self.config.naked_max)

    def _lot(self, place: int) -> Fraction:
        return self.context.instruments.at(self.instruments[place], self.now()).size.step

    def state(self) -> Any:
        beta = None if self.beta is None else self.beta.state()
        parts = [self.held.state(), self.hedge.state(), self.coins.state(), beta, self.board.state()]
        return {
            **super().state(),
            "parts": parts,
            "flags": [self.entered, self.busy, self.asked, self.shrinks, self.next_look],
            "before": [str(units) for units in self.before],
            "told": [self.told, self.waits_since],
        }

    def restore(self, state: Any) -> None:
        super().restore(state)
        held, hedge, coins, beta, board = state["parts"]
        self.held.restore(held)
        self.hedge.restore(hedge)
        self.coins.restore(coins)
        if self.beta is not None and beta is not None:
            self.beta.restore(beta)
        self.board.restore(board)
        self.entered, self.busy, self.asked, self.shrinks, self.next_look = state["flags"]
        self.before = [int(units) for units in state["before"]]
        self.told, self.waits_since = state["told"]


def _of_size(book: Book, size: Fraction) -> Holding:
    """What is hedged as if it were all held."""
    return replace(book.held, size=size, entry=book.held.entry or book.held.price)
