"""Margin in exact fractions: equity, maintenance, initial margin, bankruptcy and liquidation price of a unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from letrade.actors.venue.collateral import Backing
from letrade.actors.venue.margin_rules import VenueRules
from letrade.core.fraction import Fraction
from letrade.core.legs import name_of
from letrade.core.margin.tiers import TierTable

ZERO = Fraction(0)
NEVER = Fraction(1_000)
"""A price so many marks away: what stands for the bankruptcy price of an inverse short that no price ruins."""


class Row(Struct, frozen=True):
    """One tier, its cap included; None: it has no end."""

    cap: Fraction | None
    rate: Fraction
    amount: Fraction
    leverage_max: Fraction | None


class Holding(Struct, frozen=True):
    """One contract position, or leg of one."""

    instrument: str
    side: int
    contracts: Fraction
    multiplier: Fraction
    cost: Fraction
    """Its value at entry, as every value in quote units, of an inverse contract in coins."""
    mark: Fraction
    leverage: Fraction
    fee: Fraction
    """The taker's rate."""
    rows: tuple[Row, ...]
    inverse: bool = False
    leg: str = ""
    """long or short in hedge mode."""
    base: str = ""

    @property
    def name(self) -> str:
        return name_of(self.instrument, self.leg)

    @property
    def face(self) -> Fraction:
        """Base units, of an inverse contract quote units."""
        return self.contracts * self.multiplier

    @property
    def lean(self) -> int:
        """1 where it gains as its value grows: an inverse contract's value shrinks as its price rises."""
        return -self.side if self.inverse else self.side

    @property
    def level(self) -> Fraction:
        """What its value is in proportion to: the mark, or 1 / mark."""
        return 1 / self.mark if self.inverse else self.mark

    def value_at(self, price: Fraction, contracts: Fraction | None = None) -> Fraction:
        """Of all its contracts where no other number is given."""
        face = self.face if contracts is None else contracts * self.multiplier
        return face / price if self.inverse else face * price

    @property
    def value(self) -> Fraction:
        return self.value_at(self.mark)

    @property
    def gain(self) -> Fraction:
        return self.lean * (self.value - self.cost)


class Unit(Struct, frozen=True):
    """What is liquidated as one: an isolated position with its margin, or all cross positions of one currency."""

    account: str
    currency: str
    instrument: str
    """"" for cross."""
    wallet: Fraction
    """The isolated margin, or the balance that isolated positions do not hold."""
    holdings: tuple[Holding, ...]
    leg: str = ""
    coins: tuple[Backing, ...] = ()
    """What backs cross positions beside the wallet."""

    @property
    def name(self) -> str:
        """Of its one position, or its currency."""
        return name_of(self.instrument, self.leg) or self.currency

    @property
    def key(self) -> str:
        return f"{self.account} {self.name}"

    def legs(self, holding: Holding) -> list[Holding]:
        """The positions of the same contract, which have one mark; this one is among them."""
        return [each for each in self.holdings if each.instrument == holding.instrument]

    @property
    def balance(self) -> Fraction:
        """The wallet, and what coins count beside it."""
        return self.wallet + sum((each.counted for each in self.coins), ZERO)

    @property
    def equity(self) -> Fraction:
        return self.balance + sum((holding.gain for holding in self.holdings), ZERO)


def rows_of(table: TierTable, cumulative: bool) -> tuple[Row, ...]:
    """Each amount, where the venue gives none, keeps maintenance continuous at the floor."""
    rows: list[Row] = []
    amount, rate = ZERO, table.tiers[0].rate
    for tier in table.tiers:
        amount, rate = amount + tier.floor * (tier.rate - rate), tier.rate
        amount = amount if tier.amount is None else tier.amount
        rows.append(Row(tier.cap, tier.rate, amount if cumulative else ZERO, tier.leverage_max))
    return tuple(rows)


def row_at(rows: Sequence[Row], size: Fraction) -> int:
    """The place of the tier that holds a size; beyond the last cap it is the last."""
    inside = (place for place, row in enumerate(rows) if row.cap is None or size <= row.cap)
    return next(inside, len(rows) - 1)


def tier_size(rules: VenueRules, unit: Unit, holding: Holding) -> Fraction:
    """What its tier is looked up by: where contracts are counted, those of both legs together."""
    if rules.tiers_by == "contracts":
        return sum((each.contracts for each in unit.legs(holding)), ZERO)
    return holding.value


def tier_of(rules: VenueRules, unit: Unit, holding: Holding) -> int:
    return row_at(holding.rows, tier_size(rules, unit, holding))


def maintenance(rules: VenueRules, unit: Unit) -> Fraction:
    return sum((maintenance_of(rules, unit, holding) for holding in unit.holdings), ZERO)


def maintenance_of(rules: VenueRules, unit: Unit, holding: Holding) -> Fraction:
    constant, slope = maintenance_line(rules, unit, holding, tier_of(rules, unit, holding))
    return constant + slope * holding.level


def maintenance_line(rules: VenueRules, unit: Unit, holding: Holding, place: int) -> tuple[Fraction, Fraction]:
    """Maintenance in a tier as constant + slope × level."""
    row, face = holding.rows[place], holding.face
    constant, slope = -row.amount, row.rate * face
    if rules.closing_fee == "maintenance":
        slope += holding.fee * face
    elif rules.closing_fee == "reserved" and unit.instrument:
        spent = (holding.cost - holding.lean * unit.wallet) / (1 - holding.lean * holding.fee)
        constant += max(ZERO, holding.fee * spent)
    elif rules.closing_fee == "reserved":
        slope += holding.fee * (1 - holding.lean / holding.leverage) * face
    return constant, slope


