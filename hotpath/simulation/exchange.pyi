"""The exchange of a compiled backtest: markets and clearing, requests on their way to it, and answers on theirs."""
from array import array
from collections.abc import Sequence

from letrade.hotpath.simulation.clearing import Clearing
from letrade.hotpath.simulation.curve import Curve
from letrade.hotpath.simulation.desk import Desk
from letrade.hotpath.simulation.latency import Latency
from letrade.hotpath.simulation.market import Market
from letrade.hotpath.simulation.watch import Watch

class Exchange:
    """Requests are acted on at exactly their time plus the latency, before data of that time, as the venue's actor
    does: those that enter a window only at that time come after it.
    """

    trade_places: array[int]
    """Of each fill of the desk: its place in the watch."""
    def __init__(
        self,
        desk: Desk,
        clearing: Clearing,
        watch: Watch,
        curve: Curve,
        markets: Sequence[Market],
        latencies: Sequence[Latency],
        scales: Sequence[float],
        step: int,
    ) -> None:
        """By instrument: its market, its venue's latency, and the units in a price of 1."""

    def see_late(self, instruments: Sequence[int]) -> None:
        """Data of these come to us later than to the exchange: its requests are always before data of their time."""

    def open(self, instruments: Sequence[int]) -> None:
        """Their markets are of the kind that the desk file asks for, and there whatever data comes first."""

    def pay_funding(self, instruments: Sequence[int]) -> None:
        """Funding is paid on these from now on."""
