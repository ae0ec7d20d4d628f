"""How long requests and answers take between the desk and the simulated exchange: constant, jittered or recorded."""
from collections.abc import Iterable, Sequence

class Latency:
    """A function of the seed and the time alone, the same whoever asks and how often: what leaves later never arrives
    earlier.

    All in ns. `rows` are recorded (time, request, response): between two of them in proportion to the time, never below
    the latencies that are given; a negative request was turned away. The jitter is drawn for each slot of time that is
    as long as itself.
    """

    def __init__(
        self,
        order_latency: int,
        response_latency: int,
        jitter: int = 0,
        seed: int = 1,
        reject: float = 0.0,
        rows: Iterable[Sequence[int]] = (),
    ) -> None: ...
    def request_latency(self, time: int) -> int:
        """How long the request that leaves at `time` is under way; negative: so long until it is turned away."""
    def answer_latency(self, time: int) -> int:
        """How long the answer that is given at `time` is under way."""
    def longest(self) -> tuple[int, int]:
        """The most that a request, and an answer, is under way."""

    def state(self) -> list[int]:
        """Nothing: there is nothing to remember."""
    def restore(self, state: list[int]) -> None: ...
