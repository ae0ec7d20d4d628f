"""What a desk file can hold beyond TOML's own values: exact decimals, durations, instants, names; and their limits."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated

import msgspec

from letrade.core.config.durations import format_duration, parse_duration

SECOND_NS = 1_000_000_000
DECIMAL_DIGITS_MAX = 38
DECIMAL_EXPONENT_MAX = 30


@dataclass(frozen=True)
class Bounds:
    """Limits of a decimal or a duration, which msgspec.Meta cannot hold; `above` and `below` are exclusive."""

    above: int | None = None
    least: int | None = None
    below: int | None = None
    most: int | None = None

    def allows(self, value: Decimal | int) -> bool:
        return (
            (self.above is None or value > self.above)
            and (self.least is None or value >= self.least)
            and (self.below is None or value < self.below)
            and (self.most is None or value <= self.most)
        )

    def describe(self, show: Callable[[int], str] = str) -> str:
        words = (("above", self.above), ("of at least", self.least), ("below", self.below), ("at most", self.most))
        return " and ".join(f"{word} {show(limit)}" for word, limit in words if limit is not None)


@dataclass(frozen=True)
class TextForm:
    """Marks an integer that is written as text in a desk file: how to read it, how to show it, what to call it."""

    parse: Callable[[object], int]
    show: Callable[[int], str]
    meaning: str


class File:
    """Marks the path of a file: in a desk file it is meant from that file's folder."""


def parse_decimal(value: object) -> Decimal:
    """An exact decimal of text or a TOML integer; of a TOML float, its shortest text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise ValueError("not a number")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError("not a number") from None
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or len(digits) > DECIMAL_DIGITS_MAX or abs(exponent) > DECIMAL_EXPONENT_MAX:
        raise ValueError("not finite, or too long")
    return number


def show_decimal(number: Decimal) -> str:
    """The digits as they were written, never in exponent form."""
    return f"{number:f}"


def parse_instant(value: object) -> int:
    """ns UTC of a TOML date (its midnight), a date-time with its zone, or the ISO text of either."""
    if isinstance(value, str):
        value = _from_iso(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            raise ValueError("no zone")
        moment = value
    elif isinstance(value, datetime.date):
        moment = datetime.datetime(value.year, value.month, value.day, tzinfo=datetime.UTC)
    else:
        raise ValueError("no date")
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    return (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1_000


def _from_iso(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text) if len(text) == 10 else datetime.datetime.fromisoformat(text)


def show_instant(time_ns: int) -> str:
    """ISO 8601 in UTC; a midnight is its date alone."""
    seconds, rest_ns = divmod(time_ns, SECOND_NS)
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(
        seconds=seconds, microseconds=rest_ns // 1_000
    )
    midnight = moment == moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.date().isoformat() if midnight else moment.isoformat().replace("+00:00", "Z")


def parse_time_of_day(value: object) -> int:
    """ns after midnight UTC of the text "HH:MM"."""
    match = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", value, re.ASCII) if isinstance(value, str) else None
    if match is None:
        raise ValueError("no time of day")
    return (int(match[1]) * 60 + int(match[2])) * 60 * SECOND_NS


def show_time_of_day(time_ns: int) -> str:
    minutes = time_ns // (60 * SECOND_NS)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


DURATION_FORM = TextForm(parse_duration, format_duration, 'a duration such as "50ms"')
INSTANT_FORM = TextForm(parse_instant, show_instant, 'a date such as "2024-08-08", or a time with its zone')

TIME_OF_DAY_FORM = TextForm(parse_time_of_day, show_time_of_day, 'a time of day (UTC) such as "00:00"')

Duration = Annotated[int, DURATION_FORM]
"""Integer ns; "50ms" in a desk file."""

PositiveDuration = Annotated[int, DURATION_FORM, Bounds(above=0)]
"""Integer ns, at least 1."""

PingInterval = Annotated[int, DURATION_FORM, Bounds(least=100_000_000)]
"""Integer ns, at least a tenth of a second."""

Instant = Annotated[int, INSTANT_FORM]
"""Integer ns UTC; a date or a time with its zone in a desk file."""

TimeOfDay = Annotated[int, TIME_OF_DAY_FORM]
"""Integer ns after midnight UTC; "00:00" in a desk file."""

FilePath = Annotated[str, msgspec.Meta(min_length=1, description="the path of a file"), File()]
"""Of a file that is read when it is needed."""

Positive = Annotated[Decimal, Bounds(above=0)]
NotNegative = Annotated[Decimal, Bounds(least=0)]
Quantity = Annotated[Decimal, Bounds()]
"""Signed."""
Fraction = Annotated[Decimal, Bounds(above=0, most=1)]
"""A share of a whole, 0 < x <= 1."""

Share = Annotated[Decimal, Bounds(least=0, most=1)]
"""A share of a whole, 0 and all of it too."""

FeeRate = Annotated[Decimal, Bounds(above=-1, below=1)]
"""A share of the notional; negative is a rebate."""

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Port = Annotated[int, msgspec.Meta(ge=1, le=65_535)]

Name = Annotated[
    str,
    msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z", description="a name of at most 64 letters, digits, `_` and `-`"),
]
"""What can be one word of a NATS subject."""

Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9]{1,32}\Z", description='a currency such as "USDT"')]

CurrencyPair = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9]{1,32}-[A-Za-z0-9]{1,32}\Z", description='a pair of currencies such as "BNB-USDT"'
    ),
]

InstrumentId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_-]{1,64}\.(?:[A-Za-z0-9_-]|=[0-9A-F]{2}){1,128}\Z",
        description='an instrument id such as "binance.BTC-USDT"',
    ),
]
