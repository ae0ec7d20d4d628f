"""What all rooms of the compiled desk share: orders, fills, requests, what was told, and the last prices."""

from typing import Self

from letrade.hotpath.simulation.desk_terms import Terms

class OrderTable:
    """Orders by number from 1 and fills by place from 0, on pages; what was told until it is heard.

    A page whose orders are all over, or whose fills everybody has heard of, is kept as rows of what reports ask for.
    """

    @property
    def terms(self) -> Terms: ...
    @property
    def orders_count(self) -> int: ...
    @property
    def fills_count(self) -> int: ...
    @property
    def cash_count(self) -> int: ...
    @property
    def fat_count(self) -> int:
        """Pages of orders that are kept as more than rows."""

    short_days: dict[int, dict[int, None]]
    """By account, the days since 1970 on which the exchange refused an order for want of money."""
    def __new__(cls, terms: Terms) -> Self: ...
    def last_bars(self) -> list[tuple[int, float]]:
        """(time, close) of the last bar of each instrument; a close of 0 where there was none."""

    def cash_of(self) -> list[tuple[int, int, int, int]]:
        """(time, account, instrument, amount in units of 1e-8) of each payment of funding."""
