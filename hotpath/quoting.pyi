"""Quotes as strategies say them: one message is copied, and what differs written into the copy."""
from collections.abc import Callable
from typing import Any, Generic, TypeVar

_Quotes = TypeVar("_Quotes")

class Quoter(Generic[_Quotes]):
    """Makes messages like `blank`, whose type has slots for its fields.

    `order` is the type of one of their orders. `slow` makes a tuple of such orders of what is none with sides of 1 or
    -1 and floats, or raises.
    """

    def __init__(self, blank: _Quotes, order: type, slow: Callable[[Any], tuple[Any, ...]]) -> None: ...
    def __class_getitem__(cls, item: Any, /) -> Any: ...
    def quotes(
        self, strategy: str, account: str, instrument: str, signal: int, orders: Any, post_only: bool
    ) -> _Quotes: ...
