"""Instruments with exact conversion between a message's float64 and whole ticks and lots; versioned by date."""

from __future__ import annotations

import bisect
from decimal import Decimal

from letrade.core.errors import DataError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.messages.market import Instrument
from letrade.core.money import round_half_even
from letrade.core.quantities import ONE, TEN, decimal_units
from letrade.hotpath.decimals import DECIMALS_MAX, DIGITS_MAX, from_units, to_units


def _grid(text: str, what: str, instrument: str) -> tuple[int, int]:
    """'0.05' is (5, 2): a step of 5 units at 2 decimals."""
    value = _decimal(text, what, instrument).normalize()
    if value <= 0:
        raise DataError(f"{instrument}: expected {what} above 0, found {text!r}")
    decimals = max(0, -int(value.as_tuple().exponent))
    return int(value.scaleb(decimals)), decimals


def _decimal(text: str, what: str, instrument: str) -> Decimal:
    """DataError when the text is no decimal of ordinary size and at most 15 significant digits."""
    try:
        value = Decimal(text)
        _, digits, exponent = value.normalize().as_tuple()
    except ArithmeticError:
        raise DataError(f"{instrument}: expected {what} such as '0.01', found {text!r}") from None
    if not isinstance(exponent, int) or not -DECIMALS_MAX <= exponent <= DIGITS_MAX or len(digits) > DIGITS_MAX:
        raise DataError(f"{instrument}: expected {what} of at most {DIGITS_MAX} digits, found {text!r}")
    return value


def _exact(value: float) -> Fraction:
    """The decimal that reads back as this double. DataError when it is not finite."""
    try:
        return read_fraction(repr(float(value)))
    except ValueError:
        raise DataError(f"expected a finite number, found {value!r}") from None


def _tiers(message: Instrument) -> TierTable:
    """DataError where a number of a bracket is none."""

    def read(text: str) -> Fraction | None:
        return read_fraction(_decimal(text, "a number of a tier", message.instrument)) if text else None

    rows = tuple(
        Tier(read(each.floor) or Fraction(0), read(each.cap), read(each.rate) or Fraction(0), read(each.amount),
             read(each.leverage_max))
        for each in message.brackets
    )  # fmt: skip
    return TierTable(message.instrument, rows)