def slack(rules: VenueRules, unit: Unit) -> Fraction:
    return unit.equity - maintenance(rules, unit)


def is_liquidated(rules: VenueRules, unit: Unit) -> bool:
    if not unit.holdings:
        return False
    left = slack(rules, unit)
    return left < 0 or (left == 0 and not rules.liquidated_below)


def initial_rate(rules: VenueRules, lean: int, leverage: Fraction, fee: Fraction) -> Fraction:
    """The share of the value that opening it sets aside."""
    reserved = fee * (1 - lean / leverage) if rules.closing_fee == "reserved" else ZERO
    return 1 / leverage + reserved


def equity_share(rules: VenueRules, unit: Unit, holding: Holding) -> Fraction:
    """The part of the unit's equity that goes with a position: by maintenance, all of it where it is the only one."""
    if len(unit.holdings) == 1:
        return unit.equity
    total = maintenance(rules, unit)
    if total <= 0:
        return unit.equity * holding.value / sum((each.value for each in unit.holdings), ZERO)
    return unit.equity * maintenance_of(rules, unit, holding) / total


def bankruptcy_price(holding: Holding, equity: Fraction, fee: Fraction) -> Fraction:
    """Where closing the position, with a fee of its value there, leaves nothing of this equity."""
    value = (holding.lean * holding.value - equity) / (holding.lean - fee)
    if not holding.inverse:
        return value / holding.face
    return holding.face / value if value * NEVER > holding.value else holding.mark * NEVER


def liquidation_price(rules: VenueRules, unit: Unit, holding: Holding) -> Fraction | None:
    """The first mark against the position, or against both legs of its contract together, at which its unit has no
    slack, all other marks as they are, but coins that are the contract's base go with it."""
    if is_liquidated(rules, unit):
        return holding.mark
    legs = unit.legs(holding)
    if len(legs) > 1 or any(each.coin.currency == holding.base for each in unit.coins):
        return _price_of_legs(rules, unit, legs)
    rest = slack(rules, unit) - holding.gain + maintenance_of(rules, unit, holding)
    by_contracts = rules.tiers_by == "contracts"
    for place in (tier_of(rules, unit, holding),) if by_contracts else range(len(holding.rows)):
        constant, slope = maintenance_line(rules, unit, holding, place)
        fall = holding.lean * holding.face - slope
        level = (constant + holding.lean * holding.cost - rest) / fall if fall else ZERO
        adverse = level > 0 and holding.lean * (holding.level - level) >= 0
        if adverse and (by_contracts or row_at(holding.rows, holding.face * level) == place):
            return 1 / level if holding.inverse else level
    return None


def _price_of_legs(rules: VenueRules, unit: Unit, legs: list[Holding]) -> Fraction | None:
    """From tier to tier, away from the mark, first where the legs lose together and then on the other side."""
    by_contracts, now = rules.tiers_by == "contracts", legs[0].level
    coins = [each for each in unit.coins if each.coin.currency == legs[0].base]
    rest = slack(rules, unit) - sum((leg.gain - maintenance_of(rules, unit, leg) for leg in legs), ZERO)
    rest -= sum((each.counted for each in coins), ZERO)

    def line(level: Fraction) -> tuple[Fraction, Fraction]:
        """What legs are left over as constant + slope × level, around a level."""
        constant, slope = rest, ZERO
        for leg in legs:
            place = tier_of(rules, unit, leg) if by_contracts else row_at(leg.rows, leg.face * level)
            needed, rise = maintenance_line(rules, unit, leg, place)
            constant, slope = constant - leg.lean * leg.cost - needed, slope + leg.lean * leg.face - rise
        return constant, slope

    def backed(level: Fraction) -> tuple[Fraction, Fraction]:
        """The same with the coins that go with the mark."""
        constant, slope = line(level)
        for each in coins:
            fixed, share = each.coin.line(each.worth * level / now)
            constant, slope = constant + fixed, slope + share * each.worth / now
        return constant, slope

    caps = [] if by_contracts else [row.cap / leg.face for leg in legs for row in leg.rows if row.cap is not None]
    caps += [end * now / each.worth for each in coins if each.worth > 0 for end in each.coin.ends]
    up = [now, *sorted({cap for cap in caps if cap > now})]
    down = [now, *sorted({cap for cap in caps if cap < now}, reverse=True), ZERO]
    way = line(now)[1]
    above, below = _crossing([*up, up[-1] * 2], backed), _crossing(down, backed)
    if way == 0 and above is not None and below is not None:
        level: Fraction | None = below if now - below < above - now else above
    else:
        first, second = (above, below) if way < 0 else (below, above)
        level = second if first is None else first
    if level is None:
        return None
    return 1 / level if legs[0].inverse else level


def _crossing(stops: list[Fraction], line: Callable[[Fraction], tuple[Fraction, Fraction]]) -> Fraction | None:
    """The first level after the first stop, in their direction, where nothing is left over; upwards without an end."""
    for near, far in pairwise(stops):
        constant, slope = line((near + far) / 2)
        level = -constant / slope if slope else ZERO
        endless = far > near and far == stops[-1]
        if level > 0 and min(near, far) <= level and (endless or level <= max(near, far)):
            return level
    return None


def reduced(unit: Unit, holding: Holding, contracts: Fraction, paid: Fraction) -> Unit:
    """The unit after so much of a position was closed at its mark, and so much paid for it."""
    left = holding.contracts - contracts
    share = left / holding.contracts
    rest = replace(holding, contracts=left, cost=holding.cost * share)
    wallet = unit.wallet + holding.gain * (1 - share) - paid
    others = tuple(rest if each is holding else each for each in unit.holdings)
    return replace(unit, wallet=wallet, holdings=others)
