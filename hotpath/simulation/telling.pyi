"""Events as the messages that actors hear: one message of each source is written over while nobody has kept it."""
from typing import Any

FIELDS: dict[int, tuple[str, ...]]
"""What is written of each kind of event, header and times apart."""

class Teller:
    """Writes events of one kind from one source into a message like `blank`, whose other fields are right already.

    `blank` is an instance of the message type with slots for its fields; decimals are those of the columns.
    """

    kind: int
    def __init__(self, kind: int, blank: Any, price_decimals: int = 0, size_decimals: int = 0) -> None: ...
