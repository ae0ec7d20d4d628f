"""What is noted for the report while a backtest runs: prices after our trades, and equity on a grid that coarsens."""
from array import array

HORIZONS_NS: tuple[int, int, int]
STEP_NS: int
ROWS_MAX: int

class Watch:
    """Middles 1, 10 and 60 s after each of our trades; equity and prices, at most one row a step.

    Amounts are doubles in the reporting currency, for charts: the ledger's own are exact. A price of NaN is not known.
    """

    trades_count: int
    step: int
    def __init__(self, instruments: int, accounts: int, *, step: int = ..., rows_max: int = ...) -> None: ...
    def note_trade(self, instrument: int, time: int, bid: float, ask: float) -> int:
        """The place of the trade."""
    def note_price(self, instrument: int, time: int, price: float) -> None:
        """The middle, or the last price, from now on."""
    def note_fill(self, account: int, instrument: int, change: float, price: float, fee: float) -> None:
        """`change` is signed, in base units times the multiplier."""
    def note_cash(self, account: int, amount: float) -> None: ...
    def note_time(self, time: int) -> None:
        """A sample, where one is due."""
    def finish(self, time: int) -> None:
        """The last middles and the last sample; the data ended at this time."""
    def after(self) -> array[float]:
        """Bid, ask and middle after 1 s, 10 s, 60 s of each trade, one trade behind the other."""
    def samples(self) -> list[tuple[int, tuple[tuple[float, float, float], ...], array[float]]]:
        """(time, (equity gained, unrealised, exposure) by account, price by instrument)."""
