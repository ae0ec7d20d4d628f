"""The exchange's side of money: which orders it takes, and what their trades and ends move."""

from letrade.hotpath.simulation.leverage import Leverage

class Clearing(Leverage):
    """Whether an order may come, by what its account has; and what becomes of it as the market tells."""
