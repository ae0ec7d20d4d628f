"""Instruments with exact conversion between a message's float64 and whole ticks and lots; versioned by date."""

from __future__ import annotations

import bisect
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from letrade.core.errors import DataError
from letrade.core.messages.market import Instrument
from letrade.core.money import round_half_even

_EXACT_FLOAT = 2**53


def _grid(text: str, what: str, instrument: str) -> tuple[int, int]:
    """'0.05' is (5, 2): a step of 5 units at 2 decimals."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise DataError(f"{instrument}: expected {what} such as '0.01', found {text!r}") from None
    if not value.is_finite() or value <= 0:
        raise DataError(f"{instrument}: expected {what} above 0, found {text!r}")
    value = value.normalize()
    exponent = int(value.as_tuple().exponent)
    decimals = max(0, -exponent)
    return int(value.scaleb(decimals)), decimals


class Grid:
    """A price or size grid: whole steps of `step_units` / 10**decimals."""

    def __init__(self, text: str, what: str, instrument: str) -> None:
        self.step_units, self.decimals = _grid(text, what, instrument)
        self._power = 10**self.decimals
        self._what = f"{instrument}: {what}"
        self.step = Fraction(self.step_units, self._power)

    def units(self, value: float) -> int:
        """The value × 10**decimals, exactly. DataError when the value is no multiple of the step."""
        if not -1e15 <= value <= 1e15:
            raise DataError(f"{self._what}: expected a finite number, found {value!r}")
        units = round(value * self._power)
        if abs(units) >= _EXACT_FLOAT:
            units = round(Fraction(Decimal(repr(value))) * self._power)
        if units / self._power != value or units % self.step_units:
            raise DataError(f"{self._what}: expected a multiple of {float(self.step)!r}, found {value!r}")
        return units

    def steps(self, value: float) -> int:
        """The value in whole steps (ticks, lots)."""
        return self.units(value) // self.step_units

    def value(self, units: int) -> float:
        """The nearest double of units / 10**decimals."""
        return units / self._power

    def value_of_steps(self, steps: int) -> float:
        return steps * self.step_units / self._power

    def round_down(self, value: float) -> float:
        """The largest multiple that is not above |value|, with value's sign; 0 when none."""
        whole = int(abs(Fraction(Decimal(repr(value)))) / self.step)
        return self.value_of_steps(whole if value >= 0 else -whole)

    def round_up(self, value: float) -> float:
        """The smallest multiple that is not below the value."""
        return self.value_of_steps(-int(-Fraction(Decimal(repr(value))) // self.step))

    def round_floor(self, value: float) -> float:
        """The largest multiple that is not above the value, also for negative values."""
        return self.value_of_steps(int(Fraction(Decimal(repr(value))) // self.step))


class Specification:
    """One version of an instrument's rules, ready to compute with."""

    def __init__(self, message: Instrument) -> None:
        self.message = message
        self.id = message.instrument
        self.kind = message.kind
        self.base, self.quote, self.settle = message.base, message.quote, message.settle
        self.price = Grid(message.tick, "tick", self.id)
        self.size = Grid(message.lot, "lot", self.id)
        self.size_min = float(message.size_min)
        self.notional_min = Fraction(Decimal(message.notional_min))
        self.multiplier = Fraction(Decimal(message.multiplier))
        if self.kind not in ("spot", "linear"):
            raise DataError(f"{self.id}: expected kind 'spot' or 'linear', found {self.kind!r}")
        if self.multiplier != 1 and self.kind == "spot":
            raise DataError(f"{self.id}: a spot instrument has multiplier 1, found {message.multiplier}")

    def notional_units(self, price: float, size: float, scale: int) -> int:
        """|price × size × multiplier| in quote units at `scale`, ties to even."""
        exact = Fraction(Decimal(repr(price))) * Fraction(Decimal(repr(size))) * self.multiplier * 10**scale
        return abs(round_half_even(exact.numerator, exact.denominator))


class Catalogue:
    """All versions of all instruments of a desk, by the date from which they hold."""

    def __init__(self, instruments: tuple[Instrument, ...] = ()) -> None:
        self._versions: dict[str, list[Specification]] = {}
        for message in instruments:
            self.add(message)

    def add(self, message: Instrument) -> Specification:
        """A new version, or the same one again. DataError when two differ from the same date on."""
        added = Specification(message)
        versions = self._versions.setdefault(added.id, [])
        dates = [version.message.valid_from for version in versions]
        place = bisect.bisect_left(dates, message.valid_from)
        if place < len(dates) and dates[place] == message.valid_from:
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
        place = bisect.bisect_right([version.message.valid_from for version in versions], time)
        return versions[max(0, place - 1)]

    def __contains__(self, instrument: str) -> bool:
        return instrument in self._versions

    def ids(self) -> tuple[str, ...]:
        return tuple(self._versions)

    def messages(self) -> tuple[Instrument, ...]:
        """Every version, in the order of ids and dates."""
        return tuple(version.message for versions in self._versions.values() for version in versions)
