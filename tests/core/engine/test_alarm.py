"""An alarm rings once, when it is due and not before; a nap ends with it."""

from __future__ import annotations

import asyncio
import os

from letrade.core.clock import SECOND, monotonic_ns
from letrade.core.engine.alarm import Alarm, Nap


def test_it_rings_once_and_not_before_its_time() -> None:
    async def run() -> list[int]:
        rings: list[int] = []
        alarm = Alarm(lambda: rings.append(monotonic_ns()))
        start = monotonic_ns()
        alarm.set(0.02)
        assert alarm.is_set
        await asyncio.sleep(0.1)
        assert not alarm.is_set
        alarm.close()
        return [ring - start for ring in rings]

    (after,) = asyncio.run(run())
    assert after >= 0.02 * SECOND


def test_a_later_wish_replaces_an_earlier_one() -> None:
    async def run() -> tuple[int, int]:
        rings: list[int] = []
        alarm = Alarm(lambda: rings.append(1))
        alarm.set(0.0)
        alarm.set(0.05)
        await asyncio.sleep(0.02)
        early = len(rings)
        await asyncio.sleep(0.1)
        alarm.close()
        return early, len(rings)

    assert asyncio.run(run()) == (0, 1)


def test_it_does_not_ring_when_it_is_cancelled_or_closed() -> None:
    async def run() -> int:
        rings: list[int] = []
        for end in ("cancel", "close"):
            alarm = Alarm(lambda: rings.append(1))
            alarm.set(0.001)
            await asyncio.sleep(0)
            getattr(alarm, end)()
            await asyncio.sleep(0.02)
            alarm.close()
        return len(rings)

    assert asyncio.run(run()) == 0


def test_one_that_rang_may_be_set_again_by_what_it_called() -> None:
    async def run() -> int:
        rings: list[int] = []

        def ring() -> None:
            rings.append(1)
            if len(rings) < 3:
                alarm.set(0.001)

        alarm = Alarm(ring)
        alarm.set(0.001)
        await asyncio.sleep(0.1)
        alarm.close()
        return len(rings)

    assert asyncio.run(run()) == 3


def test_closing_gives_the_descriptor_back() -> None:
    async def run() -> tuple[int, int]:
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(10):
            nap = Nap()
            await nap.take(0.0001)
            nap.close()
        return before, len(os.listdir("/proc/self/fd"))

    before, after = asyncio.run(run())
    assert before == after
