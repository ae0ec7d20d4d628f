"""What all rooms of the compiled desk share: orders, fills, requests, what was told, and the last prices."""

from typing import Self

from letrade.hotpath.simulation.desk_terms import Terms

class OrderTable:
    """Orders and fills are kept for ever, by number from 1 and by place from 0; what was told until it is heard."""

    @property
    def terms(self) -> Terms: ...
    @property
    def orders_count(self) -> int: ...
    @property
    def fills_count(self) -> int: ...
    @property
    def cash_count(self) -> int: ...
    def __new__(cls, terms: Terms) -> Self: ...
    def last_bars(self) -> list[tuple[int, float]]:
        """(time, close) of the last bar of each instrument; a close of 0 where there was none."""

    def cash_of(self) -> list[tuple[int, int, int, int]]:
        """(time, account, instrument, amount in units of 1e-8) of each payment of funding."""
