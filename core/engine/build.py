"""From a blueprint to a driver: which kind of run a process needs, at which place in its feeds and its time."""

from __future__ import annotations

from letrade.core.clock import PacedClock, WallClock, wall_ns
from letrade.core.config.desk import DESK_PROCESS
from letrade.core.engine.cursor import cursor_in
from letrade.core.engine.driver import Driver
from letrade.core.engine.options import is_recorded_pace, is_stepped, speed_of
from letrade.core.engine.paced import FeedDriver, PacedDriver
from letrade.core.engine.station import Station
from letrade.core.engine.stepped import FollowerDriver, SteppedDriver
from letrade.core.errors import ConfigurationError
from letrade.core.stepping.reader import FeedReader


def driver_of(station: Station) -> Driver:
    """The driver of a process; in a run by the clock its journal is replayed here, before it is told the time."""
    config = station.blueprint.config
    leads = station.name == DESK_PROCESS
    if is_stepped(config):
        return SteppedDriver(station) if leads else FollowerDriver(station)
    station.process.recover()
    reader = FeedReader(
        station.blueprint.feeds(station.name), refuse=lambda text: station.complain("malformed", text)
    )
    if not leads and not station.process.node.slots:
        cursor = cursor_in(station.folder.path)
        reader.skip(cursor.keys())
        return FeedDriver(station, reader, _set_clock(station, reader), cursor)
    reader.skip(station.process.seen)
    shift = _set_clock(station, reader)
    return PacedDriver(station, reader, shift, leads)


def _set_clock(station: Station, reader: FeedReader) -> int:
    """Give the station its time; what must be added to its feeds' times to make them that time."""
    config = station.blueprint.config
    first = reader.peek_time()
    if station.name == DESK_PROCESS and is_recorded_pace(config) and first is not None:
        station.clock = PacedClock(max(first, station.process.node.latest), wall_ns(), speed_of(config))
        return 0
    if station.name != DESK_PROCESS and first is not None and speed_of(config) != 1.0:
        speed = speed_of(config)
        raise ConfigurationError(f"{station.name}: a feed in a process of its own runs at speed 1, found {speed}")
    if isinstance(station.clock, WallClock) and first is not None:
        return station.clock.now() - first
    return 0
