"""What an account at the exchange has to spare at the least: most orders are far from what leverage allows."""

from letrade.hotpath.simulation.wallets import Wallets

class Leverage(Wallets):
    """Sums of bounds in whole numbers, kept as lines change; they hold while prices stay in their bands."""

    compares: bool
    """Every short way is compared with the long one, and a difference is an AssertionError: for tests."""

    @property
    def spared(self) -> int:
        """How many orders needed no sum over all lines."""
