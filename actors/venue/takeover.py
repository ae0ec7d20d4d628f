"""What no market takes: the insurance fund has it at the bankruptcy price while it can pay, then opposite positions."""

from __future__ import annotations

from typing import Any

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.amounts import Amount, rounded
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.house import House, grid_price
from letrade.actors.venue.margin import DELEVERAGED, LIQUIDATION, Margins
from letrade.actors.venue.margin_rules import VenueRules
from letrade.actors.venue.margin_sums import ZERO, Holding, Unit, bankruptcy_price, equity_share, maintenance
from letrade.actors.venue.market import Market
from letrade.actors.venue.reports import Report
from letrade.core.config.venue_margin import MarginConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.legs import instrument_of, name_of, split
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.messages.events import Alert
from letrade.core.messages.venue import VenueCash
from letrade.core.money import money
from letrade.core.quantities import exact


class Takeover:
    """`fund` by currency; one that is not in it never runs out."""

    def __init__(self, floor: Floor, margins: Margins, config: MarginConfig) -> None:
        self._floor, self._margins, self._house = floor, margins, House(floor)
        self.fund = {currency: read_fraction(amount) for currency, amount in config.insurance_fund.items()}
        self._payments = 0

    def take(self, unit: Unit, holding: Holding, rules: VenueRules) -> None:
        """Closes the position at its bankruptcy price: its share of the unit's equity is 0 afterwards."""
        market = self._floor.markets[holding.instrument]
        share = equity_share(rules, unit, holding)
        fee_rate = holding.fee if rules.fee_at_takeover else ZERO
        price = grid_price(bankruptcy_price(holding, share, fee_rate), -holding.side, market, self._floor.time)
        size = abs(self._floor.accounts[unit.account].quantity(market, holding.leg))
        fee = rounded(unit.currency, holding.value_at(exact(price)) * fee_rate)
        account = self._floor.accounts[unit.account]
        self._house.close_outright(account, market, -holding.side, price, size, fee, LIQUIDATION, holding.leg)
        gain = holding.lean * (holding.value_at(exact(price)) - holding.value)
        self._square(unit, holding, share + gain - fee.value)
        self._place(unit, holding, market, size, price, -gain)

    def _square(self, unit: Unit, holding: Holding, left: Fraction) -> None:
        """The bankruptcy price on its grid leaves a little, which the fund has or gives."""
        amount = rounded(unit.currency, -left)
        if amount.units:
            text = "what the bankruptcy price left" if amount.units < 0 else "what the bankruptcy price lacked"
            self.pay(unit.account, holding.name, amount, text)

    def pay(self, account: str, position: str, amount: Amount, reason: str) -> None:
        """Money from the fund to an account, or where negative the other way."""
        self._margins.paid(account, position, amount.value)
        self._move(amount.currency, -amount.value)
        self.credit(account, instrument_of(position), amount, reason, split(position)[1])

    def credit(self, account: str, instrument: str, amount: Amount, reason: str, leg: str = "") -> None:
        """Money of a liquidation, told of."""
        self._payments += 1
        self._floor.accounts[account].wallet.add(amount)
        cash = VenueCash(
            strategy=NO_STRATEGY, account=account, instrument=instrument,
            entry_id=f"{LIQUIDATION}-{self._floor.venue}-{self._payments}", origin=LIQUIDATION,
            amount=money(amount.currency, amount.units, amount.scale), venue_time=self._floor.time, reason=reason,
            leg=leg,
        )  # fmt: skip
        self._floor.tell_cash(cash)

    def _move(self, currency: str, change: Fraction) -> None:
        if currency in self.fund:
            self.fund[currency] = max(ZERO, self.fund[currency] + change)

    # ---- who holds it then

    def _place(self, unit: Unit, holding: Holding, market: Market, size: int, price: float, gain: Fraction) -> None:
        """At the mark the fund gains what the account lost by the price, or loses it; what it cannot lose is
        deleveraged."""
        held = self.fund.get(unit.currency)
        if held is None or held + gain >= 0:
            self._move(unit.currency, gain)
            return
        kept = int(size * held / -gain) // market.terms.lot * market.terms.lot
        self._move(unit.currency, gain * Fraction(kept, size))
        self._deleverage(unit, holding, market, size - kept, price)

    def _deleverage(self, unit: Unit, holding: Holding, market: Market, size: int, price: float) -> None:
        rest = size
        for account, leg in self.ranked(market, -holding.side, but=unit.account):
            part = min(rest, abs(account.quantity(market, leg)))
            if not part:
                break
            if not self._bears(account, market, price, part, leg):
                continue
            rest -= part
            self._reduce(account, market, holding.side, price, part, leg)
        shown = market.scales.size
        text = f"{unit.account} was closed at {price!r}, and the fund has no {unit.currency} for {shown(size)!r} of it"
        if rest:
            text += f"; {shown(rest)!r} went to accounts that are not of this desk"
        alert = Alert(level="error", code="auto_deleveraging", text=text, instrument=market.instrument)
        self._floor.reports.append(Report(alert))

    def _bears(self, account: VenueAccount, market: Market, price: float, size: int, leg: str) -> bool:
        """Whether the margin behind a position pays for what so much of it loses by a price that is not the mark."""
        name = name_of(market.instrument, leg)
        unit = self._margins.unit(account, name)
        if unit is None:
            return False
        holding = next(each for each in unit.holdings if each.name == name)
        closed = market.scales.exact_size(size)
        lost = holding.value_at(holding.mark, closed) - holding.value_at(exact(price), closed)
        return unit.equity >= holding.lean * lost

    def _reduce(self, account: VenueAccount, market: Market, side: int, price: float, size: int, leg: str) -> None:
        name = name_of(market.instrument, leg)
        for order in [order for order in account.working.values() if order.position == name]:
            self._house.withdraw(order, "auto-deleveraging: open orders are cancelled")
        rules = self._floor.rules_of(market.instrument)
        value = rules.worth(exact(price), market.scales.exact_size(size))
        maker = self._margins.maker_fee if self._margins.rules.deleveraged_pay == "maker" else ZERO
        self._house.close_outright(
            account, market, side, price, size, rounded(rules.settle, value * maker), DELEVERAGED, leg
        )

    def ranked(self, market: Market, side: int, but: str) -> list[tuple[VenueAccount, str]]:
        """Accounts, with the leg, that have a position of this side, the first to be deleveraged first."""
        found = []
        for name, account in self._floor.accounts.items():
            for position in account.held(market.instrument) if name != but else ():
                leg, unit = split(position)[1], self._margins.unit(account, position)
                if unit is not None and account.quantity(market, leg) * side > 0:
                    holding = next(each for each in unit.holdings if each.name == position)
                    found.append((-self._score(unit, holding), name, leg))
        return [(self._floor.accounts[name], leg) for _, name, leg in sorted(found)]

    def _score(self, unit: Unit, holding: Holding) -> Fraction:
        """Binance: profit / balance × maintenance / equity. Others: profit / value at entry × value / equity."""
        rules, equity = self._margins.rules, unit.equity
        if equity <= 0:
            return ZERO
        if rules.ranked_by == "margin_ratio":
            profit = sum((each.gain for each in unit.holdings), ZERO)
            return max(ZERO, profit) / max(Fraction(1), unit.balance) * maintenance(rules, unit) / equity
        return holding.gain / holding.cost * holding.value / equity

    def state(self) -> Any:
        return [self._payments, {currency: str(amount) for currency, amount in self.fund.items()}]

    def restore(self, state: Any) -> None:
        self._payments = state[0]
        self.fund |= {currency: read_fraction(amount) for currency, amount in state[1].items()}
