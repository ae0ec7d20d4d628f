"""A desk's time never runs backwards, whatever the wall does."""

from __future__ import annotations

import pytest

from letrade.core import clock
from letrade.core.clock import SECOND, PacedClock, VirtualClock, WallClock


def test_the_walls_steps_back_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = iter([100, 50, 120])
    monkeypatch.setattr(clock, "wall_ns", lambda: next(wall))
    desk = WallClock()
    assert [desk.now(), desk.now(), desk.now()] == [100, 100, 120]


def test_recorded_time_passes_at_the_asked_speed_and_never_back(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = [1_000]
    monkeypatch.setattr(clock, "wall_ns", lambda: wall[0])
    desk = PacedClock(origin=5_000, wall_origin=1_000, speed=10.0)
    assert desk.now() == 5_000
    wall[0] = 1_100
    assert desk.now() == 6_000
    wall[0] = 1_050
    assert desk.now() == 6_000
    assert desk.origins == (5_000, 1_000, 10.0)
    assert desk.seconds_until(6_000 + 10 * SECOND) == 1.0
    assert desk.seconds_until(0) == 0.0


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_a_speed_that_is_none_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed above 0"):
        PacedClock(0, 0, speed)


def test_virtual_time_moves_only_when_told_and_only_forwards() -> None:
    desk = VirtualClock(10)
    desk.advance(10)
    desk.advance(20)
    assert (desk.now(), desk.seconds_until(10**18)) == (20, 0.0)
    with pytest.raises(ValueError, match="backwards"):
        desk.advance(19)
    assert desk.now() == 20
