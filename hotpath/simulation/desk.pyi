"""The desk between strategies and exchange in numbers alone: what capital, risk, execution and ledger actors do."""

from letrade.hotpath.simulation.losses import LossWatch

class Desk(LossWatch):
    """Knows what the desk has heard by now. Raises Doubtful where only the actors can tell what they would do."""
