"""A market that is known by its price levels, and by trades where they are told."""
from typing import Any

from letrade.hotpath.book import Book
from letrade.hotpath.simulation.recorded import RecordedMarket

class ShownBook(Book):
    """The exchange's own, which strategies read as it is: Doubtful where one would change it."""

class LevelsMarket(RecordedMarket):
    """Made by letrade.hotpath.simulation.door.new_market."""

    @property
    def book(self) -> Book:
        """As it was told."""
    def state(self) -> Any:
        """All that must not be forgotten, as what msgpack can hold."""
    def restore(self, state: Any) -> None:
        """Takes back what state() gave."""
