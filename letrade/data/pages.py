"""Walks through a span of time on an exchange, page by page: rows, and up to when they are complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from letrade.core.clock import MILLISECOND, SECOND
from letrade.core.data.columns import Kind
from letrade.core.data.coverage import Span
from letrade.data.exchange import Exchange, Market

HOUR = 3_600 * SECOND
SIDES = {"buy": 1, "sell": -1}


class Page(NamedTuple):
    """Rows of numbers, and the time (ns) before which nothing is missing any more.

    A bar is (start ns, open, high, low, close, volume), a trade (ns, price, size, side, id), a rate (ns, rate) and a
    mark or index price (ns, price).
    """

    rows: list[tuple[Any, ...]]
    through: int


def pages(exchange: Exchange, market: Market, kind: Kind, interval_ns: int, span: Span) -> Iterator[Page]:
    """Every page of a span, the last one complete up to its end."""
    if kind == Kind.TRADES:
        return _trades(exchange, market, span)
    if kind == Kind.FUNDING:
        return _funding(exchange, market, span)
    return _bars(exchange, market, kind, interval_ns, span)


def _bars(exchange: Exchange, market: Market, kind: Kind, interval_ns: int, span: Span) -> Iterator[Page]:
    """Where nothing comes, a halt or a time before the listing, the next page is asked for."""
    start, end = span
    timeframe, many = exchange.timeframe(interval_ns), exchange.page_rows(market, kind)
    since = -(-start // interval_ns) * interval_ns
    while since < end:
        told = exchange.bars(market, kind, timeframe, since, many)
        rows = [
            (stamp * MILLISECOND, *(float(value or 0.0) for value in values))
            for stamp, *values in sorted(told)
            if since <= stamp * MILLISECOND < end and None not in values[:4]
        ]
        since = (rows[-1][0] if rows else since + (many - 1) * interval_ns) + interval_ns
        yield Page(rows if kind == Kind.BARS else [row[:2] for row in rows], min(since, end))


def _trades(exchange: Exchange, market: Market, span: Span) -> Iterator[Page]:
    """A page may end amid the trades of one millisecond: it is complete up to that millisecond only."""
    start, end = span
    many = exchange.page_rows(market, Kind.TRADES)
    since, last_id = start, ""
    seen: frozenset[str] = frozenset()
    while since < end:
        told = exchange.trades(market, since, many, last_id)
        fresh = sorted((_trade(each) for each in told if str(each["id"]) not in seen), key=lambda trade: trade[0])
        rows = [trade for trade in fresh if start <= trade[0] < end]
        beyond = any(trade[0] >= end for trade in fresh)
        if beyond or (not told and last_id):
            yield Page(rows, end)
            return
        if rows:
            since, last_id = rows[-1][0], str(max(told, key=lambda each: each["timestamp"])["id"])
            seen = frozenset(str(each["id"]) for each in told)
        else:
            # All of one millisecond, or none within the hour that exchanges look ahead.
            since, last_id, seen = since + (MILLISECOND if told else HOUR), "", seen if told else frozenset()
        yield Page(rows, min(since, end))
    yield Page([], end)


def _trade(told: dict[str, Any]) -> tuple[Any, ...]:
    identity = str(told.get("id") or "")
    return (
        int(told["timestamp"]) * MILLISECOND,
        float(told["price"]),
        float(told["amount"]),
        SIDES.get(told.get("side") or "", 0),
        int(identity) if identity.isdigit() and len(identity) < 19 else 0,
    )


def _funding(exchange: Exchange, market: Market, span: Span) -> Iterator[Page]:
    """Stamps are some milliseconds off: they are taken to the second."""
    start, end = span
    many, since = exchange.page_rows(market, Kind.FUNDING), start
    while since < end:
        told = exchange.funding(market, since, many)
        rates = sorted((int(each["timestamp"]) * MILLISECOND, float(each["fundingRate"])) for each in told)
        fresh = [rate for rate in rates if since <= rate[0] < end]
        if not fresh:
            break
        since = fresh[-1][0] + MILLISECOND
        yield Page([(time // SECOND * SECOND, rate) for time, rate in fresh], min(since, end))
    yield Page([], end)
