"""What each account has and holds at the exchange, what its orders set aside, and what a trade moves."""

from collections.abc import Sequence
from typing import Self

from letrade.hotpath.simulation.desk_terms import Terms
from letrade.hotpath.simulation.market import Market

class Wallets:
    """What each account has at the exchange; one market for each instrument of the terms."""

    @property
    def terms(self) -> Terms: ...
    @property
    def markets(self) -> list[Market]: ...
    def __new__(cls, terms: Terms, markets: Sequence[Market]) -> Self: ...
    def wallet_units(self, account: int, currency: int) -> tuple[int, int]:
        """(units, decimals) of what an account has at the exchange."""
