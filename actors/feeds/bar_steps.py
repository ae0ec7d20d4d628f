"""How long bars are, told by the steps between them, where nothing else says it."""

from __future__ import annotations

import numpy as np

from letrade.core.clock import SECOND
from letrade.core.data.columns import IntArray

MONTHS_NS = (28 * 86_400 * SECOND, 31 * 86_400 * SECOND)
"""Calendar months are of several lengths and do not overlap."""
OVERLAP_HELP = "leave one of the two out, or give the feed's `bar`"


def usual_step_ns(times_ns: IntArray) -> int:
    """The step that most neighbours have, of at least two rising times; the shortest one of months, and where the
    steps have no rule. One that is shorter than the usual is an overlap, not the length of all bars."""
    steps, counts = np.unique(np.diff(times_ns), return_counts=True)
    shortest, usual = int(steps[0]), int(steps[np.argmax(counts)])
    months = MONTHS_NS[0] <= shortest and usual <= MONTHS_NS[1]
    ruled = 2 * int(counts.max()) > int(counts.sum())
    return usual if ruled and not months else shortest
