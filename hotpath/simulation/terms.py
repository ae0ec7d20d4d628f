"""What the compiled desk and exchange are told of a desk file, once, in plain numbers and places in lists."""

from fractions import Fraction
from typing import NamedTuple


class InstrumentTerms(NamedTuple):
    """One instrument; prices and sizes are in units at `price_decimals` and `size_decimals`."""

    name: str
    spot: bool
    venue: int
    base: int
    quote: int
    settle: int
    price_decimals: int
    size_decimals: int
    tick_units: int
    lot_units: int
    tick_decimals: int
    """Of the instrument's own grid, which may be coarser than the units."""
    lot_decimals: int
    multiplier: Fraction
    size_min: Fraction
    notional_min: Fraction


class VenueTerms(NamedTuple):
    """Rates are of the notional, below 0 is a rebate."""

    name: str
    maker_fee: Fraction
    taker_fee: Fraction
    leverage_max: Fraction
    tiers: tuple[tuple[Fraction, Fraction, Fraction], ...] = ()
    """(volume, maker fee, taker fee) of those that have traded more, which rises."""

    @property
    def fee_max(self) -> Fraction:
        """The highest fee that a trade may come to; at least 0."""
        return max(Fraction(0), self.maker_fee, self.taker_fee, *(fee for tier in self.tiers for fee in tier[1:]))


class AccountTerms(NamedTuple):
    """`balances` are (currency, amount), in the order of the desk file."""

    name: str
    venue: int
    balances: tuple[tuple[int, Fraction], ...]


class StrategyTerms(NamedTuple):
    """A strategy, and what capital allows it in its account: an amount of the reporting currency, or a fraction of the
    account's equity; neither: nothing. `sizing` is the fraction of that which a wish of 1 becomes."""

    name: str
    account: int
    amount: Fraction | None
    fraction: Fraction | None
    sizing: Fraction


class LimitTerms(NamedTuple):
    """Of one account in one instrument; None is no limit."""

    account: int
    instrument: int
    order_size: Fraction | None = None
    order_notional: Fraction | None = None
    position_notional: Fraction | None = None
    gross_exposure: Fraction | None = None
    price_band: Fraction | None = None
    orders_per_second: float | None = None
    stale_after: int | None = None


class LossTerms(NamedTuple):
    """Of one account; a desk that comes near one of them is a matter for the actors."""

    account: int
    daily_loss: Fraction | None
    drawdown: Fraction | None


class DeskTerms(NamedTuple):
    """`rates` tells for each currency (instrument, whether its price is the other way round) of those that give its
    worth in the reporting currency, best first."""

    currencies: tuple[str, ...]
    reporting: int
    rates: tuple[tuple[tuple[int, bool], ...], ...]
    instruments: tuple[InstrumentTerms, ...]
    venues: tuple[VenueTerms, ...]
    accounts: tuple[AccountTerms, ...]
    strategies: tuple[StrategyTerms, ...]
    limits: tuple[LimitTerms, ...]
    losses: tuple[LossTerms, ...]
    leverage: Fraction
    slippage: Fraction
    step: int
    one_order: bool = False
    """A position turns in one order, not in two."""
    patience: int = 2_000_000_000
    """How long execution waits for an answer before it asks what became of an order, ns; doubled each time in vain."""
    patience_max: int = 30_000_000_000
