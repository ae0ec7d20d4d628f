"""Whatever a venue refuses, loses, cuts or repeats, and over restarts: no leg is alone beyond the bound."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from letrade.actors.execution.sending import ExecutionConfig
from letrade.core.config.desk import FaultsConfig
from letrade.core.messages.events import Alert
from letrade.core.messages.orders import Fill
from tests.actors.basket_parts import LINEAR, LOSE, MS, REFUSE, SECOND, SPOT, BasketDesk
from tests.actors.desk_parts import settings
from tests.stage import of_kind

BOUND = 4 * SECOND
STEP = 100 * MS


def wilful(seed: int) -> BasketDesk:
    """A desk that asks for pairs of all sizes at such a venue, its legs looked at ten times a second."""
    chance = random.Random(seed)
    faults = FaultsConfig(seed=seed, lose=0.1, delay=0.1, delay_time=300 * MS, repeat=0.1, refuse=0.1)
    config = settings(balances={"USDT": Decimal(100_000_000)}, faults=faults if seed % 2 else None)
    desk = BasketDesk(config, execution=ExecutionConfig(order_timeout=100 * MS, backoff_max=400 * MS))
    alone = 0
    for _ in range(600):
        if chance.random() < 0.3:
            desk.script(chance.choice((SPOT, LINEAR)), *[chance.choice((REFUSE, LOSE))] * chance.randint(1, 2))
        if chance.random() < 0.05 and desk.held(instrument=LINEAR) <= -0.1:
            desk.cut(LINEAR, 0.1, chance.choice(("adl", "liquidation")))
        if chance.random() < 0.4:
            size = chance.choice((0.0, 0.5, 1.0, 1.5, 2.0))
            desk.basket((SPOT, size), (LINEAR, -size), bound=BOUND, wait=0)
        if chance.random() < 0.05:
            desk = desk.restarted()
        for _ in range(chance.randint(1, 10)):
            desk.tell(wait=STEP)
            spot, perp = desk.pair()
            alone = alone + STEP if abs(spot + perp) > 1e-9 else 0
            assert alone <= BOUND, (desk.time, spot, perp)
            assert spot >= 0 >= perp
    desk.tell(wait=10 * SECOND)
    return desk


@pytest.mark.parametrize("seed", range(6))
def test_no_leg_is_alone_beyond_the_bound_and_the_venue_holds_what_we_think(seed: int) -> None:
    desk = wilful(seed)
    spot, perp = desk.pair()
    assert spot == -perp
    ours, theirs = desk.actor("ledger").books["main"].wallets, desk.actor("paper").exchange.accounts["main"].wallet
    assert {name: theirs.total(name).value for name in ("BTC", "USDT")} == {
        name: ours[name] for name in ("BTC", "USDT")
    }
    fills = [(fill.instrument, fill.trade_id) for fill in of_kind(desk.said, Fill)]
    assert len(fills) == len(set(fills)) > 100
    assert "naked_leg" not in {alert.code for alert in of_kind(desk.said, Alert)}
