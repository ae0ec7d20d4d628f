"""A hash over what a run decided, the same for the same orders, fills and balances, wherever and whenever it ran."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from letrade.core.messages.orders import Fill, OrderUpdate

START = "letrade results 1"


class Chain:
    """SHA-256 of the last digest and the next line; the digest is all its state.

    Lines hold data time, order id and terms: no epoch, no client or trade ids, no message ids, which differ from run to
    run without any difference in what was traded.
    """

    def __init__(self) -> None:
        self.digest = hashlib.sha256(START.encode()).hexdigest()

    def order(self, update: OrderUpdate) -> None:
        self._add(
            f"order {update.time} {update.order_id} {update.account} {update.instrument} {update.side} "
            f"{update.size!r} {update.price!r} {update.reduce_only}"
        )

    def fill(self, fill: Fill) -> None:
        self._add(
            f"fill {fill.time} {fill.order_id} {fill.account} {fill.instrument} {fill.side} "
            f"{fill.size!r} {fill.price!r} {fill.fee} {fill.maker} {fill.origin}"
        )

    def closed_with(self, lines: Iterable[str]) -> str:
        """The digest of everything so far and of these last lines; the chain itself is not changed."""
        return hashlib.sha256("\n".join((self.digest, *lines)).encode()).hexdigest()

    def _add(self, line: str) -> None:
        self.digest = hashlib.sha256(f"{self.digest}\n{line}".encode()).hexdigest()
