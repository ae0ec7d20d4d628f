"""Capital's money in the compiled desk: who may spend how much, in doubles where they are sure."""

from letrade.hotpath.simulation.risk import Risk

class Purse(Risk):
    """Wallets, positions and shares as the fills that capital has heard leave them."""

    compares: bool
    """Every short way is compared with the long one, and a difference is an AssertionError: for tests."""

    def cash_units(self, account: int, currency: int) -> tuple[int, int]:
        """(units, decimals) of what capital knows of a wallet."""
