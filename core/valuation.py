"""What things are worth: last prices and their age, rates between currencies, and an account's equity."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from letrade.core.bookkeeping import AccountBook
from letrade.core.fraction import Fraction
from letrade.core.instruments import Catalogue, Specification
from letrade.core.legs import instrument_of
from letrade.core.messages.base import is_price
from letrade.core.messages.market import Bar, Instrument, MarkPrice, Middle, Quote, Trade
from letrade.core.quantities import FINE_ONE, TEN, exact, fine
from letrade.hotpath.ledger import Position

PAR = Fraction(1)
PriceMessage = Trade | Quote | Bar | MarkPrice | Middle


class PriceBoard:
    """The last price and the time of the last news of each instrument.

    A bar tells of prices only where neither trades nor quotes do: bars close on time also when a market is silent.
    """

    def __init__(self) -> None:
        self.prices: dict[str, float] = {}
        self.times: dict[str, int] = {}
        self.ticking: dict[str, bool] = {}
        self._rates: dict[tuple[str, str], tuple[int, list[tuple[str, bool]]]] = {}

    def see(self, message: PriceMessage) -> None:
        """What is no price is not believed, and is no news: the last good one stays, with its age."""
        instrument = message.instrument
        if isinstance(message, Quote):
            if not (message.bid >= 0 and message.ask >= 0):
                return
            if message.bid > 0 and message.ask > 0:
                price = (message.bid + message.ask) / 2
                if not is_price(price):
                    return
                self.prices[instrument] = price
        elif isinstance(message, Bar):
            if instrument in self.ticking or not is_price(message.close):
                return
            self.prices[instrument] = message.close
        elif is_price(message.price):
            self.prices[instrument] = message.price
        else:
            return
        if not isinstance(message, (Bar, MarkPrice)) and instrument not in self.ticking:
            self.ticking[instrument] = True
        self.times[instrument] = message.time

    def age(self, instrument: str, now: int) -> int | None:
        """Nanoseconds since the last news; None when there was none."""
        seen = self.times.get(instrument)
        return None if seen is None else now - seen

    def rate(self, currency: str, wanted: str, catalogue: Catalogue) -> Fraction | None:
        """How much of `wanted` one unit of `currency` is worth, by an instrument with a price, else as the desk file
        states it; None when neither tells."""
        if currency == wanted:
            return PAR
        for instrument, inverse in self._markets(currency, wanted, catalogue):
            price = self.prices.get(instrument)
            if price is not None:
                return 1 / exact(price) if inverse else exact(price)
        return catalogue.stated_rates.get((currency, wanted))

    def _markets(self, currency: str, wanted: str, catalogue: Catalogue) -> list[tuple[str, bool]]:
        """(instrument, whether its price is the other way round) of those that tell a rate; found once."""
        known = len(catalogue.ids())
        count, found = self._rates.get((currency, wanted), (0, []))
        if count != known:
            found = [
                (message.instrument, message.base == wanted)
                for message in catalogue_in_order(catalogue)
                if (message.base, message.quote) in ((currency, wanted), (wanted, currency))
            ]
            self._rates[(currency, wanted)] = (known, found)
        return found

    def state(self) -> list[Any]:
        return [list(self.prices.items()), list(self.times.items()), list(self.ticking)]

    def restore(self, state: Any) -> None:
        prices, times, ticking = state
        self.prices, self.times = dict(prices), dict(times)
        self.ticking = dict.fromkeys(ticking, True)


def catalogue_in_order(catalogue: Catalogue) -> list[Instrument]:
    """All instruments, spot before derivatives: a rate is taken from the market that trades the thing itself."""
    return sorted(catalogue.messages(), key=lambda message: (message.kind != "spot", message.instrument))


class Valuation(NamedTuple):
    """An account in the reporting currency; None where a price or rate is missing."""

    equity: Fraction | None
    unrealised: Fraction | None
    missing: tuple[str, ...]
    exposure: Fraction | None
    """Gross, of all positions."""


class Totals(msgspec.Struct, frozen=True, gc=False):
    """An account in units of 1e-96 of the reporting currency; both are 0 where a price or rate is missing."""

    equity: int
    unrealised: int
    missing: tuple[str, ...]


def value(book: AccountBook, board: PriceBoard, catalogue: Catalogue, reporting: str, now: int) -> Valuation:
    """Wallets at their rates, plus what open derivative positions would realise now; what a rate makes finer than 1e-96
    is rounded down."""
    found, gross = totals(book, board, catalogue, reporting, now), exposure(book, board, catalogue, reporting, now)
    if found.missing:
        return Valuation(None, None, found.missing, gross)
    return Valuation(Fraction(found.equity, FINE_ONE), Fraction(found.unrealised, FINE_ONE), (), gross)


def exposure(
    book: AccountBook, board: PriceBoard, catalogue: Catalogue, reporting: str, now: int
) -> Fraction | None:  # fmt: skip
    """The sum of what all positions are worth, whatever their side; None where a price or rate is missing."""
    total = Fraction(0)
    for name, position in book.positions.items():
        if not position.quantity:
            continue
        instrument = instrument_of(name)
        specification, price = catalogue.at(instrument, now), board.prices.get(instrument)
        rate = board.rate(specification.currency, reporting, catalogue)
        if price is None or rate is None:
            return None
        size = Fraction(abs(position.quantity), TEN[position.quantity_decimals])
        worth = size / exact(price) if specification.inverse else size * exact(price)
        total += worth * specification.multiplier * rate
    return total


def totals(book: AccountBook, board: PriceBoard, catalogue: Catalogue, reporting: str, now: int) -> Totals:
    """The same as whole numbers."""
    total = unrealised = 0
    missing: list[str] = []
    for currency, amount in book.wallets.items():
        rate = PAR if currency == reporting or not amount else board.rate(currency, reporting, catalogue)
        if rate is None:
            missing.append(currency)
            continue
        worth = amount if rate is PAR else amount * rate
        total += worth.numerator * FINE_ONE // worth.denominator
    for instrument, position in book.positions.items():
        if not position.quantity:
            continue
        instrument = instrument_of(instrument)
        specification = catalogue.at(instrument, now)
        price = board.prices.get(instrument)
        currency = specification.currency
        rate = PAR if currency == reporting else board.rate(currency, reporting, catalogue)
        if price is None or rate is None:
            missing.append(instrument)
            continue
        gain = _gain(book, position, specification, price)
        if rate is not PAR:
            gain = gain * rate.numerator // rate.denominator
        unrealised += gain
        if specification.kind != "spot":
            total += gain
    if missing:
        return Totals(0, 0, tuple(dict.fromkeys(missing)))
    return Totals(total, unrealised, ())


def _gain(book: AccountBook, position: Position, specification: Specification, price: float) -> int:
    """What a position would realise, in units of 1e-96 of the specification's currency; computed anew when it or the
    price has changed."""
    quantity, cost = position.quantity, position.cost
    known = book.gains.get(specification)
    if known is not None and known[0] == price and known[1] == quantity and known[2] == cost:
        return known[3]
    if specification.inverse:
        gain = cost * FINE_ONE // TEN[position.quantity_decimals + position.price_decimals]
        gain -= quantity * FINE_ONE * FINE_ONE // (fine(price) * TEN[position.quantity_decimals])
    else:
        worth = quantity * fine(price) // TEN[position.quantity_decimals]
        gain = worth - cost * FINE_ONE // TEN[position.quantity_decimals + position.price_decimals]
    multiplier = specification.multiplier
    if multiplier != 1:
        gain = gain * multiplier.numerator // multiplier.denominator
    book.gains[specification] = (price, quantity, cost, gain)
    return gain
