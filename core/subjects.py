"""Every NATS subject of a desk is made here, and instrument ids are made from venue symbols and back."""

from __future__ import annotations

import re
from functools import lru_cache

from letrade.core.errors import DataError
from letrade.core.messages.base import DeskMessage, EventMessage, MarketMessage, Message

TOKEN = re.compile(r"[A-Za-z0-9_=-]+\Z")
REMEMBERED_MAX = 65_536
_PLAIN = re.compile(r"[A-Za-z0-9-]")


def check_token(token: str, what: str) -> str:
    """One part of a subject. DataError when it is empty or holds a byte that a subject may not."""
    if not TOKEN.match(token):
        raise DataError(f"{what} {token!r} cannot be part of a NATS subject: use letters, digits, '_', '-', '='")
    return token


def instrument_id(venue: str, symbol: str) -> str:
    """`BTC/USDT:USDT` at binance is `binance.BTC-USDT_USDT`; any byte outside letters, digits, '-', '_' is `=XX`."""
    if symbol in ("", "/"):
        raise DataError(f"expected a symbol such as 'BTC/USDT', found {symbol!r}")
    try:
        return f"{check_token(venue, 'venue')}.{_escape(symbol)}"
    except UnicodeEncodeError:
        raise DataError(f"the symbol {symbol!r} is no valid unicode text") from None


def _escape(symbol: str) -> str:
    """Only the first '/' and the first ':' have a letter of their own; a '-' before the '/' would be taken for it."""
    slash, colon = symbol.find("/"), symbol.find(":")
    parts = []
    for position, character in enumerate(symbol):
        if position == slash:
            parts.append("-")
        elif position == colon:
            parts.append("_")
        elif _PLAIN.match(character) and not (character == "-" and (slash < 0 or position < slash)):
            parts.append(character)
        else:
            parts.extend(f"={byte:02X}" for byte in character.encode())
    return "".join(parts)


def venue_symbol(instrument: str) -> tuple[str, str]:
    """`binance.BTC-USDT_USDT` is ('binance', 'BTC/USDT:USDT'): the reverse of instrument_id.

    DataError for what no symbol has as its id: two ids of one symbol would be two instruments.
    """
    venue, _, token = check_instrument(instrument).partition(".")
    try:
        symbol = _unescape(token.replace("-", "/", 1).replace("_", ":", 1))
    except UnicodeDecodeError:
        raise DataError(f"{instrument!r} is the id of no symbol: its bytes are not UTF-8") from None
    if (known_as := instrument_id(venue, symbol)) != instrument:
        raise DataError(f"{instrument!r} is the id of no symbol: {symbol!r} has the id {known_as!r}")
    return venue, symbol


def check_instrument(instrument: str) -> str:
    """The two parts of a subject that are an instrument's id. DataError when it has not two parts."""
    venue, dot, token = instrument.partition(".")
    if not dot or not TOKEN.match(venue) or not TOKEN.match(token):
        raise DataError(f"expected an instrument id such as 'binance.BTC-USDT', found {instrument!r}")
    return instrument


def _unescape(symbol: str) -> str:
    return re.sub(r"(=[0-9A-F]{2})+", lambda found: bytes.fromhex(found.group().replace("=", "")).decode(), symbol)


def account_instrument(venue: str) -> str:
    """The instrument field of messages about a whole account."""
    return f"{venue}.-"


def of_message(desk: str, kind: str, message: Message) -> str:
    """The subject that a message is published on. DataError when a name in it is none that a subject can hold."""
    if isinstance(message, MarketMessage):
        return _market_subject(desk, kind, message.instrument)
    if isinstance(message, DeskMessage):
        return _desk_subject(desk, kind, message.strategy, message.account, message.instrument)
    if isinstance(message, EventMessage):
        return _event_subject(desk, kind, message.source)
    raise DataError(f"a {kind} never leaves its process")


@lru_cache(REMEMBERED_MAX)
def _market_subject(desk: str, kind: str, instrument: str) -> str:
    return f"{_start(desk)}.md.{kind}.{check_instrument(instrument)}"


@lru_cache(REMEMBERED_MAX)
def _desk_subject(desk: str, kind: str, strategy: str, account: str, instrument: str) -> str:
    owner = f"{check_token(strategy, 'strategy')}.{check_token(account, 'account')}"
    return f"{_start(desk)}.do.{kind}.{owner}.{check_instrument(instrument)}"


@lru_cache(REMEMBERED_MAX)
def _event_subject(desk: str, kind: str, source: str) -> str:
    return f"{_start(desk)}.ev.{kind}.{check_token(source, 'source')}"


def _start(desk: str) -> str:
    return f"letrade.{check_token(desk, 'desk')}"


def all_of_kind(desk: str, family: str, kind: str) -> str:
    """Every message of one kind of one desk."""
    return f"{_start(desk)}.{family}.{check_token(kind, 'kind')}.>"


def request(desk: str, verb: str) -> str:
    """Where the desk answers a verb."""
    return f"{_start(desk)}.req.{check_token(verb, 'verb')}"


def journal(desk: str, process: str) -> str:
    """Where a process's journal is shipped to."""
    return f"{_start(desk)}.journal.{check_token(process, 'process')}"


def step(desk: str, what: str) -> str:
    """The control traffic of a stepped run; '*' for that of all processes."""
    return f"{_start(desk)}.step.{what if what == '*' else check_token(what, 'process')}"


def stream_name(desk: str) -> str:
    """The stream that holds one desk's journal."""
    return f"LETRADE_{check_token(desk, 'desk')}_JOURNAL"
