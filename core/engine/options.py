"""How a desk is run this time: what is not in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from letrade.core.config.desk import DeskConfig
from letrade.core.errors import ConfigurationError


class EngineOptions(msgspec.Struct, frozen=True, kw_only=True):
    """`desk_arguments` is what the configuration was made from, for workers to make it again."""

    data_dir: Path
    nats_urls: tuple[str, ...] = ()
    user: str | None = None
    password: str | None = None
    fresh: bool = False
    run_for_ns: int | None = None
    desk_arguments: dict[str, Any] = {}

    def __repr__(self) -> str:
        """Without the login that an error or a log would carry away."""
        return f"EngineOptions(data_dir={str(self.data_dir)!r}, user={self.user!r})"


def is_stepped(config: DeskConfig) -> bool:
    """Whether the feeds wait for the desk. ConfigurationError when some do and some do not."""
    stepped = {feed.speed == "max" for feed in config.feeds}
    if len(stepped) > 1:
        raise ConfigurationError('expected all feeds with speed = "max" or none, found both')
    return stepped == {True}


def speed_of(config: DeskConfig) -> float:
    """How much faster than the wall clock the desk's time runs; 1 for live feeds, and without any feed."""
    speeds = {1.0 if feed.speed in ("live", "max") else float(feed.speed) for feed in config.feeds}
    if len(speeds) > 1:
        raise ConfigurationError(f"expected one speed for all feeds, found {sorted(speeds)}")
    return speeds.pop() if speeds else 1.0


def is_recorded_pace(config: DeskConfig) -> bool:
    """Whether the desk lives in the recorded time of its feeds, rather than in today's."""
    return any(feed.speed not in ("live", "max") for feed in config.feeds)
