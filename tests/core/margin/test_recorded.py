"""Positions whose liquidation price a venue returned, or published as an example, against the venue's rules."""

from __future__ import annotations

import pytest

from letrade.core.margin.registry import FIRST_CHANGE, rules_for
from letrade.core.margin.tiers import one_tier
from tests.core.margin.accounts import LONG, exact, first, instrument, position, price
from tests.core.margin.recorded import Case, assessed, error, recorded

NEAR = "ft-live-near-buffer0"
"""Labelled Binance, whose leverage is a whole number and whose maintenance has no fee: 9.97 and 0.38916 are not."""
INCOMPLETE = {NEAR: 1.2}
"""How many times its tolerance a case may be off, as its inputs are not whole; all others are within theirs."""
BUFFER = 0.05
"""freqtrade moves its price this share of the way to the entry when the case names a buffer."""


def ids(case: Case) -> str:
    return str(case["id"])


@pytest.mark.parametrize("case", recorded("exchange-returned", "exchange-faq-example"), ids=ids)
def test_the_price_the_venue_says_comes_out_of_its_rules(case: Case) -> None:
    assert error(case, assessed(case).liquidation_price) <= INCOMPLETE.get(case["id"], 1)


def test_the_position_labelled_binance_is_one_of_kucoin_to_a_tick_of_its_price() -> None:
    """Its maintenance of 0.38916147 is 2.5 %, (1 + 1/9.97) × 0.06 % and 0.01 % of funding, of 15.1072."""
    share = exact("0.025") + (1 + 1 / exact("9.97")) * exact("0.0006") + exact("0.0001")
    assert float(exact("15.1072") * share) == pytest.approx(0.38916147, abs=5e-6)
    rules = rules_for("kucoin", contract="linear", margin_mode="isolated", date=FIRST_CHANGE)
    held = position(LONG, "0.8", "18.884", "NEAR", leverage="9.97", margin="1.52549075", maintenance="0.38916147")
    found = first(rules, [instrument(one_tier("NEAR", exact("0.025")), "18.89", "NEAR")], [held])
    assert price(found) == pytest.approx(17.4636, abs=1e-4)
    assert abs(price(found) - 17.47) < 0.01


def test_every_venue_that_returned_a_position_is_among_them() -> None:
    wanted = {"binance", "bybit", "gate", "htx", "hyperliquid", "kucoinfutures", "okx", "phemex"}
    returned = {case["exchange"] for case in recorded("exchange-returned")}
    assert returned in (wanted, set())


@pytest.mark.parametrize("case", [case for case in recorded("bot-unit-test") if case["contract"] != "spot"], ids=ids)
def test_what_bots_expect_is_what_the_rules_say_or_the_difference_is_known(case: Case) -> None:
    found = assessed(case).liquidation_price
    assert found is not None
    if case.get("liquidation_buffer"):
        found += exact(case["liquidation_buffer"]) * (exact(case["entry_price"]) - found)
    if case["exchange"] == "bybit":
        # The venue's maintenance has a deduction, which the bot leaves out.
        side = 1 if case["side"] == "long" else -1
        found += side * exact(case["maint_amount"]) / exact(case["amount"])
    assert error(case, found) <= 1


def test_spot_has_no_liquidation_price_as_it_is_no_contract() -> None:
    spot = [case for case in recorded("bot-unit-test") if case["contract"] == "spot"]
    assert all(case["expected_liquidation_price"] is None for case in spot)
