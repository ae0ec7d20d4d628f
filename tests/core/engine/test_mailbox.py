"""What waits for a turn has a limit, and each kind its policy."""

from __future__ import annotations

import pytest

from letrade.core.engine import mailbox as mailboxes
from letrade.core.engine.mailbox import Mailbox
from letrade.core.messages.market import Quote, Trade, TradeGap
from letrade.core.messages.orders import CancelOrder


def trade(number: int) -> Trade:
    return Trade(instrument="x.A-B", price=1.0, size=1.0, source="feed", sequence=number, time=number)


def quote(number: int, instrument: str = "x.A-B") -> Quote:
    return Quote(instrument=instrument, bid=1.0, bid_size=1.0, ask=2.0, ask_size=1.0, sequence=number)


def test_everything_comes_out_in_order_while_little_waits() -> None:
    box = Mailbox()
    sent = [trade(1), quote(2), quote(3), trade(4)]
    for message in sent:
        box.add(message, None)
    assert [message for message, _ in box.take(100)] == sent
    assert box.take(100) == []


def test_of_quotes_the_newest_is_kept_when_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "CONFLATE_BEYOND", 1)
    box = Mailbox()
    for message in (trade(1), trade(2), quote(3), quote(4, "x.C-D"), quote(5), quote(6)):
        box.add(message, None)
    assert [message.sequence for message, _ in box.take(100)] == [1, 2, 4, 6]
    assert box.conflated == {"Quote": 2}


def test_dropped_trades_are_told_and_decisions_are_never_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "MARKET_DATA_MAX", 2)
    box = Mailbox()
    cancel = CancelOrder(strategy="s", account="a", instrument="x.A-B", order_id="s.1.1")
    for message in (trade(1), trade(2), trade(3), cancel, trade(4)):
        box.add(message, None)
    taken = [message for message, _ in box.take(100)]
    assert taken[:3] == [trade(1), trade(2), cancel]
    assert isinstance(taken[3], TradeGap)
    assert (taken[3].instrument, taken[3].dropped) == ("x.A-B", 2)
    assert box.dropped == {"Trade": 2}


def test_what_is_left_for_the_next_turn_keeps_its_order_and_its_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailboxes, "CONFLATE_BEYOND", 1)
    box = Mailbox()
    for message in (quote(1), trade(2)):
        box.add(message, None)
    assert [message.sequence for message, _ in box.take(1)] == [1]
    for message in (quote(3), trade(4), quote(5)):
        box.add(message, None)
    assert [message.sequence for message, _ in box.take(100)] == [2, 4, 5]
    box.add(quote(6), None)
    assert [message.sequence for message, _ in box.take(100)] == [6]
