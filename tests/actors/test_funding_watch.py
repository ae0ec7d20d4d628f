"""What funding will cost is told before it is paid, from what is known then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from letrade.actors.monitor.funding import FundingWatch, FundingWatchConfig
from letrade.core import node_state
from letrade.core.config.desk import DeskConfig
from letrade.core.messages.accounts import Account, FundingDue, Position
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert
from letrade.core.messages.market import FundingRate, MarkPrice
from letrade.core.money import Money
from letrade.core.stage import Stage
from tests.actors.venue_margin_parts import perpetual
from tests.stage import PERP, StageOf, context, of_kind

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
LINEAR = PERP.instrument
INVERSE = "paper.BTC-USD_BTC"
SOURCES = (("feed", Stage.FEED), ("ledger", Stage.LEDGER))


class Watched:
    """One watch, told of positions, prices and rates."""

    def __init__(self, **config: Any) -> None:
        coin = perpetual("binance", INVERSE, kind="inverse", quote="USD", settle="BTC", multiplier="100")
        shared = context(PERP, coin, settings=DeskConfig())
        self.make = lambda: FundingWatch("funding", FundingWatchConfig(**config), shared)
        self.stage = StageOf(self.make(), step_ns=10**9, sources=SOURCES)
        self.time = 0

    def tell(self, *messages: Message, until: float | None = None) -> list[Message]:
        """At the present time; what was said until so many hours."""
        stamped = [
            msgspec.structs.replace(each, time=self.time, epoch=1, source=_source(each)) for each in messages
        ]  # fmt: skip
        end = self.time + MINUTE if until is None else round(until * HOUR)
        said = self.stage.tell(*stamped, until=end)
        self.time = end
        return said

    def restarted(self) -> None:
        taken = msgspec.msgpack.decode(msgspec.msgpack.encode(node_state.take(self.stage.node)))
        sequence = self.stage.sequence
        self.stage = StageOf(self.make(), step_ns=10**9, sources=SOURCES)
        node_state.give_back(self.stage.node, taken)
        self.stage.sequence = sequence


def _source(message: Message) -> str:
    return "ledger" if isinstance(message, Position | Account) else "feed"


def held(quantity: float, instrument: str = LINEAR) -> Position:
    return Position(
        strategy="-", account="main", instrument=instrument, quantity=quantity, average_price=100.0,
        realised=Money("USDT", 8, 0),
    )  # fmt: skip


def mark(price: float, instrument: str = LINEAR) -> MarkPrice:
    return MarkPrice(instrument=instrument, price=price)


def rate(value: float, hour: float, instrument: str = LINEAR) -> FundingRate:
    return FundingRate(instrument=instrument, rate=value, funding_time=round(hour * HOUR))


def dues(messages: list[Message]) -> list[tuple[float, float, str, bool]]:
    """(hour of the telling, hour of the payment, amount, told) of each forecast."""
    return [
        (round(each.time / HOUR, 3), each.funding_time / HOUR, f"{each.amount.decimal.normalize():f}", each.told)
        for each in of_kind(messages, FundingDue)
    ]


def test_a_rate_that_is_told_in_advance_is_reckoned_with_before_it_is_paid() -> None:
    watched = Watched()
    said = watched.tell(held(2.0), mark(100.0), rate(0.001, 8), until=7.8)
    assert dues(said) == [(7.75, 8.0, "-0.2", True)]
    (alert,) = of_kind(said, Alert)
    assert (alert.level, alert.code, alert.account, alert.instrument) == ("warning", "funding_due", "main", LINEAR)
    assert "0.2 USDT, 0.1000% of the position in 15 minutes: rate 0.100000% (told)" in alert.text


def test_who_gets_funding_hears_of_it_without_an_alert() -> None:
    said = Watched().tell(held(-2.0), mark(100.0), rate(0.001, 8), until=8)
    assert dues(said) == [(7.75, 8.0, "0.2", True)]
    assert not of_kind(said, Alert)
    said = Watched().tell(held(-2.0), mark(100.0), rate(-0.001, 8), until=8)
    assert len(of_kind(said, Alert)) == 1


def test_where_rates_are_told_at_the_instant_alone_the_last_one_is_the_estimate() -> None:
    """Nobody knows the coming rate: what was paid last, an interval ago, is what can be known before."""
    watched = Watched()
    said = watched.tell(held(1.0), mark(100.0), until=8)
    said += watched.tell(rate(0.001, 8), until=16)
    assert dues(said) == [(15.75, 16.0, "-0.1", False)]
    said = watched.tell(rate(0.002, 16), until=24)
    assert dues(said) == [(23.75, 24.0, "-0.2", False)]


def test_intervals_follow_what_is_told() -> None:
    watched = Watched()
    watched.tell(held(1.0), mark(100.0), until=8)
    said: list[Message] = []
    for hour, end in ((8, 16), (16, 20), (20, 21), (21, 23)):
        said += watched.tell(rate(0.001, hour), until=end)
    assert [due for _, due, _, _ in dues(said)] == [16, 22]


def rates(messages: list[Message]) -> list[tuple[str, float, float]]:
    """(instrument, hour of the payment, rate) of each forecast."""
    return [(each.instrument, each.funding_time / HOUR, each.rate) for each in of_kind(messages, FundingDue)]


def test_each_payment_that_is_told_in_advance_is_forecast_at_its_own_rate_whatever_the_order_of_the_telling() -> None:
    """A next one that is told before the present one is paid does not take its place; an interval that changes from 8
    to 4 hours brings one in between; an older word does not undo the last payment."""
    watched = Watched()
    said = watched.tell(held(1.0), mark(100.0), rate(0.01, 8), rate(0.02, 16), until=7)
    watched.restarted()
    said += watched.tell(rate(0.03, 12), until=13)
    said += watched.tell(rate(0.09, 4), until=17)
    assert rates(said) == [(LINEAR, 8, 0.01), (LINEAR, 12, 0.03), (LINEAR, 16, 0.02)]
    assert rates(watched.tell(until=21)) == [(LINEAR, 20, 0.02)]  # four hours later, at the rate of the last


def test_who_opens_or_turns_a_position_after_the_forecast_hears_it_then() -> None:
    watched = Watched()
    said = watched.tell(mark(100.0), rate(0.001, 8), until=7.8)
    for quantity in (1.0, 2.0, -1.0):
        said += watched.tell(held(quantity))
    assert [amount for _, _, amount, _ in dues(said)] == ["-0.1", "0.1"]


def test_instruments_have_intervals_and_rates_of_their_own() -> None:
    watched = Watched()
    said = watched.tell(held(1.0), held(600.0, INVERSE), mark(100.0), mark(60_000.0, INVERSE), until=8)
    said += watched.tell(rate(0.01, 8), rate(0.001, 8, INVERSE), until=9)
    said += watched.tell(rate(0.002, 9, INVERSE), until=15.9)
    assert rates(said) == [(INVERSE, 10, 0.002), (LINEAR, 16, 0.01)]


def test_a_small_cost_is_no_alert_and_what_counts_as_small_is_the_desk_files() -> None:
    told = (held(2.0), mark(100.0), rate(0.001, 8))
    assert not of_kind(Watched(share=Decimal("0.001")).tell(*told, until=8), Alert)
    assert [each.level for each in of_kind(Watched(level="error").tell(*told, until=8), Alert)] == ["error"]
    equity = Account(
        strategy="-", account="main", instrument="paper.-", equity=Money("USDT", 0, 100), unrealised=Money("USDT", 0, 0)
    )
    by_equity = {"of": "equity", "share": Decimal("0.0019")}
    assert len(of_kind(Watched(**by_equity).tell(*told, equity, until=8), Alert)) == 1
    assert not of_kind(Watched(of="equity", share=Decimal("0.002")).tell(*told, equity, until=8), Alert)


def test_inverse_contracts_pay_in_coin() -> None:
    """600 contracts of 100 USD at 60,000 are one coin."""
    said = Watched().tell(held(600.0, INVERSE), mark(60_000.0, INVERSE), rate(0.001, 8, INVERSE), until=8)
    (due,) = of_kind(said, FundingDue)
    assert str(due.amount) == "-0.00100000 BTC"


def test_a_newer_rate_after_the_telling_does_not_tell_again_and_flat_accounts_hear_nothing() -> None:
    watched = Watched()
    said = watched.tell(held(1.0), mark(100.0), rate(0.001, 8), until=7.8)
    said += watched.tell(rate(0.002, 8), until=9)
    assert len(dues(said)) == 1
    watched.tell(held(0.0))
    assert dues(watched.tell(rate(0.002, 16), until=17)) == []


def test_without_a_price_it_says_so() -> None:
    said = Watched().tell(held(1.0), rate(0.001, 8), until=8)
    assert [alert.code for alert in of_kind(said, Alert)] == ["funding_unknown"]


def test_it_goes_on_after_a_restart() -> None:
    watched = Watched()
    watched.tell(held(2.0), mark(100.0), rate(0.001, 8), until=7)
    watched.restarted()
    assert dues(watched.tell(until=8)) == [(7.75, 8.0, "-0.2", True)]