class Grid:
    """A price or size grid: whole steps of `step_units` / 10**decimals."""

    def __init__(self, text: str, what: str, instrument: str) -> None:
        self.step_units, self.decimals = _grid(text, what, instrument)
        self._what = f"{instrument}: {what}"
        self.step = Fraction(self.step_units, 10**self.decimals)
        self.step_quantity = self.step_units * ONE // int(10**self.decimals)
        """In units of 1e-18, as quantities are counted."""

    def units(self, value: float) -> int:
        """The value × 10**decimals, exactly. DataError when it is no multiple of the step, or is no decimal of at most
        15 significant digits."""
        try:
            units = to_units(value, self.decimals)
        except ValueError as error:
            raise DataError(f"{self._what}: expected a multiple of {float(self.step)!r}: {error}") from None
        if units % self.step_units:
            raise DataError(f"{self._what}: expected a multiple of {float(self.step)!r}, found {value!r}")
        return units

    def fits(self, value: float) -> bool:
        """Whether the value is a multiple of the step above 0."""
        digits, decimals = decimal_units(value)
        if digits <= 0 or decimals > self.decimals:
            return False
        return digits * TEN[self.decimals - decimals] % self.step_units == 0

    def steps(self, value: float) -> int:
        """The value in whole steps (ticks, lots)."""
        return self.units(value) // self.step_units

    def value(self, units: int) -> float:
        """The nearest double of units / 10**decimals."""
        return from_units(units, self.decimals)

    def value_of_steps(self, steps: int) -> float:
        return from_units(steps * self.step_units, self.decimals)

    def round_down(self, value: float) -> float:
        """The largest multiple that is not above |value|, with value's sign; 0 when none."""
        digits, decimals = decimal_units(value)
        power = TEN[decimals] if decimals < len(TEN) else 10**decimals
        whole = abs(digits) * TEN[self.decimals] // (power * self.step_units)
        return self.value_of_steps(whole if value >= 0 else -whole)

    def round_up(self, value: float) -> float:
        """The smallest multiple that is not below the value."""
        return self.value_of_steps(-int(-_exact(value) // self.step))

    def round_floor(self, value: float) -> float:
        """The largest multiple that is not above the value, also for negative values."""
        return self.value_of_steps(int(_exact(value) // self.step))


class Specification:
    """One version of an instrument's rules, ready to compute with."""

    def __init__(self, message: Instrument) -> None:
        self.message = message
        self.id = message.instrument
        self.kind = message.kind
        self.base, self.quote, self.settle = message.base, message.quote, message.settle
        self.price = Grid(message.tick, "tick", self.id)
        self.size = Grid(message.lot, "lot", self.id)
        self.size_min = float(_decimal(message.size_min, "size_min", self.id))
        self.notional_min = read_fraction(_decimal(message.notional_min, "notional_min", self.id))
        self.multiplier = read_fraction(_decimal(message.multiplier, "multiplier", self.id))
        self.tiers = _tiers(message) if message.brackets else None
        """Its leverage tiers; None where they are not known."""
        self.inverse = self.kind == "inverse"
        self.currency = self.settle if self.inverse else self.quote
        """What its trades are worth, and gains are counted, in."""
        if self.kind not in ("spot", "linear", "inverse"):
            raise DataError(f"{self.id}: expected kind 'spot', 'linear' or 'inverse', found {self.kind!r}")
        if self.inverse and self.settle != self.base:
            raise DataError(f"{self.id}: an inverse contract settles in its base {self.base}, found {self.settle}")
        if self.size_min < 0 or self.notional_min < 0 or self.multiplier <= 0:
            raise DataError(f"{self.id}: expected least sizes and notionals of 0 or more, and a multiplier above 0")
        if self.multiplier != 1 and self.kind == "spot":
            raise DataError(f"{self.id}: a spot instrument has multiplier 1, found {message.multiplier}")

    def worth(self, price: Fraction, size: Fraction) -> Fraction:
        """Of a size at a price, in `currency`: price × size × multiplier, or of an inverse contract, whose multiplier
        is quote units, size × multiplier / price."""
        if self.inverse:
            return size * self.multiplier / price
        return price * size if self.multiplier == 1 else price * size * self.multiplier

    def notional(self, price: Fraction, size: Fraction) -> Fraction:
        """The same in quote units, which a least notional is counted in."""
        return size * self.multiplier if self.inverse else self.worth(price, size)

    def notional_units(self, price: float, size: float, scale: int) -> int:
        """|price × size × multiplier| in quote units at `scale`, ties to even."""
        exact = _exact(price) * _exact(size) * self.multiplier * 10**scale
        return abs(round_half_even(exact.numerator, exact.denominator))


def _valid_from(version: Specification) -> int:
    return version.message.valid_from


class Catalogue:
    """All versions of all instruments of a desk, by the date from which they hold."""

    def __init__(self, instruments: tuple[Instrument, ...] = ()) -> None:
        self._versions: dict[str, list[Specification]] = {}
        self.stated_rates: dict[tuple[str, str], Fraction] = {}
        """(currency, wanted): what one unit is worth where no market tells it, both ways round."""
        for message in instruments:
            self.add(message)

    def state_rate(self, base: str, quote: str, rate: Fraction) -> None:
        """Somebody answers for it that one `base` is worth so many `quote`, as long as no market says another."""
        self.stated_rates |= {(base, quote): rate, (quote, base): 1 / rate}

    def add(self, message: Instrument) -> Specification:
        """A new version, or in the place of the one that holds from the same date."""
        added = Specification(message)
        versions = self._versions.setdefault(added.id, [])
        place = bisect.bisect_left(versions, message.valid_from, key=_valid_from)
        if place < len(versions) and _valid_from(versions[place]) == message.valid_from:
            versions[place] = added
        else:
            versions.insert(place, added)
        return added

    def at(self, instrument: str, time: int) -> Specification:
        """The rules of an instrument at a time. DataError when it is unknown, naming the known ones."""
        versions = self._versions.get(instrument)
        if not versions:
            known = ", ".join(sorted(self._versions)) or "none"
            raise DataError(f"unknown instrument {instrument!r}: the desk knows {known}; add an [[instrument]]")
        if len(versions) == 1:
            return versions[0]
        place = bisect.bisect_right(versions, time, key=_valid_from)
        return versions[max(0, place - 1)]

    def __contains__(self, instrument: str) -> bool:
        return instrument in self._versions

    def ids(self) -> tuple[str, ...]:
        return tuple(self._versions)

    def messages(self) -> tuple[Instrument, ...]:
        """Every version, in the order of ids and dates."""
        return tuple(version.message for versions in self._versions.values() for version in versions)
