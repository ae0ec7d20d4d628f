"""Quotes made by their own class: the twin of hotpath/quoting."""

from __future__ import annotations

from typing import Any

from letrade.actors.strategies.wishes import working_quotes
from letrade.core.messages.signals import Quotes


def slow_quotes(strategy: str, account: str, instrument: str, signal: int, orders: Any, post_only: bool) -> Quotes:
    """The message, of whatever may be taken for orders."""
    return Quotes(
        strategy=strategy, account=account, instrument=instrument, signal=signal, orders=working_quotes(orders),
        post_only=bool(post_only),
    )  # fmt: skip
