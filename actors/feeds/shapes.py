"""What a table of market data holds, told by the names of its columns, or by its first row where it has no header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from letrade.core.data.columns import Kind
from letrade.core.errors import DataError

ALIASES: Mapping[str, tuple[str, ...]] = {
    "seen": ("localtimestamp", "receivetimestamp", "receivetime", "receivedtime", "tsrecv", "tslocal"),
    "time": (
        "timestamp", "time", "ts", "date", "datetime", "transacttime", "transactiontime", "tradetime", "eventtime",
        "exchangetime", "tsevent", "tsexchange", "calctime", "fundingtime", "t",
    ),
    "symbol": ("symbol", "instrument", "instrumentid", "pair", "market", "ticker"),
    "exchange": ("exchange", "venue"),
    "price": ("price", "px", "p", "tradeprice", "lastprice"),
    "size": ("size", "quantity", "qty", "amount", "sz", "q", "baseqty", "basequantity", "volume", "vol", "tradesize"),
    "side": ("side", "takerside", "aggressorside", "direction", "tradeside"),
    "buyer_is_maker": ("isbuyermaker", "buyermaker", "buyerismaker", "m"),
    "seller_took": ("sell", "takersidesell"),
    "trade_id": ("tradeid", "aggtradeid", "id", "aid"),
    "bid": ("bid", "bidprice", "bestbidprice", "bestbid", "bidpx", "bidprice0", "bids0price"),
    "bid_size": (
        "bidsize", "bidqty", "bidamount", "bidquantity", "bidvolume", "bestbidqty", "bestbidsize", "bestbidamount",
        "bsz", "bidsz", "bidsize0", "bids0amount",
    ),
    "ask": ("ask", "askprice", "bestaskprice", "bestask", "askpx", "askprice0", "asks0price", "offer"),
    "ask_size": (
        "asksize", "askqty", "askamount", "askquantity", "askvolume", "bestaskqty", "bestasksize", "bestaskamount",
        "asz", "asksz", "asksize0", "asks0amount",
    ),
    "snapshot": ("issnapshot", "snapshot", "updatetype"),
    "first_update": ("firstupdateid",),
    "last_update": ("lastupdateid", "updateid"),
    "previous_update": ("pu", "previousupdateid"),
    "funding": ("fundingrate", "lastfundingrate", "rate"),
    "mark": ("markprice", "mark"),
    "index": ("indexprice", "index"),
    "open": ("open",),
}  # fmt: skip
"""By role, the names in small letters and without anything else; the first that a table has is taken."""

NEEDED: Mapping[Kind, tuple[str, ...]] = {
    Kind.LEVELS: ("price", "size", "side", "snapshot"),
    Kind.QUOTES: ("bid", "bid_size", "ask", "ask_size"),
    Kind.TRADES: ("price", "size"),
    Kind.FUNDING: ("funding",),
    Kind.MARKS: ("mark",),
    Kind.INDEX: ("index",),
}
OPTIONAL: Mapping[Kind, tuple[str, ...]] = {
    Kind.LEVELS: ("first_update", "last_update", "previous_update"),
    Kind.TRADES: ("side", "buyer_is_maker", "seller_took", "trade_id"),
}
NUMBERS = frozenset({"price", "size", "bid", "bid_size", "ask", "ask_size", "funding", "mark", "index", "open"})
BARS = frozenset({"open", "high", "low", "close"})

FILE_SUFFIXES: Mapping[str, tuple[Kind, str]] = {
    "funding_rate": (Kind.FUNDING, "funding"),
    "mark": (Kind.MARKS, "mark"),
    "index": (Kind.INDEX, "index"),
    "premiumIndex": (Kind.INDEX, "index"),
}
"""Tables of bars whose `open` is another thing, by the end of the file's name."""

TRADE_DUMPS: Mapping[tuple[int, ...], tuple[str, ...]] = {
    (5, 6): ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match"),
    (5,): ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker"),
    (6, 7): ("agg_trade_id", "price", "quantity", "first_id", "last_id", "time", "is_buyer_maker", "is_best_match"),
    (6,): ("agg_trade_id", "price", "quantity", "first_id", "last_id", "time", "is_buyer_maker"),
}
"""Binance's dumps without a header, by the places of their booleans."""


class Shape(NamedTuple):
    """The kind, the file's column of each role, and the names of the columns where the file has no header."""

    kind: Kind
    columns: dict[str, str]
    names: tuple[str, ...] = ()


def plain(name: str) -> str:
    """`isBuyerMaker` and `is_buyer_maker` are the same."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def looks_like_bars(names: Sequence[str]) -> bool:
    return {name.strip().lower() for name in names} >= BARS


def check_once(names: Sequence[str], read: Iterable[str], where: str) -> None:
    """DataError where one of the columns that are read is not the only one of its name."""
    known = [plain(name) for name in names]
    twice = [name for name in read if known.count(plain(name)) > 1]
    if twice:
        found = f"found {twice[0]!r} twice: rename or remove one of the two"
        raise DataError(f"{where}: expected each column once, {found}")


def headerless(row: Sequence[str]) -> tuple[str, ...] | None:
    """The names of the columns of a trade dump whose first row is data already; None when it is something else."""
    booleans = tuple(place for place, text in enumerate(row) if text.strip().lower() in ("true", "false"))
    names = TRADE_DUMPS.get(booleans, ())
    return names if len(names) == len(row) and row[0].strip().isdigit() else None


def shape_of(names: Sequence[str], where: str, stem: str = "", wanted: str | None = None) -> Shape:
    """What a table with these columns is; `wanted` says which of several kinds is meant.

    DataError that lists what was found and what would do.
    """
    found = {plain(name): name for name in reversed(names)}
    roles = {role: found[alias] for role, own in ALIASES.items() for alias in reversed(own) if alias in found}
    suffix = next((value for end, value in FILE_SUFFIXES.items() if stem.endswith(("-" + end, "_" + end))), None)
    if suffix is not None and "open" in roles:
        roles[suffix[1]] = roles["open"]
    kinds = [kind for kind, needed in NEEDED.items() if all(role in roles for role in needed)]
    if Kind.LEVELS in kinds:
        kinds.remove(Kind.TRADES)
    if wanted is not None:
        kinds = [kind for kind in kinds if kind == wanted]
    listed = ", ".join(names)[:300]
    if not kinds or not ("time" in roles or "seen" in roles):
        what = f"{wanted or 'market data'} (a time and one of: {_known()})"
        raise DataError(f"{where}: expected the columns of {what}; found {listed!r}")
    if len(kinds) > 1:
        raise DataError(f"{where}: holds {', '.join(kinds)}: say which one as the feed's `kind`; columns: {listed!r}")
    kind = kinds[0]
    kept = ("seen", "time", "symbol", "exchange", *NEEDED[kind], *OPTIONAL.get(kind, ()))
    columns = {role: roles[role] for role in kept if role in roles}
    check_once(names, columns.values(), where)
    return Shape(kind, columns)


def _known() -> str:
    return "; ".join(f"{kind}: {' '.join(roles)}" for kind, roles in NEEDED.items())
