"""Execution in the compiled desk: what goes to the exchange, and what its answers make of orders."""

from letrade.hotpath.simulation.patience import Patience

class Execution(Patience):
    """Cancels of capital go before approvals of risk, as at one time a lower stage is heard first."""

    @property
    def stopping(self) -> bool: ...
    @property
    def drained(self) -> bool: ...
