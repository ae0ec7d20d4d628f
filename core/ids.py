"""The only source of identity and chance: order ids of the same intent for ever, seeded generators, fresh tokens."""

from __future__ import annotations

import hashlib
import os
import random

CLIENT_ORDER_ID_BYTES = 16

Random = random.Random  # the type for annotations elsewhere: only this file imports random


def order_id(strategy: str, signal: int, leg: int) -> str:
    """The id of one leg of one signal of a strategy: the same intent has the same id, also after a restart."""
    return f"{strategy}.{signal}.{leg}"


def client_order_id(desk_uid: str, order: str) -> str:
    """128 bits of SHA-256(desk uid, order id), as 32 hexadecimal digits: fits every venue's alphabet and length."""
    return hashlib.sha256(f"{desk_uid}\x00{order}".encode()).hexdigest()[: 2 * CLIENT_ORDER_ID_BYTES]


def message_id(source: str, epoch: int, sequence: int) -> str:
    """Names one message of one source; what `cause` holds."""
    return f"{source}:{epoch}:{sequence}"


def generator(seed: int, *names: str) -> Random:
    """A generator of its own for each use, so that one more draw in one place changes nothing in another."""
    digest = hashlib.sha256("\x00".join((str(seed), *names)).encode()).digest()
    return Random(int.from_bytes(digest[:8], "big"))


def fresh_token(byte_count: int = 16) -> str:
    """Hexadecimal digits that nobody can guess: passwords, and the uid of a new desk."""
    return os.urandom(byte_count).hex()
