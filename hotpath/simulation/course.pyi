"""The hash over what a compiled desk did: the lines of actors/monitor/chain.py, written from its tables."""
from collections.abc import Sequence

from letrade.hotpath.simulation.desk import Desk

_Instruments = Sequence[tuple[str, int, int, str]]
"""By place: (name, decimals of prices, of sizes, the currency of fees)."""

class Writer:
    """Writes lines behind the digest of those before."""

    def __init__(
        self, desk: Desk, digest: str, strategies: Sequence[str], accounts: Sequence[str], instruments: _Instruments
    ) -> None: ...

def sha256(text: bytes, plain: bool = False) -> str:
    """64 hexadecimal digits; `plain`: without the instructions that some processors have for it."""

def quotient(units: int, decimals: int) -> str:
    """repr(units / 10.0**decimals)."""

def chained(
    desk: Desk,
    digest: str,
    strategies: Sequence[str],
    accounts: Sequence[str],
    instruments: _Instruments,
) -> str:
    """The digest after all orders sent and fills booked, in the order in which the desk told of them.

    Names by place.
    """
