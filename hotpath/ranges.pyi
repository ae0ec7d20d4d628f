"""Whether the numbers of a message are in the ranges of their fields: floats that lie in its slots, in C."""
from collections.abc import Callable, Sequence
from typing import Any, final

@final
class Ranges:
    """The ranges of one message type, a class with slots.

    `limits` are (field, lowest, whether that itself is outside, highest) of fields that hold a float; `rest` says
    whether what the other fields hold is in range, None when there is nothing to ask; `slowly` answers for all fields,
    and is asked where a number is no float. TypeError when a field is no slot of the class.
    """

    kind: type[Any]
    def __init__(
        self,
        kind: type[Any],
        limits: Sequence[tuple[str, float, bool, float]],
        rest: Callable[[Any], bool] | None,
        slowly: Callable[[Any], bool],
    ) -> None: ...
    def hold(self, message: Any) -> bool:
        """Whether all numbers of the message are in their ranges; TypeError for a message of another type."""
