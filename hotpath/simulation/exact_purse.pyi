"""Capital's money in fractions, for the few orders that doubles cannot be sure of."""

from letrade.hotpath.simulation.headroom import Headroom

class ExactPurse(Headroom):
    """As actors/capital/purse.py and terms.py count."""
