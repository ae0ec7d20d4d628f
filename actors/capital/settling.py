"""Once a day what each strategy has earned becomes its capital; in between its limits stand still."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.capital.transfers import Mover
from letrade.core.actor import Context
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.messages.accounts import Position, Settlement
from letrade.core.messages.base import NO_STRATEGY, Message
from letrade.core.messages.events import Alert
from letrade.core.messages.market import IndexPrice
from letrade.core.quantities import FINE_ONE, fraction_of_money, rounded_money
from letrade.core.subjects import account_instrument

SETTLE = "settle"
DAY_NS = 86_400 * 10**9
NOTHING = Fraction(0)


class Settler(Mover):
    """Earned is what positions have realised and got of funding, less what they paid in fees, as the ledger has it."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.told_positions: dict[tuple[str, str, str], Position] = {}
        """The newest of each share: (account, instrument, strategy)."""
        self.settled: dict[tuple[str, str, str], Fraction] = {}
        """What has become capital already: by account, strategy and currency."""
        self.settle_due = 0

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        if kind is IndexPrice:
            return instrument in self.purse.beside.backing.indexes
        return kind is not Position or (self.purse.capital.settle is not None and strategy != NO_STRATEGY)

    def on_position(self, position: Position) -> None:
        key = (position.account, position.instrument, position.strategy)
        self.told_positions[key] = msgspec.structs.replace(position)
        if not self.settle_due:
            self._await_settlement()

    def _await_settlement(self) -> None:
        at, now = self.purse.capital.settle or 0, self.now()
        self.settle_due = now - (now - at) % DAY_NS + DAY_NS
        self.set_timer(self.settle_due, SETTLE)

    def settle(self) -> None:
        for account in self.venues:
            for strategy in self.purse.strategies_of(account):
                self._settle_share(account, strategy)
        self._await_settlement()

    def _settle_share(self, account: str, strategy: str) -> None:
        earned = {
            currency: total - self.settled.get((account, strategy, currency), NOTHING)
            for currency, total in self._earned(account, strategy).items()
        }
        worths = {currency: self.purse.worth(currency, amount) for currency, amount in earned.items() if amount}
        missing = [currency for currency, worth in worths.items() if worth is None]
        if missing:
            text = f"{strategy}: what it earned waits for the next day: no rate of {', '.join(missing)} is known"
            self.publish(Alert(level="warning", code="settlement_waits", text=text, account=account))
            return
        gain = sum((worth for worth in worths.values() if worth is not None), NOTHING)
        self.purse.shifts.shift(account, strategy, gain)
        for currency, amount in earned.items():
            key = (account, strategy, currency)
            self.settled[key] = self.settled.get(key, NOTHING) + amount
        self._tell_settlement(account, strategy, gain)

    def _earned(self, account: str, strategy: str) -> dict[str, Fraction]:
        """Ever, by currency."""
        found: dict[str, Fraction] = {}
        for (holder, _, owner), position in self.told_positions.items():
            if (holder, owner) != (account, strategy):
                continue
            gains = [position.realised] if position.funding is None else [position.realised, position.funding]
            for gain in gains:
                found[gain.currency] = found.get(gain.currency, NOTHING) + fraction_of_money(gain)
            for fee in position.fees:
                found[fee.currency] = found.get(fee.currency, NOTHING) - fraction_of_money(fee)
        return found

    def _tell_settlement(self, account: str, strategy: str, gain: Fraction) -> None:
        reporting = self.purse.settings.desk.reporting_currency
        allowed = self.purse.allocated(account, strategy, self.now())
        self.publish(
            Settlement(
                strategy=strategy, account=account, instrument=account_instrument(self.venues[account]),
                earned=rounded_money(reporting, gain),
                allocated=rounded_money(reporting, Fraction(allowed.numerator, allowed.denominator * FINE_ONE)),
            )
        )  # fmt: skip

    def settling_state(self) -> Any:
        return {
            "positions": list(self.told_positions.values()),
            "settled": [[*key, str(amount)] for key, amount in self.settled.items()],
            "due": self.settle_due,
        }

    def restore_settling(self, state: Any) -> None:
        positions = msgspec.convert(state["positions"], list[Position])
        self.told_positions = {(each.account, each.instrument, each.strategy): each for each in positions}
        self.settled = {(account, owner, name): read_fraction(text) for account, owner, name, text in state["settled"]}
        self.settle_due = state["due"]
