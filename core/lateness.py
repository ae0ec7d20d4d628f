"""How old a wish may be when it is heard: one that was lost in an outage and sent again is refused, not followed."""

from __future__ import annotations

from letrade.core.clock import SECOND
from letrade.core.config.desk import DeskConfig

WISH_AGE_MAX_NS = SECOND


def wish_age_max(settings: DeskConfig) -> int | None:
    """In the desk's time; None in stepped runs and backtests, where nothing is late."""
    speeds = [feed.speed for feed in settings.feeds]
    if all(speed == "max" for speed in speeds):
        return None
    paced = [float(speed) for speed in speeds if speed not in ("live", "max")]
    return int(WISH_AGE_MAX_NS * max([1.0, *paced]))
