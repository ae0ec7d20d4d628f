"""When execution asks by itself: for an order of which no answer comes, and now and then for whole accounts."""

from letrade.hotpath.simulation.books import Books

class Patience(Books):
    """Waits in the order of their ends, those that were answered are taken away when they come to the front."""

    def begin(self, time: int) -> None:
        """Asks for every account."""
