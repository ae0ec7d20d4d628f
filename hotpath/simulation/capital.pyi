"""Capital in the compiled desk: what strategies want becomes orders, amends and cancels."""

from letrade.hotpath.simulation.protections import Protections

class Capital(Protections):
    """Never more on its way than wanted − held: what a cancel has not ended yet still counts."""
