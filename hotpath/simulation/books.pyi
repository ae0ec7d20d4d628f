"""The desk's ledger: wallets, net positions and strategies' shares, exact."""

from letrade.hotpath.simulation.doubt import Doubtful as Doubtful
from letrade.hotpath.simulation.order_table import OrderTable

class Books(OrderTable):
    """By account and currency, by account and instrument, and by key: strategy × instruments + instrument."""

    def wallet_units(self, account: int, currency: int) -> tuple[int, int] | None:
        """(units, decimals) of what an account has; None for a currency that it never had."""

    def position_of(
        self, owner: int, instrument: int, of_account: bool = False
    ) -> tuple[bool, int, int, int, int, int, int, int, int, int, int, int]:
        """(told, quantity, cost, price decimals, realised, fees, funding, orders, fills, entries, exits, refused) of a
        strategy, or of an account: the cost at price decimals + the lot's, realised at the scale of the wallet."""
