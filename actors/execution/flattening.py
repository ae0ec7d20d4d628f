"""Flatten: pause, cancel all, close every position reduce-only, say what is left; it needs nobody's approval."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.execution.listening import Listener
from letrade.actors.execution.reduce import closings
from letrade.actors.execution.sending import FLATTEN
from letrade.actors.execution.table import Order
from letrade.core import ids
from letrade.core.actor import Context
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.quantities import ONE, number

CANCELLING, CLOSING = "cancelling", "closing"
ROUNDS_MAX = 3
PATIENCE = 5
"""Order time-outs that a round may take before it goes on with what is known."""


class Flattening(msgspec.Struct, array_like=True):
    """One account on its way to flat."""

    account: str
    number: int
    phase: str = CANCELLING
    compared: bool = False
    rounds: int = 0
    legs: int = 0


class Flattener(Listener):
    """Cancels first and compares with the venue, so that nothing that still works can turn a close into an opening."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.flattenings = 0
        self.flattening: dict[str, Flattening] = {}

    def flatten(self, account: str) -> None:
        """A second request while one is under way changes nothing."""
        if account in self.flattening:
            return
        self.flattenings += 1
        flattening = self.flattening[account] = Flattening(account, self.flattenings)
        for order in self.table.live(account):
            self.cancel(order, "flatten")
        self.ask_account(account)
        self._wait(flattening)

    def _wait(self, flattening: Flattening) -> None:
        self.set_timer(self.now() + PATIENCE * self.config.order_timeout, f"{FLATTEN} {flattening.account}")

    def moved(self, order: Order) -> None:
        self._advance(order.account, late=False)

    def compared(self, account: str) -> None:
        if account in self.flattening:
            self.flattening[account].compared = True
            self._advance(account, late=False)

    def flatten_overdue(self, account: str) -> None:
        self._advance(account, late=True)

    def _advance(self, account: str, late: bool) -> None:
        """The next round once nothing is on its way any more, or after long enough."""
        flattening = self.flattening.get(account)
        if flattening is None:
            return
        quiet = not self.table.live(account) and (flattening.compared or flattening.phase == CLOSING)
        if not quiet and not late:
            return
        flattening.phase = CLOSING
        if flattening.rounds >= ROUNDS_MAX or not self._close(flattening):
            self._finish(flattening)
            return
        flattening.rounds += 1
        self._wait(flattening)

    def _close(self, flattening: Flattening) -> bool:
        """Send what provably reduces; False when there is nothing."""
        account = flattening.account
        orders = [
            self._order(flattening, instrument, closing.strategy, closing.side, number(closing.size))
            for instrument in self.holdings.of_account(account)
            for closing in closings(
                self.exposure(account, instrument), self._shares(account, instrument), self._lot(instrument)
            )
        ]
        for order in orders:
            self.table.add(order)
            self.send(order)
        return bool(orders)

    def _shares(self, account: str, instrument: str) -> dict[str, int]:
        """What there is to close; spot assets that no strategy holds are not the desk's to sell."""
        shares = self.holdings.of_account(account)[instrument]
        spot = self.context.instruments.at(instrument, self.now()).kind == "spot"
        return {name: share for name, share in shares.items() if not (spot and name == NO_STRATEGY)}

    def _lot(self, instrument: str) -> int:
        return int(self.context.instruments.at(instrument, self.now()).size.step * ONE)

    def _order(self, flattening: Flattening, instrument: str, strategy: str, side: int, size: float) -> Order:
        flattening.legs += 1
        order_id = ids.order_id(FLATTEN, flattening.number, flattening.legs)
        client_order_id = ids.client_order_id(self.context.desk_uid, order_id)
        return Order(
            order_id, client_order_id, strategy, flattening.account, instrument, side, size, None, "ioc",
            post_only=False, reduce_only=True, opening=False,
        )  # fmt: skip

    def _finish(self, flattening: Flattening) -> None:
        account = flattening.account
        del self.flattening[account]
        self.cancel_timer(f"{FLATTEN} {account}")
        working = [order.order_id for order in self.table.live(account)]
        left = [
            f"{strategy} {number(share)!r} {instrument}"
            for instrument, shares in self.holdings.of_account(account).items()
            for strategy, share in shares.items()
        ]
        exposed = any(self._net(account, instrument) for instrument in self.holdings.of_account(account))
        level = "error" if exposed or working else "info"
        text = f"{account} is flat" if not left and not working else f"{account}: left {', '.join(left + working)}"
        self.alert(level, "flattened", text, account)

    def _net(self, account: str, instrument: str) -> int:
        """The account's position in whole lots: what is less cannot be traded."""
        return abs(self.exposure(account, instrument).net) // self._lot(instrument)
