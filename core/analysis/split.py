"""Where profit came from, in exact decimals: price, funding, fees, borrowing, transfers, of each strategy and venue."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction

import msgspec
import numpy as np

from letrade.core.analysis.record import InstrumentNote, RunRecord, RunSettings
from letrade.core.analysis.tables import Fills, Floats
from letrade.core.quantities import decimal_units

UNIT = Fraction(1, 10**8)
FINE = 24
ONE = 10**FINE
POWERS = tuple(10**place for place in range(FINE + 1))
PLACES = 12
"""Decimals that are shown."""
KINDS = ("price", "funding", "fees", "borrow", "transfers", "liquidation", "cash")
_OF_ORIGIN = {"funding": "funding", "interest": "borrow", "fee": "transfers", "liquidation": "liquidation"}
NOBODY = "(unassigned)"


class SplitLine(msgspec.Struct, frozen=True, kw_only=True):
    """Decimals in the reporting currency, at the rates of the run's end; what was paid is negative."""

    name: str
    price: str = "0"
    """Of fills, and of what is still held at the last prices."""
    funding: str = "0"
    fees: str = "0"
    """Of trades."""
    borrow: str = "0"
    """Interest."""
    transfers: str = "0"
    """Fees of moving money."""
    liquidation: str = "0"
    cash: str = "0"
    """Money of all other origins; moved from account to account is none of it."""
    profit: str = "0"
    """The sum of these."""


class Unvalued(msgspec.Struct, frozen=True, kw_only=True):
    """An amount that no line has, as there was no price or rate at the run's end to value it at."""

    strategy: str
    venue: str
    part: str
    amount: str
    """An exact decimal (of an inverse contract cut at twelve)."""
    unit: str
    """The currency; of a position without a price the instrument, in its base units or contracts."""


class ProfitSplit(msgspec.Struct, frozen=True, kw_only=True):
    """`total.profit + other` is what the desk's equity changed by. What could not be valued is in no line, and no 0."""

    total: SplitLine
    strategies: tuple[SplitLine, ...] = ()
    venues: tuple[SplitLine, ...] = ()
    other: str | None = None
    """Balances that other rates made worth more or less, positions from before the run: what the parts do not explain.
    None where equity is not known."""
    short_days: dict[str, tuple[str, ...]] = {}
    """By account, the days (UTC) on which it was short of margin."""
    unvalued: tuple[Unvalued, ...] = ()


Sums = dict[str, Fraction]


def split_of(record: RunRecord) -> ProfitSplit | None:
    """None where the record does not hold the prices and rates at the run's end that positions are valued at."""
    settings = record.settings
    if not settings.rates_end:
        return None
    rates = {name: Fraction(text) for name, text in settings.rates_end.items()}
    booked: dict[tuple[str, str], Sums] = {}
    unvalued: dict[tuple[str, str, str, str], Fraction] = {}
    for owner, kind, currency, amount in (*_of_fills(record), *_of_cash(record)):
        sums = booked.setdefault(owner, {})
        if currency in rates:
            sums[kind] = sums.get(kind, Fraction(0)) + amount * rates[currency]
        elif amount:
            key = (*owner, kind, currency)
            unvalued[key] = unvalued.get(key, Fraction(0)) + amount
    total = _line("total", booked.values())
    change = _change(settings)
    made = sum((amount for sums in booked.values() for amount in sums.values()), Fraction(0))
    return ProfitSplit(
        total=total,
        strategies=tuple(_lines(booked, 0)),
        venues=tuple(_lines(booked, 1)),
        other=None if change is None else shown(change - made),
        short_days={account: tuple(days) for account, days in settings.short_days.items()},
        unvalued=tuple(
            Unvalued(strategy=strategy, venue=venue, part=part, amount=shown(amount), unit=unit)
            for (strategy, venue, part, unit), amount in unvalued.items()
            if amount
        ),
    )


def _change(settings: RunSettings) -> Fraction | None:
    if settings.equity_start is None or settings.equity_end is None:
        return None
    return Fraction(settings.equity_end) - Fraction(settings.equity_start)


Entry = tuple[tuple[str, str], str, str, Fraction]
"""((strategy, venue), kind, currency, amount); the currency of what has no price and no rate says what it is."""


def _of_fills(record: RunRecord) -> Iterable[Entry]:
    """What fills moved, their fees, and what their sum is still worth: one market of a strategy after the other."""
    fills, names = record.fills, record.names
    for strategy, place in sorted({*zip(fills.strategy.tolist(), fills.instrument.tolist(), strict=True)}):
        own = fills.where((fills.strategy == strategy) & (fills.instrument == place))
        note = names.instruments[place]
        owner = (_strategy(record, strategy), _venue(note))
        held, moved = _sums(own, note)
        price = record.settings.prices_end.get(note.name)
        if held and not price:
            # What buying cost says nothing of a profit while nobody knows what was bought is worth.
            yield owner, "price", f"{_currency(note)} for {note.name}", moved
            yield owner, "price", note.name, held
        else:
            yield owner, "price", _currency(note), moved + (_worth(note, held, _exact(price)) if price else 0)
        for currency in np.unique(own.fee_currency).tolist():
            paid = sum(own.fee_units[own.fee_currency == currency].tolist())
            if paid and currency >= 0:
                yield owner, "fees", names.currencies[currency], -paid * UNIT


