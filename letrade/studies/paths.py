"""Seeded courses of prices: a flash crash, a day like 2025-10-10, a calm hour; what is traded and marked each step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from letrade.core import ids

BTC, ETH, STAKED = "paper.BTC-USDT_USDT", "paper.ETH-USDT_USDT", "paper.STETH-USDT_USDT"
PRICES = {BTC: 60_000.0, ETH: 3_000.0, STAKED: 3_000.0}
SCENARIOS = ("crash", "october", "calm")
MARK_NOISE = 0.0001


class Course(Struct, frozen=True):
    """One instrument by the step; a mark of 0 says that none was told."""

    traded: Sequence[float]
    marks: Sequence[float]
    indexes: Sequence[float]
    depths: Sequence[float]
    """Of the quiet book."""


class Path(Struct, frozen=True):
    """All instruments of one world."""

    step_seconds: float
    courses: dict[str, Course]

    @property
    def steps(self) -> int:
        return len(next(iter(self.courses.values())).traded)


def path_of(scenario: str, seed: int) -> Path:
    """The course of a seed: the same for ever."""
    makers: dict[str, Callable[[ids.Random, int], Path]] = {"crash": _crash, "october": _october, "calm": _calm}
    return makers[scenario](ids.generator(seed, "study", scenario), seed)


def _crash(random: ids.Random, seed: int) -> Path:
    """-30 % within two to eight minutes, uneven; every fourth goes the other way, so that the shorts are caught."""
    before, fall, back, after = (random.randint(*span) for span in ((20, 60), (120, 480), (40, 180), (60, 90)))
    depth, returned = random.uniform(0.27, 0.33), random.uniform(0.0, 0.5)
    up = seed % 4 == 0
    shape = _shape(random, before, fall, back, after, returned)
    courses = {}
    for name, beta in ((BTC, 1.0), (ETH, random.uniform(0.9, 1.1)), (STAKED, random.uniform(0.9, 1.1))):
        total = math.log(1 - depth * beta)
        own = _noise(random, len(shape), 0.0003)
        logs = [(-total if up else total) * each + noise for each, noise in zip(shape, own, strict=True)]
        thin = random.uniform(0.10, 0.25)
        courses[name] = _course(random, PRICES[name], logs, _depths(shape, before, fall, back, thin), silent=2)
    return Path(1.0, courses)


def _october(random: ids.Random, seed: int) -> Path:
    """As on 2025-10-10: the staked coin's index loses its peg and finds it again, marks stop and jump where the
    market had a hole, and of the books a tenth is left."""
    del seed
    before, fall, back, after = (random.randint(*span) for span in ((20, 60), (180, 480), (60, 180), (60, 90)))
    shape = _shape(random, before, fall, back, after, random.uniform(0.2, 0.6))
    falls = {BTC: random.uniform(0.12, 0.18), ETH: random.uniform(0.18, 0.28)}
    falls[STAKED] = falls[ETH]
    peg = _unpegged(random, before, fall, back, len(shape))
    courses = {}
    for name, depth in falls.items():
        own = _noise(random, len(shape), 0.0004)
        logs = [math.log(1 - depth) * each + noise for each, noise in zip(shape, own, strict=True)]
        if name == STAKED:
            logs = [log + lost for log, lost in zip(logs, peg, strict=True)]
        silence = (before + int(fall * random.uniform(0.2, 0.7)), random.randint(6, 12))
        gap = math.log(1 - random.uniform(0.03, 0.05))
        logs = [log + (gap if step > sum(silence) - 2 else 0.0) for step, log in enumerate(logs)]
        depths = _depths(shape, before, fall, back, 0.1)
        courses[name] = _course(random, PRICES[name], logs, depths, silent=2, silence=silence)
    return Path(1.0, courses)


def _calm(random: ids.Random, seed: int) -> Path:
    """An hour in steps of five seconds, at a volatility of 40 to 80 % a year, with fat tails."""
    del seed
    steps, courses = 720, {}
    volatility = random.uniform(0.4, 0.8) / math.sqrt(365 * 24 * 720)
    shared = _walk(random, steps, volatility)
    for name, beta in ((BTC, 1.0), (ETH, random.uniform(1.0, 1.4)), (STAKED, random.uniform(1.0, 1.4))):
        own = _walk(random, steps, volatility * 0.3)
        logs = [beta * each + noise for each, noise in zip(shared, own, strict=True)]
        courses[name] = _course(random, PRICES[name], logs, [1.0] * steps, silent=0)
    return Path(5.0, courses)


def _shape(random: ids.Random, before: int, fall: int, back: int, after: int, returned: float) -> list[float]:
    """From 0 to 1 in bursts, back by a part, and on."""
    weights, burst = [], 0.0
    for _ in range(fall):
        burst = 0.9 * burst + random.gauss(0.0, 0.45)
        weights.append(math.exp(burst))
    total, done = sum(weights), 0.0
    shape = [0.0] * before
    for weight in weights:
        done += weight / total
        shape.append(done)
    shape += [1.0 - returned * (step + 1) / back for step in range(back)]
    return shape + [1.0 - returned] * after


def _unpegged(random: ids.Random, before: int, fall: int, back: int, steps: int) -> list[float]:
    """The logarithm of what is left of the peg."""
    begins, lasts = before + fall // 2, fall // 2 + back // 2
    most = math.log(1 - random.uniform(0.25, 0.45))
    left = []
    for step in range(steps):
        part = (step - begins) / lasts
        left.append(most * math.sin(math.pi * part) ** 2 if 0 < part < 1 else 0.0)
    return left


def _depths(shape: Sequence[float], before: int, fall: int, back: int, thin: float) -> list[float]:
    """The book is thin from the first fall on, and comes back with the price."""
    found = []
    for step in range(len(shape)):
        if step < before:
            found.append(1.0)
        elif step < before + fall:
            found.append(max(thin, 1.0 - (1.0 - thin) * (step - before) / 10))
        else:
            found.append(min(1.0, thin + (1.0 - thin) * (step - before - fall) / (2 * back)))
    return found


def _course(
    random: ids.Random, price: float, logs: Sequence[float], depths: Sequence[float], silent: int,
    silence: tuple[int, int] | None = None,
) -> Course:  # fmt: skip
    """The mark lags behind what is traded, and is not told at all for up to `silent` stretches and in `silence`."""
    traded = [price * math.exp(each) for each in logs]
    lag = random.uniform(2.0, 8.0) if silent else 1.0
    silences = [(random.randint(10, len(logs) - 30), random.randint(4, 12)) for _ in range(random.randint(0, silent))]
    silences += [silence] if silence is not None else []
    mark = index = price
    marks, indexes = [], []
    for step, last in enumerate(traded):
        mark += (last - mark) / lag
        index += (last - index) / (1 + (lag - 1) / 2)
        told = not any(begins <= step < begins + lasts for begins, lasts in silences)
        if silence is not None and step == sum(silence):
            mark = index = last
        marks.append(mark * (1 + random.uniform(-MARK_NOISE, MARK_NOISE)) if told else 0.0)
        indexes.append(index)
    return Course(traded, marks, indexes, depths)


def _noise(random: ids.Random, steps: int, size: float) -> list[float]:
    """That comes back to nothing."""
    found, now = [], 0.0
    for _ in range(steps):
        now = 0.95 * now + random.gauss(0.0, size)
        found.append(now)
    return found


def _walk(random: ids.Random, steps: int, size: float) -> list[float]:
    found, now = [], 0.0
    for _ in range(steps):
        now += random.gauss(0.0, size) * (3.0 if random.random() < 0.02 else 1.0)
        found.append(now)
    return found
