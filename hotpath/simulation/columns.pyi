"""A window of one feed's typed columns: checked once when it comes, read row by row without Python."""
from collections.abc import Mapping
from typing import Any

KINDS: dict[str, int]
"""Kinds of events by name."""
COLUMNS: dict[int, tuple[str, ...]]
"""The int64 columns of each kind."""
VALUES: tuple[int, ...]
"""Kinds that have one double a row."""
LEVELS: tuple[int, ...]
"""Kinds whose events have several rows."""
UPDATES: tuple[str, ...]
"""Columns by event that levels may have."""
SIGNED: tuple[str, ...]
"""Columns that may be below 0."""

class Window:
    """Events of one kind about one instrument, in the order of time.

    `time` and `venue_time` (None: the same) are ns UTC; `columns` are int64 arrays by name, in units; `values` are
    doubles by row, of marks, indexes and funding rates. Of levels, event i has the rows starts[i] to starts[i + 1],
    `sides` says BUY or SELL of each, `kinds` which events are snapshots, and the columns first_update, last_update and
    previous_update, by event, may be left out. ValueError names the row that is wrong.
    """

    kind: int
    count: int
    """Events."""
    first_sequence: int

    def __init__(
        self,
        kind: int,
        time: Any,
        columns: Mapping[str, Any],
        *,
        venue_time: Any = None,
        sequence: Any = None,
        values: Any = None,
        starts: Any = None,
        sides: Any = None,
        kinds: Any = None,
        first_sequence: int = 1,
    ) -> None: ...