def _sums(own: Fills, note: InstrumentNote) -> tuple[Fraction, Fraction]:
    """(what is held after all of them, what buying cost and selling brought); of an inverse contract each fill is cut
    at 24 decimals."""
    sizes = [side * size for side, size in zip(own.side.tolist(), _all_fixed(own.size), strict=True)]
    prices = _all_fixed(own.price)
    if note.kind == "inverse":
        moved = sum(size * ONE // price for size, price in zip(sizes, prices, strict=True))
        return Fraction(sum(sizes), ONE), Fraction(moved, ONE) * _exact(note.multiplier)
    moved = -sum(size * price for size, price in zip(sizes, prices, strict=True))
    return Fraction(sum(sizes), ONE), Fraction(moved, ONE * ONE) * _exact(note.multiplier)


def _worth(note: InstrumentNote, held: Fraction, price: Fraction) -> Fraction:
    """What selling all of it would bring."""
    multiplier = _exact(note.multiplier)
    return -held * multiplier / price if note.kind == "inverse" else held * multiplier * price


def _all_fixed(values: Floats) -> list[int]:
    """Each number that occurs is worked out once."""
    known, places = np.unique(values, return_inverse=True)
    fixed = [_fixed(value) for value in known.tolist()]
    return [fixed[place] for place in places.tolist()]


def _fixed(value: float) -> int:
    """A number's shortest decimal as a whole number of 1e-24; what is finer is cut."""
    digits, decimals = decimal_units(value)
    return digits * POWERS[FINE - decimals] if decimals <= FINE else digits // int(10 ** (decimals - FINE))


def _of_cash(record: RunRecord) -> Iterable[Entry]:
    cash, names = record.cash, record.names
    owners = _owners(record)
    columns = (cash.strategy, cash.account, cash.instrument, cash.origin, cash.currency, cash.amount_units, cash.amount)
    for strategy, account, place, origin, currency, units, amount in zip(*(x.tolist() for x in columns), strict=True):
        told = names.origins[origin] if origin >= 0 else ""
        if told == "transfer" or currency < 0:
            continue
        venue = _venue(names.instruments[place]) if place >= 0 else ""
        name = names.accounts[account] if account >= 0 else ""
        who = _strategy(record, strategy if strategy >= 0 else owners.get(account, -1))
        exact = units * UNIT if units else _exact(amount)
        owner = (who, venue or record.settings.venues.get(name, name))
        yield owner, _OF_ORIGIN.get(told, "cash"), names.currencies[currency], exact


def _owners(record: RunRecord) -> dict[int, int]:
    """The strategy that alone traded an account, or, where nobody did, the desk's only one: its interest and transfers
    are that strategy's."""
    fills = record.fills
    found: dict[int, int] = {}
    for account in range(len(record.names.accounts)):
        own = np.unique(fills.strategy[fills.account == account]).tolist() or np.unique(fills.strategy).tolist()
        if len(own) == 1:
            found[account] = own[0]
    return found


def _currency(note: InstrumentNote) -> str:
    return note.quote if note.kind == "spot" else note.settle


def _venue(note: InstrumentNote) -> str:
    return note.name.partition(".")[0]


def _strategy(record: RunRecord, place: int) -> str:
    return record.names.strategies[place] if place >= 0 else NOBODY


def _exact(value: float) -> Fraction:
    return Fraction(repr(value))


def _lines(booked: dict[tuple[str, str], Sums], column: int) -> Iterable[SplitLine]:
    for name in dict.fromkeys(key[column] for key in booked):
        yield _line(name, [sums for key, sums in booked.items() if key[column] == name])


def _line(name: str, parts: Iterable[Sums]) -> SplitLine:
    sums = dict.fromkeys(KINDS, Fraction(0))
    for part in parts:
        for kind, amount in part.items():
            sums[kind] += amount
    texts = {kind: shown(amount) for kind, amount in sums.items()}
    return SplitLine(name=name, **texts, profit=shown(sum(sums.values(), Fraction(0))))


def shown(amount: Fraction) -> str:
    """The plain decimal; what is finer than twelve decimals is rounded, ties to even."""
    with localcontext() as context:
        context.prec = 60
        text = f"{Decimal(round(amount * 10**PLACES)).scaleb(-PLACES):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text
