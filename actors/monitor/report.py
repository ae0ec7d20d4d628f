"""The counters of a desk's results in words: the summary at the end of a run, and the view while it runs."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from letrade.actors.monitor.chain import Chain
from letrade.actors.monitor.tally import Line, Tally, show_money, show_number, show_units
from letrade.core.messages.accounts import Position
from letrade.core.messages.base import NO_STRATEGY
from letrade.core.money import parse_units
from letrade.core.quantities import SCALE, units_of_money


class Start(NamedTuple):
    """What an account began with, in units of 1e-18 of the reporting currency; None where that takes a price."""

    equity: int | None


def starts_of(settings: Any) -> dict[str, Start]:
    """The equity that the desk file's balances tell without any price."""
    if settings is None:
        return {}
    reporting = settings.desk.reporting_currency
    return {account.name: Start(_equity(account.balances, reporting)) for account in settings.accounts}


def _equity(balances: dict[str, Any], reporting: str) -> int | None:
    if any(amount and currency != reporting for currency, amount in balances.items()):
        return None
    return parse_units(str(balances.get(reporting, 0)), SCALE)


def equity_units(tally: Tally, starts: dict[str, Start]) -> int | None:
    """The sum of all accounts and of what is on its way between them, in units of 1e-18; None while one is unknown. An
    account that nothing was heard of stands where it began."""
    total = transit_units(tally)
    for account in dict.fromkeys((*starts, *tally.equity)):
        start = starts.get(account, Start(None)).equity
        equity = tally.equity.get(account)
        known = units_of_money(equity) if equity is not None else (None if account in tally.equity else start)
        if known is None:
            return None
        total += known
    return total


def transit_units(tally: Tally) -> int:
    return sum(units_of_money(amount) for amount in tally.transit.values())


def start_units(tally: Tally, starts: dict[str, Start]) -> int | None:
    """What all accounts began with; where balances need a price, the first equity that was known."""
    total = 0
    for account in dict.fromkeys((*starts, *tally.equity)):
        start = starts.get(account, Start(None)).equity
        first = tally.first_equity.get(account)
        known = start if start is not None else (units_of_money(first) if first is not None else None)
        if known is None:
            return None
        total += known
    return total


def _worth(tally: Tally, starts: dict[str, Start], reporting: str) -> dict[str, Any]:
    """Equity and profit in the reporting currency; null where a price or a rate is missing."""
    equity, start = equity_units(tally, starts), start_units(tally, starts)
    known = equity is not None and start is not None
    missing = sorted({name for names in tally.missing.values() for name in names})
    return {
        "pnl": show_units(equity - start) if known and equity is not None and start is not None else None,
        "equity": None if equity is None else show_units(equity),
        "starting_equity": None if start is None else show_units(start),
        "reporting_currency": reporting,
        **({"in_transit": show_units(transit_units(tally))} if tally.transit else {}),
        **({"missing_prices": missing} if missing else {}),
    }


def _balances(tally: Tally) -> dict[str, dict[str, str]]:
    return {
        account: {currency: show_units(units_of_money(total)) for currency, total in sorted(totals.items())}
        for account, totals in sorted(tally.balances.items())
    }


def _position(position: Position, price: float | None) -> dict[str, Any]:
    return {
        "strategy": position.strategy,
        "account": position.account,
        "instrument": position.instrument,
        "quantity": show_number(position.quantity),
        "average_price": show_number(position.average_price),
        "last_price": None if price is None else show_number(price),
        "realised": show_money(position.realised),
        "funding": show_money(position.funding),
    }


def _positions(tally: Tally) -> list[dict[str, Any]]:
    """Open ones: each strategy's share, and what nobody's share explains in an account."""
    held = [line.position for line in tally.lines.values() if line.position is not None]
    shares: dict[str, float] = {}
    for share in held:
        key = f"{share.account} {share.instrument}"
        shares[key] = shares.get(key, 0.0) + share.quantity
    foreign = [
        position for key, position in tally.account_positions.items()
        if position.quantity and not shares.get(key)
    ]  # fmt: skip
    shown = sorted((*held, *foreign), key=lambda each: (each.account, each.instrument, each.strategy))
    return [_position(each, tally.prices.get(each.instrument)) for each in shown if each.quantity]


def _line(line: Line) -> dict[str, Any]:
    position = line.position
    return {
        "name": line.strategy,
        "account": line.account,
        "instrument": line.instrument,
        "position": show_number(position.quantity) if position is not None else "0",
        "realised": str(position.realised) if position is not None else None,
        "orders": line.orders,
        "fills": line.fills,
        "entries": line.entries,
        "exits": line.exits,
        "refused": line.refused,
    }


def _strategies(tally: Tally) -> list[dict[str, Any]]:
    return [_line(line) for line in tally.lines.values() if line.strategy != NO_STRATEGY]


def _counts(tally: Tally) -> dict[str, Any]:
    checks = list(tally.checks.values())
    return {
        "orders": tally.orders,
        "fills": tally.fills,
        "entries": tally.entries,
        "exits": tally.exits,
        "gaps": sum(check.gaps for check in checks),
        "crossed": sum(check.crossed for check in checks),
        "lost": sum(numbers.lost for numbers in tally.fill_numbers.values()),
        "doubled": sum(numbers.doubled for numbers in tally.fill_numbers.values()),
        "book_checks": {
            "compared": sum(check.compared for check in checks),
            "equal": sum(check.equal for check in checks),
            "late_compared": sum(check.late_compared for check in checks),
            "late_equal": sum(check.late_equal for check in checks),
        },
        "refused": dict(sorted(tally.refused.items())),
        "failures": tally.failures,
    }


def summary_of(tally: Tally, chain: Chain, starts: dict[str, Start], reporting: str) -> dict[str, Any]:
    """What a run ends with."""
    balances = _balances(tally)
    lines = [
        f"{account} {currency} {total}" for account, totals in balances.items() for currency, total in totals.items()
    ]
    worth = _worth(tally, starts, reporting)
    return {
        **_counts(tally),
        "alerts": dict(sorted(tally.alerts.items())),
        "fees": tally.fees.shown(),
        "funding": tally.funding.shown(),
        "funding_estimated": tally.funding_estimated.shown(),
        "positions": _positions(tally),
        "balances": balances,
        "final_balance": worth["equity"],
        **worth,
        "strategies": _strategies(tally),
        "result_hash": chain.closed_with(lines),
    }


def view_of(tally: Tally, starts: dict[str, Start], reporting: str) -> dict[str, Any]:
    """What a table shows: prices, strategies, the last orders, positions, balances, profit, the last alerts."""
    return {
        **_counts(tally),
        "prices": {name: show_number(price) for name, price in sorted(tally.prices.items())},
        "strategies": _strategies(tally),
        "working": len(tally.working),
        "recent_orders": [msgspec.to_builtins(order) for order in reversed(tally.recent_orders)],
        "positions": _positions(tally),
        "balances": _balances(tally),
        **_worth(tally, starts, reporting),
        "alerts": [msgspec.to_builtins(alert) for alert in tally.recent_alerts],
        "alert_counts": dict(sorted(tally.alerts.items())),
    }
