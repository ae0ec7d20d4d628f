"""Samples of values, at most one in each step of time; when they are too many the step doubles."""
from array import array

STEP_NS: int
ROWS_MAX: int

class Grid:
    """Within one step the last sample holds. Of a doubled step its last sample stays, and the very first of all."""

    step: int
    next: int
    def __init__(self, width: int, *, step: int = ..., rows_max: int = ...) -> None: ...
    def note(self, time: int, *values: float) -> None:
        """A sample at this time, not before the last one."""
    def rows(self) -> tuple[array[int], array[float]]:
        """Times, and `width` values for each, one row behind the other."""
