"""Rates between currencies that a desk file states: for want of a market, never against one."""

from __future__ import annotations

from letrade.core.fraction import Fraction
from letrade.core.instruments import Catalogue
from letrade.core.messages.market import Instrument, Trade
from letrade.core.valuation import PriceBoard

USDC = Instrument(
    instrument="paper.USDC-USDT", kind="spot", base="USDC", quote="USDT", settle="USDT", tick="0.0001", lot="0.01"
)


def test_a_currency_without_a_market_is_worth_what_the_desk_states_both_ways_round() -> None:
    catalogue = Catalogue()
    assert PriceBoard().rate("USDC", "USDT", catalogue) is None
    catalogue.state_rate("USDC", "USDT", Fraction(4, 5))
    assert PriceBoard().rate("USDC", "USDT", catalogue) == Fraction(4, 5)
    assert PriceBoard().rate("USDT", "USDC", catalogue) == Fraction(5, 4)
    assert PriceBoard().rate("USDT", "EUR", catalogue) is None


def test_a_market_that_has_a_price_goes_before_what_the_desk_states() -> None:
    catalogue, board = Catalogue((USDC,)), PriceBoard()
    catalogue.state_rate("USDC", "USDT", Fraction(1))
    assert board.rate("USDC", "USDT", catalogue) == 1
    board.see(Trade(instrument="paper.USDC-USDT", price=0.875, size=1.0))
    assert board.rate("USDC", "USDT", catalogue) == Fraction(7, 8)
