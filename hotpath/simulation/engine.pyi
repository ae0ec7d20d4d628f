"""The compiled backtest: settles one time after the other, the exchange first, then strategies, then their orders."""
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from letrade.hotpath.simulation.exchange import Exchange
from letrade.hotpath.simulation.tape import Tape
from letrade.hotpath.simulation.troupe import Troupe
from letrade.hotpath.slots import MailSlot

class Engine:
    """Moves the tape, the exchange, the desk and the troupe of actors through time, together.

    At each time: requests that are due act at the exchange, data reaches it, prices and answers reach the desk, actors
    hear their timers, data and news, and then the desk does what they want and sends orders on their way.
    """

    time: int
    steps: int
    def __init__(
        self,
        tape: Tape,
        exchange: Exchange,
        troupe: Troupe[Any, Any],
        herald: Any,
        listening: Callable[[int, int, int], Sequence[MailSlot[Any, Any]]],
        ranks: Mapping[int, int],
        step: int,
    ) -> None:
        """`herald` makes the message of a refusal, `herald.crier` those of orders and fills; `listening` says who hears
        what is told, by kind, strategy and instrument; `ranks` are those of the tellers by stage."""
    def follow_book(self, instrument: int) -> None:
        """Keep a book of what we see, where the exchange sees it earlier."""
    def run_data(self, events: int) -> bool:
        """Pass all times up to the last of the data; False after so many events, or times, when it is not there yet."""
    def run(self, until: int) -> None:
        """Pass all times before `until`."""
    def drain(self, time: int, cancels: bool, message: Any, listeners: Sequence[MailSlot[Any, Any]]) -> None:
        """The desk stops: `message` tells the listeners; working orders are cancelled where `cancels`."""
    def finish(self, time: int) -> None:
        """The data ended at this time: the last sample, and the last prices after trades."""
    def settle(self, time: int) -> None:
        """Take what actors said outside of any time that the engine passed: at the start."""
    @property
    def next(self) -> int | None:
        """The next time at which anything happens; None: never."""
