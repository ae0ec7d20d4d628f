"""Whatever is wished over a basket, refused, flattened, halted and restarted: no leg is alone beyond the bound, and the
newest wish of each share is what is held in the end."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from letrade.actors.execution.sending import ExecutionConfig
from letrade.core.config.desk import FaultsConfig, RiskLimit
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.messages.base import Message
from letrade.core.messages.events import Flatten, Halt, Resume
from letrade.core.messages.margin import Reduce
from letrade.core.messages.orders import BasketProposal, Fill, OrderIntent, Proposal
from tests.actors.basket_parts import LOSE, REFUSE, SECOND, BasketDesk
from tests.actors.desk_parts import LINEAR, MS, SPOT, settings
from tests.actors.margin_parts import stamped
from tests.stage import of_kind

BOUND = 4 * SECOND
STEP = 100 * MS
SHARES = [(account, instrument) for account in ("main", "other") for instrument in (SPOT, LINEAR)]
HASTY = ExecutionConfig(order_timeout=100 * MS, backoff_max=400 * MS)


def restarted(desk: BasketDesk) -> BasketDesk:
    fresh = desk.restarted()
    for owner in ("capital", "risk"):
        assert fresh.actor(owner).state() == desk.actor(owner).state()
    return fresh


def spoil(desk: BasketDesk, chance: random.Random) -> None:
    """The next orders of an instrument are refused or lost."""
    if chance.random() < 0.25:
        desk.script(chance.choice((SPOT, LINEAR)), *[chance.choice((REFUSE, LOSE))] * chance.randint(1, 2))


def reduce(desk: BasketDesk, chance: random.Random, number: int) -> Message:
    return stamped(
        Reduce(
            strategy=chance.choice(("-", "alpha")), account="main", instrument=chance.choice((SPOT, LINEAR)),
            reduction_id=f"m-{number}", size=0.25, reason="test",
        ),
        "monitor",
    )  # fmt: skip


def disturb(desk: BasketDesk, chance: random.Random, number: int) -> None:
    """A wish that is refused, a halt and its end, a flattening, a reduction."""
    kind = chance.randint(0, 11)
    wait = chance.choice((0, MS))
    if kind == 0:
        desk.target(-1.0, instrument=LINEAR, price=60_000.05, wait=wait)
    elif kind == 1:
        desk.quotes((1, 60_000.05, 0.1), instrument=LINEAR, wait=wait)
    elif kind == 2:
        desk.target(-30.0, instrument=LINEAR, wait=wait)
    elif kind == 3:
        desk.target(-30.0, wait=wait)
    elif kind == 4:
        desk.tell(stamped(Flatten(account=chance.choice(("main", "other")), reason="test")), wait=wait)
    elif kind == 5:
        desk.tell(stamped(Halt(account="main", reason="test")), wait=wait)
    elif kind == 6:
        desk.tell(reduce(desk, chance, number), wait=wait)
    elif kind == 7 and desk.held(instrument=LINEAR) <= -0.1:
        desk.cut(LINEAR, 0.1, chance.choice(("adl", "liquidation")))
    elif kind > 7:
        desk.tell(stamped(Resume(account="*")), wait=wait)


@pytest.mark.parametrize("seed", range(4))
def test_no_leg_is_alone_beyond_the_bound_whatever_else_is_wished_and_refused(seed: int) -> None:
    chance = random.Random(seed)
    faults = FaultsConfig(seed=seed, lose=0.1, delay=0.1, delay_time=300 * MS, repeat=0.1, refuse=0.1)
    limit = RiskLimit(name="small", instrument=LINEAR, max_order_size=Decimal(2))
    desk = BasketDesk(
        settings(
            balances={"USDT": Decimal(100_000_000)}, faults=faults if seed % 2 else None,
            risk=RiskTable(stale_after=None, limits=[limit]),
        ),
        execution=HASTY,
    )  # fmt: skip
    alone = 0
    for number in range(150):
        spoil(desk, chance)
        disturb(desk, chance, number)
        if chance.random() < 0.4:
            size = chance.choice((0.0, 0.5, 1.0, 1.5, 2.0, 4.0))
            desk.basket((SPOT, size), (LINEAR, -size), bound=BOUND, wait=chance.choice((0, MS, 5 * MS)))
        desk = restarted(desk) if chance.random() < 0.05 else desk
        for _ in range(chance.randint(1, 8)):
            desk.tell(wait=STEP)
            spot, perp = desk.pair()
            alone = alone + STEP if abs(spot + perp) > 1e-9 else 0
            assert alone <= BOUND, (desk.time, spot, perp)
            assert spot >= 0 >= perp
    fills = [(fill.instrument, fill.trade_id) for fill in of_kind(desk.said, Fill)]
    assert len(fills) == len(set(fills)) > 20


def wish(desk: BasketDesk, chance: random.Random) -> dict[tuple[str, str], float]:
    """What is wished of which shares: a basket of some, or one alone."""
    wait = chance.choice((0, 1, MS, 2 * MS, 3 * MS, 10 * MS, 200 * MS, 3 * SECOND))
    found: dict[tuple[str, str], float] = {}
    for share in chance.sample(SHARES, chance.randint(1, 4)):
        found[share] = chance.choice((0.0, 0.5, 1.0, 2.0)) * (1 if share[1] == SPOT else -1)
    if chance.random() < 0.5:
        legs = [(instrument, size) for (_, instrument), size in found.items()]
        desk.basket(*legs, accounts=tuple(account for account, _ in found), bound=2 * SECOND, wait=wait)
        return found
    share, size = next(iter(found.items()))
    desk.target(size, account=share[0], instrument=share[1], wait=wait)
    return {share: size}


@pytest.mark.parametrize("seed", range(6))
def test_the_newest_wish_of_each_share_is_held_in_the_end_and_no_order_is_doubled(seed: int) -> None:
    chance = random.Random(seed)
    faults = FaultsConfig(seed=seed, delay=0.2, delay_time=300 * MS, repeat=0.1)
    config = settings(balances={"USDT": Decimal(100_000_000)}, faults=faults if seed % 2 else None)
    desk = BasketDesk(config, execution=HASTY)
    for number in range(40):
        spoil(desk, chance)
        wish(desk, chance)
        if chance.random() < 0.1:
            desk.quotes((1, 50_000.0, 0.1), instrument=chance.choice((SPOT, LINEAR)))
        if chance.random() < 0.05:
            desk.tell(reduce(desk, chance, number), wait=0)
        desk = restarted(desk) if chance.random() < 0.1 else desk
    desk.actor("paper").script.clear()
    wanted: dict[Any, float] = {}
    while len(wanted) < len(SHARES):
        wanted |= wish(desk, chance)
    desk.tell(wait=30 * SECOND)
    assert {share: desk.held(account=share[0], instrument=share[1]) for share in SHARES} == wanted
    assert not desk.actor("capital").later
    orders: list[OrderIntent] = [order for each in of_kind(desk.said, Proposal) for order in each.orders]
    orders += [order for each in of_kind(desk.said, BasketProposal) for leg in each.legs for order in leg.orders]
    assert len(orders) == len({order.order_id for order in orders}) > 20
