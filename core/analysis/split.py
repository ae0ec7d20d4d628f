"""Where profit came from, in exact decimals: price, funding, fees, borrowing, transfers, of each strategy and venue."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, localcontext
from fractions import Fraction

import msgspec
import numpy as np

from letrade.core.analysis.record import InstrumentNote, RunRecord, RunSettings

UNIT = Fraction(1, 10**8)
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


class ProfitSplit(msgspec.Struct, frozen=True, kw_only=True):
    """`total.profit + other` is what the desk's equity changed by."""

    total: SplitLine
    strategies: tuple[SplitLine, ...] = ()
    venues: tuple[SplitLine, ...] = ()
    other: str | None = None
    """Balances that other rates made worth more or less, positions from before the run: what the parts do not explain.
    None where equity is not known."""
    short_days: dict[str, tuple[str, ...]] = {}
    """By account, the days (UTC) on which it was short of margin."""


Sums = dict[str, Fraction]


def split_of(record: RunRecord) -> ProfitSplit | None:
    """None where the record does not hold the prices and rates at the run's end that positions are valued at."""
    settings = record.settings
    if not settings.rates_end:
        return None
    rates = {name: Fraction(text) for name, text in settings.rates_end.items()}
    booked: dict[tuple[str, str], Sums] = {}
    for owner, kind, currency, amount in (*_of_fills(record), *_of_cash(record)):
        sums = booked.setdefault(owner, {})
        sums[kind] = sums.get(kind, Fraction(0)) + amount * rates.get(currency, Fraction(0))
    total = _line("total", booked.values())
    change = _change(settings)
    made = sum((amount for sums in booked.values() for amount in sums.values()), Fraction(0))
    return ProfitSplit(
        total=total,
        strategies=tuple(_lines(booked, 0)),
        venues=tuple(_lines(booked, 1)),
        other=None if change is None else shown(change - made),
        short_days={account: tuple(days) for account, days in settings.short_days.items()},
    )


def _change(settings: RunSettings) -> Fraction | None:
    if settings.equity_start is None or settings.equity_end is None:
        return None
    return Fraction(settings.equity_end) - Fraction(settings.equity_start)


Entry = tuple[tuple[str, str], str, str, Fraction]
"""((strategy, venue), kind, currency, amount)."""


def _of_fills(record: RunRecord) -> Iterable[Entry]:
    """What each fill moved, fees, and what the sum of fills is still worth."""
    fills, names = record.fills, record.names
    held: dict[tuple[int, int], Fraction] = {}
    columns = (fills.strategy, fills.instrument, fills.side, fills.price, fills.size, fills.fee_units,
               fills.fee_currency)  # fmt: skip
    for strategy, place, side, price, size, fee, currency in zip(*(each.tolist() for each in columns), strict=True):
        note = names.instruments[place]
        owner = (_strategy(record, strategy), _venue(note))
        signed = side * _exact(size)
        held[strategy, place] = held.get((strategy, place), Fraction(0)) + signed
        yield owner, "price", _currency(note), _flow(note, signed, _exact(price))
        if fee and currency >= 0:
            yield owner, "fees", names.currencies[currency], -fee * UNIT
    for (strategy, place), quantity in held.items():
        note = names.instruments[place]
        price = record.settings.prices_end.get(note.name)
        if quantity and price:
            owner = (_strategy(record, strategy), _venue(note))
            yield owner, "price", _currency(note), -_flow(note, quantity, _exact(price))


def _flow(note: InstrumentNote, signed: Fraction, price: Fraction) -> Fraction:
    """What buying (signed above 0) costs, and selling brings."""
    multiplier = _exact(note.multiplier)
    return signed * multiplier / price if note.kind == "inverse" else -signed * multiplier * price


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
