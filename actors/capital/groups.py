"""What CapitalManager remembers of each basket."""

from __future__ import annotations

from collections.abc import Container

import msgspec

from letrade.core.holdings import Key
from letrade.core.instruments import Catalogue
from letrade.core.messages.signals import Basket

WAITING, WORKING, UNDOING, STANDING, REFUSED = "waiting", "working", "undoing", "standing", "refused"
BASKET, OPEN, ACT, LATE = "basket", "open", "act", "late"


class Leg(msgspec.Struct, array_like=True):
    """One share of a basket: base units."""

    account: str
    instrument: str
    wanted: float
    before: float = 0.0
    """What was held when the basket was opened."""
    pledged: bool = False
    """It was a leg of the basket before this one, which still says what was held of it in proportion."""


class Group(msgspec.Struct, array_like=True):
    """The newest basket of some shares of a strategy; it is watched for as long as it holds anything."""

    strategy: str
    signal: int
    naked_ns_max: int
    legs: list[Leg]
    told: int
    """So many of the legs are the wish's; those after them are what the last one held besides."""
    phase: str = WAITING
    orders: int = 0
    since: int = 0
    """When the legs fell out of proportion; 0 while they are in it."""
    due: bool = False
    """Half of the bound is over."""
    retried: bool = False
    """What was missing is not tried again: the legs that are ahead go back."""
    undoings: int = 0
    blunt: bool = False
    """The account holds less than the share, so that it is cut by orders of the ordinary way."""
    reason: str = ""
    """Why something of it was not traded, as far as that was said."""

    @property
    def keys(self) -> list[Key]:
        """Of its legs, in their order."""
        return [(leg.account, leg.instrument, self.strategy) for leg in self.legs]


def legs_of(basket: Basket) -> list[Leg]:
    """None where the accounts are not as many as the legs."""
    accounts = basket.accounts or (basket.account,) * len(basket.legs)
    if len(accounts) != len(basket.legs):
        return []
    return [
        Leg(account, instrument, wanted) for account, (instrument, wanted) in zip(accounts, basket.legs, strict=True)
    ]


def malformed(
    basket: Basket, legs: list[Leg], accounts: Container[str], catalogue: Catalogue, now: int
) -> tuple[str, str] | None:
    """(what was expected, what was found); None where nothing is wrong."""
    keys = [(leg.account, leg.instrument) for leg in legs]
    if not legs or len(set(keys)) < len(keys) or keys[0] != (basket.account, basket.instrument):
        return "legs of different shares, the first one's first", str(keys)
    if basket.naked_ns_max <= 0:
        return "naked_ns_max above 0", str(basket.naked_ns_max)
    for leg in legs:
        if leg.account not in accounts or leg.instrument not in catalogue:
            return "a known account and instrument", f"{leg.account} {leg.instrument}"
        rules = catalogue.at(leg.instrument, now)
        if leg.wanted and not rules.size.round_down(leg.wanted):
            return f"at least a lot of {rules.message.lot}", f"{leg.wanted!r} {leg.instrument}"
    return None


def timer_of(what: str, group: Group) -> str:
    return f"{BASKET} {what} {group.strategy} {group.signal}"
