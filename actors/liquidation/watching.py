"""Watches every position and account on every mark, and tells when liquidation comes nearer or goes farther."""

from __future__ import annotations

from typing import Any, ClassVar

from letrade.actors.liquidation.cases import case_line
from letrade.actors.liquidation.config import LiquidationMonitorConfig, check
from letrade.actors.liquidation.levels import ACT, LEVELS, LIQUIDATED, level_of
from letrade.actors.liquidation.marks import MARK, Marks
from letrade.actors.liquidation.units import YET, UnitMaker
from letrade.actors.liquidation.watched import FAR, Look, Watched
from letrade.core.actor import Actor, ActorConfig, Context
from letrade.core.config.desk import DeskConfig
from letrade.core.legs import name_of, split
from letrade.core.margin.held import Contract, MarginHoldings
from letrade.core.messages.accounts import Balance
from letrade.core.messages.base import NO_STRATEGY, is_price
from letrade.core.messages.events import Alert
from letrade.core.messages.margin import LiquidationNear
from letrade.core.messages.market import Bar, IndexPrice, MarkPrice, Middle, Quote, Trade
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.venue import HeldPosition, VenueState
from letrade.core.quantities import exact, rounded_money
from letrade.core.stage import Stage
from letrade.core.subjects import account_instrument

STALE, CHANGED = "stale", "changed"


