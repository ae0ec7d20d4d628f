"""A price board as it was known at a time, whatever was heard before."""

from __future__ import annotations

from letrade.core.analysis.timed_board import TimedBoard
from letrade.core.messages.market import Middle, Trade

NAME = "binance.BTC-USDT"


def trade(time: int, price: float) -> Trade:
    return Trade(time=time, source="feed", epoch=1, sequence=time, instrument=NAME, price=price, size=1.0)


def test_prices_of_later_are_not_known_yet() -> None:
    board = TimedBoard(keep_ns=100)
    for time in (1, 2, 5):
        board.see(trade(time, 10.0 * time))
    assert board.at(0).prices == {}
    assert board.at(4).prices == {NAME: 20.0}
    assert board.latest().prices == {NAME: 50.0}


def test_what_is_told_late_takes_its_place_in_time_and_behind_others_of_it() -> None:
    board = TimedBoard(keep_ns=100)
    board.see(trade(2, 20.0))
    board.see(trade(5, 50.0))
    for time, price in ((2, 21.0), (4, 40.0)):
        board.see(Middle(time=time, source="books", epoch=1, sequence=time, instrument=NAME, price=price))
    assert board.at(2).prices == {NAME: 21.0}
    assert board.at(4).prices == {NAME: 40.0}
    assert board.latest().prices == {NAME: 50.0}


def test_it_keeps_no_more_than_it_was_told_to() -> None:
    board = TimedBoard(keep_ns=10)
    for time in range(1, 1_000):
        board.see(trade(time, float(time)))
    assert board.at(0).prices == {NAME: 988.0}
    assert board.at(990).prices == {NAME: 990.0}
