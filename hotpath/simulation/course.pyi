"""The hash over what a compiled desk did: the lines of actors/monitor/chain.py, written from its tables."""
from collections.abc import Sequence

from letrade.hotpath.simulation.desk import Desk

def sha256(text: bytes, plain: bool = False) -> str:
    """64 hexadecimal digits; `plain`: without the instructions that some processors have for it."""

def quotient(units: int, decimals: int) -> str:
    """repr(units / 10.0**decimals)."""

def chained(
    desk: Desk,
    digest: str,
    strategies: Sequence[str],
    accounts: Sequence[str],
    instruments: Sequence[tuple[str, int, int, str]],
) -> str:
    """The digest after all orders sent and fills booked, in the order in which the desk told of them.

    Names by place; of instruments (name, decimals of prices, of sizes, the currency of fees).
    """
