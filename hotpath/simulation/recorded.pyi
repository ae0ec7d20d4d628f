"""Orders beside recorded data: trades fill makers by queue position, prices trigger what waits for them."""
from letrade.hotpath.simulation.market import Market

class RecordedMarket(Market):
    """A trade through a maker's price fills it, at its price by its place in the queue; what is shown moves nothing."""
