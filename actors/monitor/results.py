"""Results: what a desk has done so far, counted from its messages alone, and one hash over it."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from letrade.actors.monitor.chain import Chain
from letrade.actors.monitor.numbering import Numbering
from letrade.actors.monitor.report import Start, starts_of, summary_of, view_of
from letrade.actors.monitor.tally import RECENT_MAX, AlertLine, Line, OrderLine, Tally, show_number
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.messages.accounts import Account, Balance, Position
from letrade.core.messages.base import NO_STRATEGY, Message
from letrade.core.messages.events import Alert, BookCheck, Failure, Halt
from letrade.core.messages.features import Features
from letrade.core.messages.market import Bar, Quote, Trade
from letrade.core.messages.orders import CashEntry, Fill, OrderRefused, OrderUpdate
from letrade.core.orders import PENDING, REJECTED, SENT, TERMINAL
from letrade.core.stage import Stage

SIDES = {1: "buy", -1: "sell"}
ALERT_CODES_MAX = 1_000


class ResultsConfig(ActorConfig, frozen=True, kw_only=True):
    """`ticks`: show prices of trades and quotes too, which costs a call for each; else of bars and fills alone."""

    ticks: bool = False


class Results(Actor):
    """Counts; publishes nothing. `view()` is for a live table, `summary()` for the end of a run."""

    stage: ClassVar[Stage] = Stage.MONITOR
    Config: ClassVar[type[ActorConfig]] = ResultsConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.tally = Tally()
        self.chain = Chain()
        self.starts: dict[str, Start] = starts_of(context.settings)
        for strategy, account, instrument in _strategies(context.settings):
            self.tally.line(strategy, account, instrument)

    def wants(self, kind: type[Message], instrument: str, strategy: str) -> bool:
        return kind not in (Trade, Quote) or bool(self.config.ticks)

    def summary(self) -> dict[str, Any]:
        """The results as builtins; money and sizes are exact decimals as text."""
        return summary_of(self.tally, self.chain, self.starts, self.reporting)

    def view(self) -> dict[str, Any]:
        """What a table shows of a running desk."""
        return view_of(self.tally, self.starts, self.reporting)

    @property
    def reporting(self) -> str:
        settings = self.context.settings
        return str(settings.desk.reporting_currency) if settings is not None else "USDT"

    def on_order_update(self, update: OrderUpdate) -> None:
        tally = self.tally
        known = tally.working.get(update.order_id)
        if update.state == SENT and (known is None or known.state == PENDING):
            tally.orders += 1
            tally.line(update.strategy, update.account, update.instrument).orders += 1
            self.chain.order(update)
        shown = _order_line(update)
        if update.state in TERMINAL:
            tally.working.pop(update.order_id, None)
        else:
            tally.working[update.order_id] = shown
        if update.state == REJECTED:
            tally.refused["venue"] = tally.refused.get("venue", 0) + 1
        _remember_order(tally.recent_orders, shown)

    def on_fill(self, fill: Fill) -> None:
        tally = self.tally
        if fill.fill_number:
            key = f"{fill.account} {fill.instrument.partition('.')[0]}"
            tally.fill_numbers.setdefault(key, Numbering()).take(fill.fill_number)
        if not fill.size:
            return
        tally.fills += 1
        tally.line(fill.strategy, fill.account, fill.instrument).fills += 1
        tally.fees.add(fill.fee)
        tally.prices[fill.instrument] = fill.price
        self.chain.fill(fill)

    def on_cash_entry(self, entry: CashEntry) -> None:
        if entry.origin != "funding":
            self.tally.cash.add(entry.amount)
            return
        self.tally.funding.add(entry.amount)
        if entry.estimated:
            self.tally.funding_estimated.add(entry.amount)

    def on_position(self, position: Position) -> None:
        if position.strategy == NO_STRATEGY:
            self.tally.account_positions[f"{position.account} {position.instrument}"] = position
            return
        line = self.tally.line(position.strategy, position.account, position.instrument)
        before = line.position.quantity if line.position is not None else 0.0
        line.position = position
        self._count_turn(line, before, position.quantity)

    def _count_turn(self, line: Line, before: float, after: float) -> None:
        """Leaving flat is an entry, coming back is an exit, going through it is both."""
        turned = before * after < 0
        if (before and not after) or turned:
            line.exits += 1
            self.tally.exits += 1
        if (after and not before) or turned:
            line.entries += 1
            self.tally.entries += 1

    def on_balance(self, balance: Balance) -> None:
        self.tally.balances.setdefault(balance.account, {})[balance.total.currency] = balance.total

    def on_account(self, account: Account) -> None:
        name = account.account
        self.tally.equity[name], self.tally.unrealised[name] = account.equity, account.unrealised
        self.tally.missing[name] = account.missing
        self.tally.transit.pop(name, None)
        if account.transit is not None:
            self.tally.transit[name] = account.transit
        if account.equity is not None:
            self.tally.first_equity.setdefault(name, account.equity)

    def on_order_refused(self, refused: OrderRefused) -> None:
        self.tally.refused[refused.rule] = self.tally.refused.get(refused.rule, 0) + 1
        if refused.strategy != NO_STRATEGY:
            self.tally.line(refused.strategy, refused.account, refused.instrument).refused += 1

    def on_alert(self, alert: Alert) -> None:
        self._alert(alert.time, alert.level, alert.code, alert.text)

    def on_failure(self, failure: Failure) -> None:
        self.tally.failures += 1
        self._alert(failure.time, "error", "failure", f"{failure.actor}, {failure.kind}: {failure.error}")

    def on_halt(self, halt: Halt) -> None:
        self.tally.halts += 1
        self._alert(halt.time, "error", "pause" if halt.pause else "halt", f"{halt.account}: {halt.reason}")

    def _alert(self, time: int, level: str, code: str, text: str) -> None:
        if code in self.tally.alerts or len(self.tally.alerts) < ALERT_CODES_MAX:
            self.tally.alerts[code] = self.tally.alerts.get(code, 0) + 1
        self.tally.recent_alerts.append(AlertLine(time, level, code, text))
        del self.tally.recent_alerts[:-RECENT_MAX]

    def on_book_check(self, check: BookCheck) -> None:
        self.tally.checks[check.source] = check

    def on_bar(self, bar: Bar) -> None:
        self.tally.prices[bar.instrument] = bar.close

    def on_features(self, features: Features) -> None:
        self.tally.prices[features.instrument] = features.price

    def on_trade(self, trade: Trade) -> None:
        self.tally.prices[trade.instrument] = trade.price

    def on_quote(self, quote: Quote) -> None:
        if quote.bid > 0 and quote.ask > 0:
            self.tally.prices[quote.instrument] = (quote.bid + quote.ask) / 2

    def state(self) -> Any:
        self.tally.digest = self.chain.digest
        return self.tally

    def restore(self, state: Any) -> None:
        self.tally = msgspec.convert(state, Tally)
        self.chain.digest = self.tally.digest


def _strategies(settings: Any) -> list[tuple[str, str, str]]:
    """(name, account, instrument) of the desk file's strategies, so that a table shows them from the start."""
    entries = [entry for entry in settings.actors if entry.actor_class.stage == Stage.STRATEGY] if settings else []
    named = [
        (each.name, getattr(each.config, "account", ""), getattr(each.config, "instrument", "")) for each in entries
    ]
    return [each for each in named if all(isinstance(word, str) and word for word in each)]


def _order_line(update: OrderUpdate) -> OrderLine:
    return OrderLine(
        update.order_id, update.strategy, update.account, update.instrument, SIDES.get(update.side, "?"),
        show_number(update.size), show_number(update.filled),
        None if update.price is None else show_number(update.price), update.state, update.time,
    )  # fmt: skip


def _remember_order(recent: list[OrderLine], shown: OrderLine) -> None:
    for place, known in enumerate(recent):
        if known.order_id == shown.order_id:
            del recent[place]
            break
    recent.append(shown)
    del recent[:-RECENT_MAX]
