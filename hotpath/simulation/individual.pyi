"""A market that is known by each of its resting orders: our place in a queue is not assumed, it is counted."""
from letrade.hotpath.simulation.levels import LevelsMarket

class IndividualMarket(LevelsMarket):
    """Made by letrade.hotpath.simulation.door.new_market."""
