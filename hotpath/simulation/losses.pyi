"""Limits of losses: while none is near the compiled desk goes on; what a halt does is a matter for the actors."""

from letrade.hotpath.simulation.capital import Capital
from letrade.hotpath.simulation.doubt import Doubtful as Doubtful

class LossWatch(Capital):
    """As actors/risk/losses.py, in doubles."""
