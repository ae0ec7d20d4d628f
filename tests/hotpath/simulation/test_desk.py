"""The compiled desk against capital, risk, execution and ledger: the same requests, fills, refusals and shares."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from letrade.core.config.capital import Allocation
from letrade.core.config.desk import DeskConfig
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.ids import Random, generator
from letrade.core.messages.base import Message
from letrade.core.messages.market import Quote, Trade
from letrade.core.messages.signals import Quotes, Target, WorkingQuote
from letrade.hotpath.simulation.desk_door import DeskDoor
from letrade.hotpath.simulation.doubt import Doubtful
from tests.hotpath.simulation.desk_scene import (
    DECIMALS,
    MS,
    NAMES,
    STEP,
    STRATEGIES,
    Replay,
    by_actors,
    outcome_of,
    settings,
    terms_of,
)

SECOND = 1_000 * MS
LIMITS = RiskTable(
    stale_after=30 * MS, max_order_size=Decimal("0.02"), max_order_notional=Decimal("1.9"),
    max_position_notional=Decimal(3), max_gross_exposure=Decimal("3.51"), price_band=Decimal("0.0025"),
    max_orders_per_second=5,
)  # fmt: skip
FEW = (
    Allocation(name="a", strategy="alpha", account="main", fraction=Decimal("0.5")),
    Allocation(name="b", strategy="beta", account="main", amount=Decimal(3)),
)


def script(random: Random, count: int, instrument: int = 0) -> list[Message]:
    """Quotes and trades of one instrument, on the grid of windows and off it, and two strategies' wishes."""
    said: list[Message] = []
    time, price, signals = SECOND, 100.0, dict.fromkeys(STRATEGIES, 0)
    for place in range(count):
        time += random.choice([STEP, STEP // 2, 3 * MS + random.randrange(1000), 2 * STEP, 55 * MS])
        price = max(10.0, price + random.choice([-1, 0, 1]) * 0.1 * random.randrange(1, 6))
        said.append(_data(random, NAMES[instrument], time, price, place))
        if random.random() < 0.5:
            strategy = random.choice(STRATEGIES)
            signals[strategy] += 1
            later = random.choice([0, 0, 0, 1, MS])
            said.append(_wish(random, strategy, instrument, signals[strategy], time + later, price))
    return sorted(said, key=lambda message: message.time)


def _data(random: Random, name: str, time: int, price: float, place: int) -> Message:
    bid = round(price, 1)
    if random.random() < 0.75:
        return Quote(
            instrument=name, bid=bid, bid_size=random.randrange(1, 30) / 1000,
            ask=round(bid + 0.1 * random.randrange(1, 3), 1), ask_size=random.randrange(1, 30) / 1000,
            time=time, venue_time=time, source="feed",
        )  # fmt: skip
    return Trade(
        instrument=name, price=round(bid + random.choice([-3, -1, 0, 1, 3]) * 0.1, 1),
        size=random.randrange(1, 40) / 1000, side=random.choice([1, -1]), trade_id=str(place), time=time,
        venue_time=time, source="feed",
    )  # fmt: skip


def _wish(random: Random, strategy: str, instrument: int, signal: int, time: int, price: float) -> Message:
    head: Any = {"strategy": strategy, "account": "main", "instrument": NAMES[instrument], "source": strategy}
    if random.random() < 0.4:
        orders = []
        for _ in range(random.randrange(4)):
            side = random.choice([1, -1])
            near = round(price - side * 0.1 * random.randrange(-1, 6), 1)
            orders.append(WorkingQuote(side, near, random.randrange(1, 30) / 1000))
        return Quotes(signal=signal, orders=tuple(orders), post_only=random.random() < 0.5, time=time, **head)
    position = random.randrange(0 if instrument else -40, 41) / 1000
    limit = round(price + random.choice([-1, 1]) * 0.1 * random.randrange(5), 1) if random.random() < 0.5 else None
    sized = random.random() >= 0.1
    return Target(
        signal=signal, position=position if sized else random.choice([-1.0, -0.5, 0.0, 0.5, 1.0]), sized=sized,
        price=limit, post_only=limit is not None and random.random() < 0.3, time=time, **head,
    )  # fmt: skip


def is_the_same(config: DeskConfig, inputs: list[Message]) -> bool:
    """Asserts that both did the same; False where the compiled desk was in doubt."""
    said = by_actors(config, inputs, inputs[-1].time + 2 * SECOND)
    replay = Replay(terms_of(config), said)
    try:
        replay.run()
    except Doubtful:
        return False
    assert replay.outcome() == outcome_of(said)
    return True


@pytest.mark.parametrize("instrument", [0, 1], ids=["linear", "spot"])
@pytest.mark.parametrize("cash", ["100000", "20", "5"])
@pytest.mark.parametrize("limited", [False, True], ids=["free", "limited"])
def test_the_compiled_desk_does_what_the_actors_do(instrument: int, cash: str, limited: bool) -> None:
    for seed in range(3):
        random = generator(seed, cash, str(instrument), str(limited))
        config = settings(cash, LIMITS if limited else None, FEW if seed == 2 else ())
        assert is_the_same(config, script(random, 60, instrument))


def test_a_wish_that_takes_the_last_cent_is_counted_in_fractions() -> None:
    """An order of 0.1 takes 0.1 × 100.5 × 1.01 × 1.0005 of cash: it fits that exactly, and no less."""
    for cash, sent in (("10.1555752500", 1), ("10.1555752499", 0)):
        rich = Allocation(name="a", strategy="alpha", account="main", amount=Decimal(99))
        config = settings(cash, allocations=[rich])
        door = DeskDoor(terms_of(config))
        door.price(0, SECOND, 100.5)
        door.target(0, 0, 1, SECOND, 0.1)
        door.settle(SECOND)
        assert len(door.take_requests()) == sent
        assert [row[10] for row in door.told() if row[0] == 3] == [1] * (1 - sent)


def test_a_sum_of_all_is_spared_where_there_is_plenty_also_after_a_price_leaves_its_band() -> None:
    rich = [Allocation(name=name, strategy=name, account="main", amount=Decimal(900)) for name in ("alpha", "beta")]
    for price, spared in ((100.0, 2), (103.0, 2), (150.0, 2), (9500.0, 1)):
        door = DeskDoor(terms_of(settings("1000", allocations=rich)))
        door.desk.compares = True
        for strategy, seen in enumerate((100.0, price)):
            door.price(0, SECOND + strategy, seen)
            door.target(strategy, 0, 1, SECOND + strategy, 0.1, limit=seen)
        assert door.desk.spared == spared, price


def test_an_older_signal_is_a_repeat() -> None:
    door = DeskDoor(terms_of(settings()))
    door.price(0, SECOND, 100.0)
    door.target(0, 0, 2, SECOND, 0.1)
    door.target(0, 0, 1, SECOND, 0.5)
    door.settle(SECOND)
    assert len(door.take_requests()) == 1


def test_nothing_is_wanted_of_what_is_not_there() -> None:
    door = DeskDoor(terms_of(settings()))
    with pytest.raises(IndexError, match="no instrument 9"):
        door.price(9, SECOND, 100.0)
    with pytest.raises(IndexError, match="no strategy 7"):
        door.target(7, 0, 1, SECOND, 0.1)
    with pytest.raises(ValueError, match="an answer about order 3 of 0"):
        door.answer(0, 1, 3, SECOND)
    assert DECIMALS[0] == (1, 3)
