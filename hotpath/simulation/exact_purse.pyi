"""Capital's money in fractions, for the few orders that doubles cannot be sure of."""

from letrade.hotpath.simulation.purse import Purse

class ExactPurse(Purse):
    """As actors/capital/purse.py and terms.py count."""
