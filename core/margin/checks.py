"""Every number and name of a margin account, checked before anything is computed of it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from letrade.core.margin.account import CollateralState, InstrumentState, MarginAccount, OrderState, PositionState
from letrade.core.margin.numbers import MarginError, not_negative, positive
from letrade.core.margin.rules import MarginRules


def check_account(rules: MarginRules, account: MarginAccount, instruments: Mapping[str, InstrumentState]) -> None:
    """MarginError that names what is wrong and where."""
    if len(instruments) != len(account.instruments):
        raise MarginError("expected every instrument once, found a name twice")
    for instrument in account.instruments:
        _check_instrument(rules, instrument)
    for place, position in enumerate(account.positions):
        _check_position(f"positions[{place}]", position, instruments, rules)
    for place, order in enumerate(account.orders):
        _check_order(f"orders[{place}]", order, instruments, rules)
    _check_legs(rules, account)
    _check_collaterals(rules, account, instruments)


def _check_instrument(rules: MarginRules, instrument: InstrumentState) -> None:
    positive(instrument.mark, f"{instrument.name}: mark")
    positive(instrument.multiplier, f"{instrument.name}: multiplier")
    if not 0 <= instrument.fee_rate < 1:
        raise MarginError(
            f"{instrument.name}: expected a fee rate from 0 to below 1, not {float(instrument.fee_rate):g}"
        )
    if instrument.contract not in rules.contracts:
        raise MarginError(
            f"{instrument.name}: {rules.venue} {rules.mode} is modelled for {' and '.join(rules.contracts)} contracts,"
            f" found {instrument.contract}"
        )
    if rules.settles and instrument.settle not in rules.settles:
        raise MarginError(
            f"{instrument.name}: {rules.venue} {rules.mode} settles in {' or '.join(rules.settles)},"
            f" found {instrument.settle!r}"
        )


def _known(what: str, name: str, instruments: Mapping[str, InstrumentState]) -> None:
    if name not in instruments:
        raise MarginError(f"{what}: expected an instrument of the account, found {name!r}; give its mark and tiers")


def _check_position(
    what: str, position: PositionState, instruments: Mapping[str, InstrumentState], rules: MarginRules
) -> None:
    _known(what, position.instrument, instruments)
    if position.side not in (1, -1):
        raise MarginError(f"{what}.side: expected 1 or -1, found {position.side!r}")
    positive(position.size, f"{what}.size")
    positive(position.entry, f"{what}.entry")
    not_negative(position.added, f"{what}.added")
    if position.leverage is not None and position.leverage < 1:
        raise MarginError(f"{what}.leverage: expected 1 or more, found {float(position.leverage):g}")
    if position.margin is not None:
        not_negative(position.margin, f"{what}.margin")
    if position.maintenance is not None:
        not_negative(position.maintenance, f"{what}.maintenance")
        if rules.maintenance_price != "entry":
            raise MarginError(f"{what}.maintenance: {rules.venue} {rules.mode} computes it at the mark; leave it out")


def _check_order(what: str, order: OrderState, instruments: Mapping[str, InstrumentState], rules: MarginRules) -> None:
    _known(what, order.instrument, instruments)
    if order.side not in (1, -1):
        raise MarginError(f"{what}.side: expected 1 or -1, found {order.side!r}")
    positive(order.size, f"{what}.size")
    positive(order.price, f"{what}.price")
    if order.leverage is not None and order.leverage < 1:
        raise MarginError(f"{what}.leverage: expected 1 or more, found {float(order.leverage):g}")
    if rules.orders == "refused" and not order.reduces:
        raise MarginError(
            f"{what}: the margin of open orders under {rules.venue} {rules.mode} is not modelled; leave the orders out"
        )


def _check_collaterals(rules: MarginRules, account: MarginAccount, instruments: Mapping[str, InstrumentState]) -> None:
    held = [collateral.currency for collateral in account.collaterals]
    if len(set(held)) != len(held):
        raise MarginError("collaterals: expected every currency once, found one twice")
    for collateral in account.collaterals:
        _check_collateral(f"collaterals[{collateral.currency}]", collateral, rules)
    if rules.unit == "position":
        if account.collaterals:
            raise MarginError(f"{rules.venue} {rules.mode} looks at no shared wallet; give each position its margin")
        _check_isolated_orders(rules, account)
        return
    names = [position.instrument for position in account.positions] + [order.instrument for order in account.orders]
    for name in dict.fromkeys(names):
        settle = instruments[name].settle
        if settle not in held:
            raise MarginError(f"{name}: settles in {settle}, whose balance is not given; add it, 0 if there is none")


def _check_isolated_orders(rules: MarginRules, account: MarginAccount) -> None:
    """An isolated position is a unit; an order in an instrument without one has none to be counted in."""
    held = {position.instrument for position in account.positions}
    for place, order in enumerate(account.orders):
        if order.instrument not in held and not order.reduces:
            raise MarginError(
                f"orders[{place}]: under {rules.venue} {rules.mode} its margin is set aside of the free wallet, and"
                f" there is no position in {order.instrument} that would count it; leave the order out"
            )


def _check_collateral(what: str, collateral: CollateralState, rules: MarginRules) -> None:
    positive(collateral.index, f"{what}.index")
    not_negative(collateral.debt_buffer, f"{what}.debt_buffer")
    if not rules.negative_wallet:
        not_negative(collateral.balance, f"{what}.balance")
    if rules.unit == "wallet" and collateral.index != 1:
        raise MarginError(f"{what}.index: expected 1, as each currency is a wallet of its own, found another")
    if rules.unit == "wallet" and collateral.ratios:
        raise MarginError(f"{what}.ratios: {rules.venue} {rules.mode} knows no haircuts; leave them out")
    if collateral.cap is not None:
        not_negative(collateral.cap, f"{what}.cap")
    _check_ratios(what, collateral)
    own = collateral.pegged or collateral.currency == rules.numeraire
    if rules.unit == "account" and not collateral.ratios and not own:
        raise MarginError(
            f"{what}.ratios: expected the venue's haircut table, as nothing is known of it; give its ratios"
        )


def _check_ratios(what: str, collateral: CollateralState) -> None:
    rows = collateral.ratios
    if rows and rows[0].floor != 0:
        raise MarginError(f"{what}.ratios: expected the first row to begin at 0, found {float(rows[0].floor):g}")
    for row in rows:
        if not 0 <= row.ratio <= 1:
            raise MarginError(f"{what}.ratios: expected a ratio from 0 to 1, found {float(row.ratio):g}")
        if row.cap is not None and row.cap <= row.floor:
            raise MarginError(f"{what}.ratios: expected a cap above {float(row.floor):g}, found {float(row.cap):g}")
    for below, above in pairwise(rows):
        if below.cap != above.floor:
            raise MarginError(f"{what}.ratios: expected no gap and no overlap, found a row from {float(above.floor):g}")


def _check_legs(rules: MarginRules, account: MarginAccount) -> None:
    seen = [(position.instrument, position.side) for position in account.positions]
    for instrument, side in seen:
        if rules.unit != "position" and seen.count((instrument, side)) > 1:
            raise MarginError(f"{instrument}: expected one position a side, found two; add them up")
        if rules.hedge_legs == "refused" and (instrument, -side) in seen:
            raise MarginError(
                f"{instrument}: a long and a short leg at once under {rules.venue} {rules.mode} are not modelled,"
                " as the venue's rule could not be confirmed; net them or assess them apart"
            )