class Watcher(Actor):
    """What it cannot watch it says, once for each reason."""

    stage: ClassVar[Stage] = Stage.MONITOR
    Config: ClassVar[type[ActorConfig]] = LiquidationMonitorConfig

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        check(config, name)
        settings: DeskConfig = context.settings or DeskConfig()
        self.accounts = {
            account.name: account.venue
            for account in settings.accounts
            if not config.accounts or account.name in config.accounts
        }
        self.holdings = MarginHoldings(settings, context.instruments)
        self._maker = UnitMaker(settings, context.instruments, config)
        self.marks = Marks(config.stale_after, config.speed_over, self._maker.backing.indexes)
        self.units: dict[str, list[Watched]] = {}
        """By account, made anew after each change of what it holds; missing when that is due."""
        self.levels: dict[str, tuple[int, float]] = {}
        """The level, and the mark that it was told with, by account and instrument or wallet; of those not clear."""
        self.states: dict[str, VenueState] = {}
        """What venues said last, until it is compared."""
        self.told: dict[str, str] = {}
        """What was said of what cannot be watched, by subject."""
        self._thresholds = tuple(float(each) for each in (config.watch, config.warn, config.act))
        self._hysteresis = float(config.hysteresis)

    # ---- what is heard

    def on_price(self, message: MarkPrice | IndexPrice | Quote | Middle | Trade | Bar) -> None:
        """The mark decides; the others only where it is old, or there is none."""
        instrument, is_mark = message.instrument, isinstance(message, MarkPrice)
        if isinstance(message, MarkPrice | IndexPrice) and not is_price(message.price):
            what = "mark" if is_mark else "index"
            text = f"the {what} price: expected one above 0, found {message.price!r}: the last one stays"
            self._say(f"refused {what} {instrument}", "warning", "price_refused", text, "", instrument)
            return
        known = instrument in self.marks.seen
        priced = self.marks.index(instrument) is not None
        self.marks.take(message)
        if isinstance(message, IndexPrice) and instrument in self._maker.backing.indexes:
            self._look_at_coin(instrument, priced)
        holders = self._holders(instrument)
        if not known:
            for account in holders:
                self.units.pop(account, None)
        if not holders or not (is_mark or self.marks.is_stale(instrument, self.now())):
            return
        if is_mark:
            for account in holders:
                self._unsay(f"{STALE} {account} {instrument}")
            self.set_timer(self.now() + self.config.stale_after + 1, f"{STALE} {instrument}")
        for account in holders:
            self.look_at(account, instrument)

    def _look_at_coin(self, index: str, priced: bool) -> None:
        """The price of a coin moves the units that it backs."""
        for account in self._maker.backing.holders(index, self.holdings.balance):
            if account not in self.accounts:
                continue
            self._unsay(f"{STALE} {account} {index} index")
            if not priced:
                self.units.pop(account, None)
            for unit in self.units_of(account):
                if any(coin.index == index for coin in unit.coins):
                    self._look(unit)

    def on_balance(self, balance: Balance) -> None:
        self.holdings.take_balance(balance)
        self.changed(balance.account)

    def on_cash_entry(self, entry: CashEntry) -> None:
        self.holdings.take_cash(entry)
        self.changed(entry.account)

    def on_venue_state(self, state: VenueState) -> None:
        self.holdings.take_state(state)
        self.changed(state.account)
        if state.account in self.accounts:
            self.states[state.account] = state

    def look_at_changed(self, account: str) -> None:
        self.look_at(account)
        state = self.states.pop(account, None)
        if state is not None:
            self._compare_all(state)

    def _compare_all(self, state: VenueState) -> None:
        for unit in self.units_of(state.account):
            look = unit.look()
            for place, contract in enumerate(unit.contracts):
                legs = ((each, name_of(each.instrument, each.leg)) for each in state.positions)
                told = next((each for each, name in legs if name == contract.name), None)
                if told is not None and told.quantity == contract.quantity:
                    self._compare(unit, place, look, told)

    def stale_due(self, instrument: str) -> None:
        """No mark came in time."""
        for account in self._holders(instrument):
            self.look_at(account, instrument)

    # ---- what is looked at

    def changed(self, account: str) -> None:
        """What an account holds, or its settings: looked at a moment later, when all that came with it is booked."""
        if account in self.accounts:
            self.units.pop(account, None)
            self.set_timer(self.now() + 1, f"{CHANGED} {account}")

    def look_at(self, account: str, instrument: str = "") -> None:
        """Units of the account, or those in which the instrument is."""
        for unit in self.units_of(account):
            if not instrument or any(each.instrument == instrument for each in unit.contracts):
                self._look(unit)

    def units_of(self, account: str) -> list[Watched]:
        if account not in self.units:
            made, blind = self._maker.make(
                self.holdings, account, self._price_of, self.marks.index, self.now()
            )
            self.units[account] = made
            self._forget_closed(account)
            for unit in made:
                self._unsay(f"unwatched {unit.key}")
                self._say_uncounted(unit)
            for key, reason in blind.items():
                level, text = "warning" if reason.endswith(YET) else "error", f"{key} is not watched: {reason}"
                self._say(f"unwatched {key}", level, "liquidation_unwatched", text, account)
        return self.units[account]

    def _holders(self, instrument: str) -> list[str]:
        found = (each.account for each in self.holdings.held() if each.instrument == instrument)
        return list(dict.fromkeys(account for account in found if account in self.accounts))

    def _price_of(self, contract: Contract) -> float | None:
        found = self.marks.price(contract.instrument, contract.side, self.now())
        return None if found is None else found[0]

    def _look(self, unit: Watched) -> None:
        bases = []
        for contract in unit.contracts:
            found = self.marks.price(contract.instrument, contract.side, self.now())
            if found is None:
                continue
            unit.set_mark(contract.instrument, found[0])
            bases.append(found[1])
            if found[1] != MARK or self.marks.is_stale(contract.instrument, self.now()):
                self._say_stale(contract, *found)
        self._set_indexes(unit)
        look = unit.look()
        self._tell_levels(unit, look)
        self.judge(unit, look)

    def _set_indexes(self, unit: Watched) -> None:
        for coin in unit.coins:
            seen = self.marks.seen.get(coin.index)
            if seen is not None and seen.index_time:
                unit.set_index(coin.currency, seen.index)
                if self.now() - seen.index_time > self.config.stale_after:
                    text = f"no index for {self.config.stale_after / 1e9:g} s: {coin.currency} counts at {seen.index!r}"
                    key = f"{STALE} {unit.account} {coin.index} index"
                    self._say(key, "warning", "index_stale", text, unit.account, coin.index, about="index")

    def judge(self, unit: Watched, look: Look) -> None:
        """What follows from how a unit stands, in responding.py."""

    def _tell_levels(self, unit: Watched, look: Look) -> None:
        for contract, price, distance in zip(unit.contracts, look.prices, look.distances, strict=True):
            liquidated = look.liquidated and unit.isolated
            self._tell(unit, look, contract, contract.name, distance, price, liquidated=liquidated)
        if not unit.isolated:
            about = account_instrument(self.accounts[unit.account])
            first = unit.contracts[0]
            self._tell(unit, look, first, about, look.move, None, liquidated=look.liquidated)

    def _tell(
        self, unit: Watched, look: Look, contract: Contract, about: str, distance: float, price: float | None,
        *, liquidated: bool,
    ) -> None:  # fmt: skip
        key = f"{unit.account} {about if about in unit.names else unit.name}"
        before, _ = self.levels.get(key, (0, 0.0))
        level = LIQUIDATED if liquidated else level_of(distance, self._thresholds, min(before, ACT), self._hysteresis)
        if level == before:
            return
        found = self.marks.price(contract.instrument, contract.side, self.now())
        mark, basis = found if found is not None else (contract.entry, MARK)
        if level:
            self.levels[key] = (level, mark)
        else:
            del self.levels[key]
        self.publish(
            LiquidationNear(
                strategy=NO_STRATEGY, account=unit.account, instrument=split(about)[0], level=LEVELS[level],
                distance=0.0 if liquidated else distance, mark=mark, basis=basis, liquidation=price,
                equity=rounded_money(unit.settle, exact(float(f"{look.equity:.8f}"))),
                maintenance=rounded_money(unit.settle, exact(float(f"{look.maintenance:.8f}"))),
                leg=split(about)[1],
            )
        )  # fmt: skip

    def _forget_closed(self, account: str) -> None:
        """A position that is closed is as far from liquidation as can be."""
        units = self.units[account]
        held = {f"{account} {each.name}" for each in self.holdings.held() if each.account == account}
        wallets = {unit.key for unit in units if not unit.isolated}
        for key in [key for key in self.levels if key.startswith(f"{account} ") and key not in held | wallets]:
            _, mark = self.levels.pop(key)
            about = key.partition(" ")[2]
            known, leg = split(about)
            instrument = known if known in self.context.instruments else account_instrument(self.accounts[account])
            self.publish(
                LiquidationNear(
                    strategy=NO_STRATEGY, account=account, instrument=instrument, level="clear", distance=FAR,
                    mark=mark, leg=leg,
                )
            )  # fmt: skip

    # ---- what is said

    def _compare(self, unit: Watched, place: int, look: Look, told: HeldPosition) -> None:
        """Our liquidation price against the venue's, once for each position that differs."""
        theirs, ours = told.liquidation_price, look.prices[place]
        if theirs is None:
            return
        key = f"differs {unit.account} {name_of(told.instrument, told.leg)}"
        if ours is not None and abs(ours - theirs) <= float(self.config.tolerance) * theirs:
            self._unsay(key)
            return
        text = f"liquidation price: ours {ours!r}, the venue's {theirs!r}"
        if not unit.coins:  # a case holds one balance
            text += f"; as a case: {case_line(unit, place, theirs, self.context.instruments, self.now())}"
        self._say(key, "warning", "liquidation_price_differs", text, unit.account, told.instrument, about=repr(told))

    def _say_stale(self, contract: Contract, price: float, basis: str) -> None:
        seen = self.marks.seen[contract.instrument]
        level, code, what = "info", "mark_missing", "no mark is told of it"
        if seen.mark_time:
            level, code, what = "warning", "mark_stale", f"no mark for {self.config.stale_after / 1e9:g} s"
        text = f"{what}: watched at {price!r}, taken from {basis}"
        key = f"{STALE} {contract.account} {contract.instrument}"
        self._say(key, level, code, text, contract.account, contract.instrument, about=f"{code} {basis}")

    def _say_uncounted(self, unit: Watched) -> None:
        skipped = self._maker.uncounted(self.holdings, unit)
        if skipped:
            text = f"{', '.join(skipped)} count for nothing: no haircut is known of them"
            self._say(f"uncounted {unit.key}", "warning", "collateral_uncounted", text, unit.account)

    def _say(
        self, key: str, level: str, code: str, text: str, account: str = "", instrument: str = "", about: str = ""
    ) -> None:
        """Once, until `about` (or the text) is another."""
        if self.told.get(key) != (about or text):
            self.told[key] = about or text
            self.alert(level, code, text, account, instrument)

    def _unsay(self, key: str) -> None:
        self.told.pop(key, None)

    def alert(self, level: str, code: str, text: str, account: str = "", instrument: str = "") -> None:
        self.publish(Alert(level=level, code=code, text=text, account=account, instrument=instrument))
