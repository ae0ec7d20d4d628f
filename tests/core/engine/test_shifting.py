"""Data of another time as of now: what a message speaks of moves with it."""

from __future__ import annotations

from letrade.core.engine.shifting import shift_times
from letrade.core.messages.market import FundingRate, Trade


def test_a_funding_time_stays_as_far_from_its_message_as_it_was() -> None:
    rate = FundingRate(time=5, instrument="a.BTC-USDT_USDT", rate=0.0001, funding_time=15)
    shift_times(rate, 100)
    assert (rate.time, rate.funding_time) == (105, 115)
    trade = Trade(time=5, instrument="a.BTC-USDT_USDT", price=1.0, size=1.0)
    shift_times(trade, 100)
    assert trade.time == 105
