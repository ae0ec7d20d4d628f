"""What a venue with margin rules keeps of its accounts: leverage, mode and isolated margin of each contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.amounts import rounded
from letrade.actors.venue.collateral import Backing, coins_of
from letrade.actors.venue.margin_codes import CODES
from letrade.actors.venue.margin_rules import RULES, hedge_refusal
from letrade.actors.venue.margin_sums import ZERO, Holding, Row, Unit, initial_rate, rows_of
from letrade.actors.venue.market import Market
from letrade.actors.venue.orders import Order
from letrade.core.bookkeeping import value_at_entry
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.desk import VenueConfig
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Specification
from letrade.core.legs import instrument_of, split
from letrade.core.quantities import TEN, exact

LIQUIDATION, DELEVERAGED = "liquidation", "adl"
"""Origins of fills."""
CROSS, ISOLATED = "cross", "isolated"


class Setting(msgspec.Struct):
    """One contract of one account."""

    leverage: Fraction
    mode: str
    isolated: dict[str, Fraction] = {}
    """By leg, "" in one-way mode: the part of the balance that the position holds for itself; none in cross margin."""

    def of(self, leg: str) -> Fraction:
        return self.isolated.get(leg, ZERO)


class Before(msgspec.Struct, frozen=True):
    """A position as it was before a fill."""

    quantity: int
    balance: Fraction


class Margins:
    """Isolated margin is a share of the settle currency's balance, so money moves in the wallet alone.

    `touched` are the accounts whose units must be looked at again.
    """

    def __init__(
        self,
        venue: VenueConfig,
        logins: Sequence[AccountConfig],
        accounts: Mapping[str, VenueAccount],
        market: Callable[[str], Market | None],
        rules_of: Callable[[str], Specification],
        now: Callable[[], int],
    ) -> None:
        config = venue.margin
        if config is None:
            raise ConfigurationError(f"[[venue]] {venue.name}: has no [venue.margin]")
        self.rules, self.codes = RULES[config.rules], CODES[config.rules]
        self.accounts, self.market, self.rules_of = accounts, market, rules_of
        self.maker_fee, self.taker_fee = read_fraction(venue.maker_fee), read_fraction(venue.taker_fee)
        self.touched: dict[str, None] = {}
        self.cooling: dict[str, int] = {}
        """Until when a unit waits, or is closed as a whole, after a partial step: by its key."""
        self.waiting: dict[str, Order] = {}
        """The venue's own orders that have not met their market yet, by the key of the unit."""
        self._now, self._mark_age = now, config.mark_age
        self._leverage = read_fraction(config.leverage or self.rules.leverage)
        self._modes = {login.name: login.margin_mode for login in logins}
        self._settings: dict[str, dict[str, Setting]] = {}
        self._rows: dict[Specification, tuple[Row, ...]] = {}
        self._coins = coins_of(config, lambda index: rules_of(index).quote)
        self.indexes = {coin.index: coin.currency for coins in self._coins.values() for coin in coins}
        """The coins whose price an instrument's index is."""

    def setting(self, account: str, name: str) -> Setting:
        """Of a contract; both legs of one share it."""
        known, instrument = self._settings.setdefault(account, {}), instrument_of(name)
        if instrument not in known:
            known[instrument] = Setting(self._first_leverage(instrument), self._modes[account])
        return known[instrument]

    def _first_leverage(self, instrument: str) -> Fraction:
        """No more than its tiers allow."""
        limits = [row.leverage_max for row in self.rows(self.rules_of(instrument)) if row.leverage_max is not None]
        return min(self._leverage, max(limits, default=self._leverage))

    def no_hedge(self, account: str, mode: str = "") -> str:
        """Why an account cannot have legs side by side, in this margin mode or those that its contracts are in."""
        settings = self._settings.get(account, {}).values()
        modes = [mode] if mode else [self._modes[account], *(each.mode for each in settings)]
        return next(filter(None, (hedge_refusal(self.rules.name, each) for each in modes)), "")

    def rows(self, rules: Specification) -> tuple[Row, ...]:
        """Its tiers; () where they are not known."""
        if rules.tiers is None:
            return ()
        if rules not in self._rows:
            self._rows[rules] = rows_of(rules.tiers, self.rules.cumulative)
        return self._rows[rules]

    def is_liquidating(self, account: VenueAccount, name: str) -> bool:
        """Whether a position's unit is between two steps of a liquidation, so that nobody else may change it."""
        isolated = self.setting(account.name, name).mode == ISOLATED
        key = f"{account.name} {name if isolated else self.rules_of(instrument_of(name)).settle}"
        return key in self.waiting or (self.rules.partial == "two_tiers" and key in self.cooling)

    def has_mark(self, market: Market) -> bool:
        """Whether the mark is known, and not so old that a newer last price stands in for it."""
        old = self._now() - market.mark_time > self._mark_age and market.last_time > market.mark_time
        return bool(market.mark) and not old

    def price(self, market: Market) -> float:
        """What margins are computed at; 0 where nothing is known."""
        return market.value_price() if self.has_mark(market) or not market.last else market.last

    # ---- units

    def unit(self, account: VenueAccount, name: str) -> Unit | None:
        """The unit of a position; None while a mark of it is not known."""
        settle = self.rules_of(instrument_of(name)).settle
        if self.setting(account.name, name).mode == ISOLATED:
            return self._isolated(account, name, settle)
        return self.cross(account, settle)

    def units(self, account: VenueAccount) -> list[Unit]:
        """All units with a position, isolated ones first."""
        isolated: list[Unit | None] = []
        cross: dict[str, None] = {}
        for name, position in account.positions.items():
            if position.quantity and self.setting(account.name, name).mode == ISOLATED:
                isolated.append(self._isolated(account, name, self.rules_of(instrument_of(name)).settle))
            elif position.quantity:
                cross[self.rules_of(instrument_of(name)).settle] = None
        found = [*isolated, *(self.cross(account, currency) for currency in cross)]
        return [unit for unit in found if unit is not None and unit.holdings]

    def at_entry(self, account: VenueAccount) -> list[Unit]:
        """The same with each position at its entry, whatever the marks are."""
        isolated: list[Unit] = []
        cross: dict[str, tuple[Holding, ...]] = {}
        for name in account.positions:
            if (holding := self._holding(account, name)) is None:
                continue
            entry = holding.face / holding.cost if holding.inverse else holding.cost / holding.face
            holding, settle = replace(holding, mark=entry), self.rules_of(holding.instrument).settle
            setting = self.setting(account.name, holding.instrument)
            if setting.mode == ISOLATED:
                margin = setting.of(holding.leg)
                isolated.append(Unit(account.name, settle, holding.instrument, margin, (holding,), holding.leg))
            else:
                cross[settle] = (*cross.get(settle, ()), holding)
        return isolated + [
            Unit(account.name, each, "", self.cross_balance(account, each), held, coins=self.backing(account, each))
            for each, held in cross.items()
        ]

    def _isolated(self, account: VenueAccount, name: str, settle: str) -> Unit | None:
        holding = self._holding(account, name)
        if holding is not None and not holding.mark:
            return None
        instrument, leg = split(name)
        margin = self.setting(account.name, instrument).of(leg)
        return Unit(account.name, settle, instrument, margin, () if holding is None else (holding,), leg)

    def cross(self, account: VenueAccount, currency: str, judged: bool = True) -> Unit | None:
        """All that one settle currency backs; None while a mark is not known, or, where the unit is judged, the price
        of a coin that backs it too."""
        holdings = []
        for name, position in account.positions.items():
            own = self.rules_of(instrument_of(name)).settle == currency
            if not own or not position.quantity or self.setting(account.name, name).mode != CROSS:
                continue
            if (holding := self._holding(account, name)) is not None:
                holdings.append(holding)
        coins = self.backing(account, currency)
        if not all(holding.mark for holding in holdings) or (judged and not all(each.price for each in coins)):
            return None
        balance = self.cross_balance(account, currency)
        return Unit(account.name, currency, "", balance, tuple(holdings), coins=coins)

    def is_backed(self, account: str) -> bool:
        """Whether coins beside the settle currency count: of accounts that are in cross margin as a whole."""
        return bool(self._coins) and self._modes[account] == CROSS

    def backing(self, account: VenueAccount, currency: str) -> tuple[Backing, ...]:
        """The coins that back a settle currency's contracts."""
        if not self.is_backed(account.name):
            return ()
        wallet = account.wallet
        return tuple(
            Backing(coin, wallet.total(coin.currency).value, self._index(coin.index))
            for coin in self._coins.get(currency, ())
            if wallet.has(coin.currency)
        )

    def backed_by(self, coin: str) -> str:
        """The settle currency that a coin backs; '' where it backs none."""
        found = (settle for settle, coins in self._coins.items() for each in coins if each.currency == coin)
        return next(found, "")

    def _index(self, instrument: str) -> Fraction:
        market = self.market(instrument)
        return exact(market.index) if market is not None and market.index else ZERO

    def cross_balance(self, account: VenueAccount, currency: str) -> Fraction:
        """What isolated positions do not hold of a currency."""
        settings = self._settings.get(account.name, {}).items()
        mine = (each for name, each in settings if each.isolated and self.rules_of(name).settle == currency)
        held = sum((margin for each in mine for margin in each.isolated.values()), ZERO)
        return account.wallet.total(currency).value - held

    def balance(self, account: VenueAccount, currency: str) -> Fraction:
        """The same with what coins count beside it."""
        counted = (each.counted for each in self.backing(account, currency))
        return self.cross_balance(account, currency) + sum(counted, ZERO)

    def _holding(self, account: VenueAccount, name: str) -> Holding | None:
        instrument, leg = split(name)
        position, market = account.positions.get(name), self.market(instrument)
        if position is None or not position.quantity or market is None:
            return None
        rules = self.rules_of(instrument)
        if not (rows := self.rows(rules)):
            return None
        return Holding(
            instrument=instrument,
            side=1 if position.quantity > 0 else -1,
            contracts=Fraction(abs(position.quantity), TEN[position.quantity_decimals]),
            multiplier=rules.multiplier,
            cost=value_at_entry(position, rules),
            mark=exact(self.price(market)),
            leverage=self.setting(account.name, instrument).leverage,
            fee=self.taker_fee,
            rows=rows,
            inverse=rules.inverse,
            leg=leg,
            base=rules.base,
        )

    # ---- what moves

    def before(self, account: VenueAccount, market: Market, settle: str, leg: str = "") -> Before:
        return Before(account.quantity(market, leg), account.wallet.total(settle).value)

    def filled(self, order: Order, market: Market, rules: Specification, price: float, size: int, was: Before) -> None:
        """What opens sets margin aside, what closes gives its share back; what a liquidation leaves, the rest keeps."""
        self.touched[order.account] = None
        setting, account = self.setting(order.account, order.instrument), self.accounts[order.account]
        if setting.mode != ISOLATED:
            return
        closed = min(size, abs(was.quantity)) if was.quantity * order.side < 0 else 0
        margin = setting.of(order.leg)
        if closed == abs(was.quantity):
            margin = ZERO
        elif closed and order.origin == LIQUIDATION:
            margin += account.wallet.total(rules.settle).value - was.balance
        elif closed:
            margin *= Fraction(abs(was.quantity) - closed, abs(was.quantity))
        if size > closed:
            value = rules.worth(exact(price), market.scales.exact_size(size - closed))
            lean = -order.side if rules.inverse else order.side
            margin += value * initial_rate(self.rules, lean, setting.leverage, self.taker_fee)
        setting.isolated[order.leg] = rounded(rules.settle, margin).value

    def opened(self, account: VenueAccount, name: str) -> None:
        """A position that the account begins with has the margin of its entry."""
        self.touched[account.name] = None
        holding, setting = self._holding(account, name), self.setting(account.name, name)
        if holding is not None and setting.mode == ISOLATED:
            rate = initial_rate(self.rules, holding.lean, setting.leverage, self.taker_fee)
            settle = self.rules_of(holding.instrument).settle
            setting.isolated[holding.leg] = rounded(settle, holding.cost * rate).value

    def paid(self, account: str, name: str, amount: Fraction) -> None:
        """Funding, or a liquidation's fee: an isolated position pays it, and gets it, itself."""
        self.touched[account] = None
        setting, leg = self.setting(account, name), split(name)[1]
        position = self.accounts[account].positions.get(name)
        if setting.mode == ISOLATED and position is not None and position.quantity:
            setting.isolated[leg] = setting.of(leg) + amount

    # ---- snapshots

    def state(self) -> Any:
        settings = [
            [account, name, str(each.leverage), each.mode, {leg: str(held) for leg, held in each.isolated.items()}]
            for account, settings in self._settings.items()
            for name, each in settings.items()
        ]
        waiting = [[key, order.account, order.client_order_id] for key, order in self.waiting.items()]
        return [settings, self.cooling, list(self.touched), waiting]

    def restore(self, state: Any) -> None:
        """After the accounts. What was kept without margin rules, or of accounts that are gone, is nothing."""
        settings, self.cooling, touched, waiting = state or ([], {}, [], [])
        accounts = self.accounts
        self.waiting = {key: accounts[name].orders[order] for key, name, order in waiting if name in accounts}
        self.touched = {name: None for name in touched if name in self.accounts}
        self._settings = {}
        for account, name, leverage, mode, isolated in settings:
            held = {leg: read_fraction(margin) for leg, margin in isolated.items()}
            setting = Setting(read_fraction(leverage), mode, held)
            self._settings.setdefault(account, {})[name] = setting
