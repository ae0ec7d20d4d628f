"""How long execution waits for an answer about each order before it asks what became of it."""

from letrade.hotpath.simulation.books import Books

class Patience(Books):
    """Waits in the order of their ends, those that were answered are taken away when they come to the front."""
