"""What is noted for the report while a backtest runs: middles after our trades, and prices on a grid that coarsens."""
from array import array

HORIZONS_NS: tuple[int, int, int]

class Watch:
    """Middles 1, 10 and 60 s after each of our trades; each instrument's price, at most once in a step.

    All are the exchange's, by its own time. A price of NaN is not known.
    """

    trades_count: int
    def __init__(self, instruments: int) -> None: ...
    def note_trade(self, instrument: int, time: int, bid: float, ask: float) -> int:
        """The place of the trade."""
    def note_price(self, instrument: int, time: int, price: float) -> None:
        """The middle, or the last price, from now on."""
    def finish(self, instrument: int, time: int, middle: float) -> None:
        """The data ended at this time; what was due by then is told, and the last price."""
    def after(self) -> array[float]:
        """Bid, ask and middle after 1 s, 10 s, 60 s of each trade, one trade behind the other."""
    def prices_of(self, instrument: int) -> tuple[array[int], array[float]]:
        """Times, and the price at each of them."""
