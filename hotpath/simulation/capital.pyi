"""Capital in the compiled desk: what strategies want becomes orders, amends and cancels."""

from letrade.hotpath.simulation.exact_purse import ExactPurse

class Capital(ExactPurse):
    """Never more on its way than wanted − held: what a cancel has not ended yet still counts."""
