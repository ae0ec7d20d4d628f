"""The positions that accounts have before the first data, told as fills of the origin "opening"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from letrade.actors.venue.account import VenueAccount
from letrade.actors.venue.floor import Floor
from letrade.actors.venue.margin import Margins
from letrade.actors.venue.margin_rules import VenueRules
from letrade.actors.venue.margin_sums import Unit, is_liquidated, maintenance
from letrade.actors.venue.reports import of_fill
from letrade.core.bookkeeping import new_position, trade
from letrade.core.config.accounts import AccountConfig, StartPosition
from letrade.core.config.desk import VenueConfig
from letrade.core.errors import ConfigurationError
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.instruments import Catalogue, Specification
from letrade.core.legs import leg_of_side, name_of
from letrade.core.messages.venue import VenueFill
from letrade.core.money import money

OPENING = "opening"


def check_positions(
    accounts: Sequence[AccountConfig], catalogue: Catalogue, margin: VenueRules | None = None
) -> None:
    """ConfigurationError where an instrument is unknown, is spot, cannot be held in such a size, or where the tiers
    that its margin is computed with are not known or end below it."""
    for account in accounts:
        for instrument, position in account.positions.items():
            rules = catalogue.at(instrument, 0)
            if rules.kind == "spot":
                text = f"account {account.name!r}: positions: {instrument} is spot: what is held of it are balances"
                raise ConfigurationError(text)
            if margin is not None and rules.tiers is None:
                text = f"the leverage tiers of {instrument} are not known: add tiers to [venue.margin]"
                raise ConfigurationError(f"account {account.name!r}: positions: {text}")
            if not rules.size.fits(float(abs(position.quantity))):
                text = f"expected a multiple of {rules.size.step}, found {position.quantity}"
                raise ConfigurationError(f"account {account.name!r}: positions: {instrument}: {text}")
            if margin is not None and (text := _beyond_tiers(rules, position, margin)):
                raise ConfigurationError(f"account {account.name!r}: positions: {instrument}: {text}")


def _beyond_tiers(rules: Specification, start: StartPosition, margin: VenueRules) -> str:
    """Why a position has no tier at its entry; '' when it has."""
    contracts = abs(read_fraction(start.quantity))
    size = contracts if margin.tiers_by == "contracts" else rules.worth(read_fraction(start.price), contracts)
    cap = None if rules.tiers is None else rules.tiers.tiers[-1].cap
    if cap is None or size <= cap:
        return ""
    return f"expected a size within its leverage tiers, which end at {float(cap):g}, found {float(size):g}"


def check_margin(venue: VenueConfig, accounts: Sequence[AccountConfig], catalogue: Catalogue) -> None:
    """ConfigurationError where positions lack margin by every version of their tiers: which one holds, only the start
    knows."""
    held = {instrument for account in accounts for instrument in account.positions}
    times = sorted({each.valid_from for each in catalogue.messages() if each.instrument in held})
    errors = []
    for time in times:
        tried = Floor(venue, accounts, catalogue)
        tried.time = time
        try:
            open_positions(tried, accounts)
        except ConfigurationError as error:
            errors.append(error)
    if errors and len(errors) == len(times):
        raise errors[-1]


def open_positions(floor: Floor, accounts: Sequence[AccountConfig]) -> None:
    """Books what the desk file says, without a fee. ConfigurationError where an account has not the margin for it."""
    for account in accounts:
        for instrument, position in account.positions.items():
            _open(floor, account.name, instrument, position)
        if floor.margin is not None and (text := _margin_missing(floor.margin, floor.accounts[account.name])):
            raise ConfigurationError(f"account {account.name!r}: positions: {text}")


def _margin_missing(margins: Margins, account: VenueAccount) -> str:
    """Why an account would owe, or be liquidated, with all marks at the entries; '' where it would not."""
    units = margins.at_entry(account)
    for unit in units:
        there, currency = account.wallet.total(unit.currency).value, unit.currency
        free = margins.cross_balance(account, currency)
        if free < 0:
            names = _names(each for each in units if each.currency == currency)
            text = f"expected a balance of {_show(there - free)} {currency} or more, the isolated margin at the entry"
            return f"{names}: {text}, found {_show(there)} {currency}: give the account more, or hold less"
        if is_liquidated(margins.rules, unit) and not any(each.balance for each in unit.coins):
            text = f"the maintenance margin of {_show(maintenance(margins.rules, unit))} {currency} at the entry"
            more = "a lower leverage" if unit.instrument else "a larger balance"
            found = f"found {_show(unit.balance)} {currency}"
            return f"{_names([unit])}: expected {text}, {found}: take {more}, or hold less"
    return ""


def _names(units: Iterable[Unit]) -> str:
    return ", ".join(holding.name for unit in units for holding in unit.holdings)


def _show(amount: Fraction) -> str:
    return f"{float(amount):.12g}"


def _open(floor: Floor, name: str, instrument: str, start: StartPosition) -> None:
    market = floor.market(instrument)
    if market is None:
        raise ConfigurationError(f"account {name!r}: positions: there is no market of {instrument!r} at {floor.venue}")
    rules, account = floor.rules_of(instrument), floor.accounts[name]
    size, price, side = float(abs(start.quantity)), float(start.price), 1 if start.quantity > 0 else -1
    leg = leg_of_side(side) if account.hedged else ""
    held = name_of(instrument, leg)
    position = account.positions[held] = new_position(rules)
    trade(position, rules, side, size, price)
    if floor.margin is not None:
        floor.margin.opened(account, held)
    fill = VenueFill(
        strategy=start.strategy, account=name, instrument=instrument, client_order_id="", venue_order_id="",
        trade_id=f"{OPENING}-{instrument}-{name}", fill_number=len(account.fills) + 1, side=side, price=price,
        size=size, fee=money(rules.settle, 0), maker=False, origin=OPENING, venue_time=floor.time, leg=leg,
    )  # fmt: skip
    account.fills.append(fill)
    floor.reports.append(of_fill(fill))
    if market.model is not None:
        market.model.hold(name_of(name, leg), account.quantity(market, leg))
