"""What CapitalManager remembers of each basket."""

from __future__ import annotations

import msgspec

from letrade.core.holdings import Key
from letrade.core.messages.signals import Basket

WAITING, WORKING, UNDOING, STANDING, REFUSED = "waiting", "working", "undoing", "standing", "refused"
BASKET, ACT, LATE = "basket", "act", "late"


class Leg(msgspec.Struct, array_like=True):
    """One share of a basket: base units."""

    account: str
    instrument: str
    wanted: float
    before: float = 0.0
    """What was held when the basket was taken up."""


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
    retried: bool = False
    """What was missing is not tried again: the legs that are ahead go back."""
    undoings: int = 0
    queued: bytes = b""
    """The wish that came meanwhile."""
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


def timer_of(what: str, group: Group) -> str:
    return f"{BASKET} {what} {group.strategy} {group.signal}"
