"""Trades, shorts with borrowed coins and transfers together, under faults and restarts: every unit is accounted for."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from random import Random

import msgspec
import pytest

from letrade.actors.execution.sending import ExecutionConfig
from letrade.core.config.borrow import BorrowConfig
from letrade.core.config.desk import DeskConfig, FaultsConfig
from letrade.core.messages.events import Failure
from letrade.core.messages.orders import UnexplainedDifference
from letrade.core.messages.venue import VenueCash
from letrade.core.quantities import fraction_of_money
from tests.actors.transfer_parts import FAR_BTC, MS, SECOND, TwoVenues, route, settings, wish
from tests.stage import of_kind

PRICE = 100
POSITIONS = (-10.0, -3.5, 0.0, 2.0, 8.25)
FAR = {"account": "there", "instrument": "far.-", "to_account": "here"}


def config(random: Random, seed: int) -> DeskConfig:
    """No fees of trades, so that at one price only interest and routes cost anything."""
    faults = FaultsConfig(
        seed=seed, lose=random.choice([0.0, 0.2]), delay=random.choice([0.0, 0.3]), delay_time=50 * MS,
        repeat=random.choice([0.0, 0.3]), refuse=random.choice([0.0, 0.1]),
    )  # fmt: skip
    routes = [route(fail_rate=0.3), route("there", "here", fail_rate=0.3)]
    made = settings(routes, faults, btc="0", maker_fee=Decimal(0), taker_fee=Decimal(0))
    lent = {"BTC": BorrowConfig(limit=Decimal(20), rate=Decimal("0.0024"))}
    return msgspec.structs.replace(
        made,
        venues=[msgspec.structs.replace(venue, borrow=lent) for venue in made.venues],
        accounts=[msgspec.structs.replace(account, borrow=True) for account in made.accounts],
    )


def one_price(desk: TwoVenues) -> None:
    desk.trade(PRICE)
    desk.trade(PRICE, FAR_BTC.instrument)


def step(desk: TwoVenues, random: Random, number: int) -> TwoVenues:
    """Something that strategies, time or a crash do; the desk from then on."""
    what = random.random()
    if what < 0.35:
        way = FAR if random.random() < 0.5 else {}
        desk.tell(wish(f"t{number}", f"{random.uniform(5, 9000):.2f}", **way), wait=random.randrange(60) * MS)
    elif what < 0.6:
        desk.target(random.choice(POSITIONS))
    elif what < 0.8:
        desk.target(random.choice(POSITIONS), FAR_BTC.instrument, account="there")
    elif what < 0.9:
        desk.tell(wait=900 * SECOND)
        one_price(desk)
    else:
        said = desk.said
        desk = desk.restarted()
        desk.said = said
    return desk


@pytest.mark.parametrize("seed", range(8))
def test_at_one_price_only_interest_and_fees_of_routes_are_gone_and_both_ledgers_agree(seed: int) -> None:
    random = Random(seed)
    desk = TwoVenues(config(random, seed), ExecutionConfig(order_timeout=40 * MS, backoff_max=200 * MS))
    one_price(desk)
    for number in range(30):
        desk = step(desk, random, number)
    desk.tell(wait=30 * SECOND)
    told = {cash.entry_id: cash for cash in of_kind(desk.said, VenueCash) if cash.origin == "interest"}
    interest = sum((fraction_of_money(cash.amount) for cash in told.values()), Fraction(0))
    assert desk.total() + PRICE * desk.total("BTC", fees=False) == 20_000 + PRICE * interest
    assert (desk.balances(), desk.balances("BTC")) == (desk.ours(), desk.ours("BTC"))
    assert not of_kind(desk.said, UnexplainedDifference)
    assert not of_kind(desk.said, Failure)
