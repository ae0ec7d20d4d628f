"""Every NATS subject of a desk is made here, and instrument ids are made from venue symbols and back."""

from __future__ import annotations

import re

from letrade.core.errors import DataError
from letrade.core.messages.base import DeskMessage, EventMessage, MarketMessage, Message

TOKEN = re.compile(r"[A-Za-z0-9_=-]+\Z")
_PLAIN = re.compile(r"[A-Za-z0-9-]")


def check_token(token: str, what: str) -> str:
    """One part of a subject. DataError when it is empty or holds a byte that a subject may not."""
    if not TOKEN.match(token):
        raise DataError(f"{what} {token!r} cannot be part of a NATS subject: use letters, digits, '_', '-', '='")
    return token


def instrument_id(venue: str, symbol: str) -> str:
    """`BTC/USDT:USDT` at binance is `binance.BTC-USDT_USDT`; any byte outside letters, digits, '-', '_' is `=XX`."""
    return f"{check_token(venue, 'venue')}.{_escape(symbol)}"


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
    """`binance.BTC-USDT_USDT` is ('binance', 'BTC/USDT:USDT'): the reverse of instrument_id."""
    venue, dot, token = instrument.partition(".")
    if not dot or not TOKEN.match(venue) or not TOKEN.match(token):
        raise DataError(f"expected an instrument id such as 'binance.BTC-USDT', found {instrument!r}")
    symbol = token.replace("-", "/", 1).replace("_", ":", 1)
    return venue, _unescape(symbol)


def _unescape(symbol: str) -> str:
    return re.sub(r"(=[0-9A-F]{2})+", lambda found: bytes.fromhex(found.group().replace("=", "")).decode(), symbol)


def account_instrument(venue: str) -> str:
    """The instrument field of messages about a whole account."""
    return f"{venue}.-"


def of_message(desk: str, kind: str, message: Message) -> str:
    """The subject that a message is published on."""
    if isinstance(message, MarketMessage):
        return f"letrade.{desk}.md.{kind}.{message.instrument}"
    if isinstance(message, DeskMessage):
        return f"letrade.{desk}.do.{kind}.{message.strategy}.{message.account}.{message.instrument}"
    if isinstance(message, EventMessage):
        return f"letrade.{desk}.ev.{kind}.{message.source}"
    raise DataError(f"a {kind} never leaves its process")


def all_of_kind(desk: str, family: str, kind: str) -> str:
    """Every message of one kind of one desk."""
    return f"letrade.{desk}.{family}.{kind}.>"


def request(desk: str, verb: str) -> str:
    """Where the desk answers a verb."""
    return f"letrade.{desk}.req.{verb}"


def journal(desk: str, process: str) -> str:
    """Where a process's journal is shipped to."""
    return f"letrade.{desk}.journal.{process}"


def step(desk: str, what: str) -> str:
    """The control traffic of a stepped run."""
    return f"letrade.{desk}.step.{what}"


def stream_name(desk: str) -> str:
    """The stream that holds one desk's journal."""
    return f"LETRADE_{desk}_JOURNAL"
