"""A wish that an outage held up is refused where it arrives: nothing stays reserved, the strategy decides anew."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.capital.manager import CapitalConfig, CapitalManager
from letrade.actors.feeds.synthetic_trades import SyntheticTrades
from letrade.actors.risk.manager import RiskConfig, RiskManager
from letrade.core.actor import Actor
from letrade.core.clock import SECOND
from letrade.core.config.desk import FeedEntry, NoSettings
from letrade.core.lateness import wish_age_max
from letrade.core.messages.base import Message
from letrade.core.messages.market import Trade
from letrade.core.messages.orders import ApprovedOrder, OrderIntent, OrderRefused, Proposal
from letrade.core.messages.signals import Quotes, Target, WorkingQuote
from letrade.core.stage import Stage
from tests.actors.desk_parts import SPOT, settings
from tests.stage import StageOf, context, of_kind

NOW = 10 * SECOND


def live(speed: Any = "live") -> Any:
    feed = FeedEntry(name="f", path="f", feed_class=SyntheticTrades, config=NoSettings(), speed=speed)
    return msgspec.structs.replace(settings(), feeds=[feed])


def told(actor: Actor, *messages: Message) -> list[Message]:
    """All of them are heard now, whenever they were said."""
    stage = StageOf(actor, sources=[("market", Stage.FEED), ("alpha", Stage.STRATEGY), ("capital", Stage.CAPITAL)])
    stage.node.floor = NOW
    stage.tell(Trade(instrument=SPOT, price=100.0, size=1.0, time=NOW, source="market", sequence=1), until=NOW)
    stage.node.floor = NOW
    return stage.tell(*messages, until=NOW)


def target(age: int) -> Target:
    return Target(
        strategy="alpha", account="main", instrument=SPOT, signal=1, position=1.0, time=NOW - age, source="alpha",
        sequence=1,
    )  # fmt: skip


def quotes(age: int) -> Quotes:
    return Quotes(
        strategy="alpha", account="main", instrument=SPOT, signal=1, orders=(WorkingQuote(1, 90.0, 1.0),),
        time=NOW - age, source="alpha", sequence=1,
    )  # fmt: skip


def proposal(age: int) -> Proposal:
    order = OrderIntent(order_id="alpha.1.1", side=1, size=1.0, price=95.0)
    return Proposal(
        strategy="alpha", account="main", instrument=SPOT, signal=1, orders=(order,), time=NOW - age, source="capital",
        sequence=1,
    )  # fmt: skip


def rules(said: list[Message]) -> list[str]:
    return [refused.rule for refused in of_kind(said, OrderRefused)]


def test_capital_follows_no_old_signal() -> None:
    for signal in (target, quotes):
        for age, expected in ((SECOND, []), (SECOND + 1, ["late"])):
            capital = CapitalManager("capital", CapitalConfig(), context(settings=live()))
            said = told(capital, signal(age))
            assert rules(said) == expected
            assert bool(of_kind(said, Proposal)) is not bool(expected)


def test_risk_approves_no_old_proposal() -> None:
    for age, expected in ((SECOND, []), (SECOND + 1, ["late"])):
        risk = RiskManager("risk", RiskConfig(), context(settings=live()))
        said = told(risk, proposal(age))
        assert rules(said) == expected
        assert bool(of_kind(said, ApprovedOrder)) is not bool(expected)
        assert bool(risk.reservations.orders) is not bool(expected)


def test_nothing_is_late_in_a_stepped_run_and_recorded_time_runs_faster_than_the_clock() -> None:
    assert wish_age_max(settings()) is None
    assert wish_age_max(live("max")) is None
    assert wish_age_max(live("live")) == SECOND
    assert wish_age_max(live(20.0)) == 20 * SECOND
