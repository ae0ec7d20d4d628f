"""The exchange's side of money: which orders it takes, and what their trades and ends move."""

from letrade.hotpath.simulation.wallets import Wallets

class Clearing(Wallets):
    """Whether an order may come, by what its account has; and what becomes of it as the market tells."""
