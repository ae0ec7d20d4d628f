"""Each rule refuses one thing, and nothing that reduces is ever asked."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.risk.losses import LossWatch
from letrade.actors.risk.rules import Request, malformed, refusal_of
from letrade.core.config.desk import RiskLimits
from letrade.core.exposure import Exposure, exposure_of, opening_part
from letrade.core.halts import Halts
from letrade.core.instruments import Specification
from letrade.core.quantities import ONE, exact
from tests.stage import BTC, PERP

PERPETUAL = Specification(PERP)
DAY = 86_400 * 10**9


def request(limits: RiskLimits | None = None, **changes: Any) -> Request:
    """Buy 2 at 100 on a market of 100 with nothing held."""
    usual: dict[str, Any] = {
        "specification": PERPETUAL, "limits": limits or RiskLimits(), "side": 1, "size": 2 * ONE, "opening": 2 * ONE,
        "price": 100.0, "reference": 100.0, "age_ns": 0, "rate": Fraction(1), "exposure": Exposure(0, 2 * ONE, 0),
        "gross": Fraction(200), "halted": "", "orders_within_second": 0, "equity_known": True, "crosses": "",
    }  # fmt: skip
    return Request(**{**usual, **changes})


def rule_of(asked: Request) -> str:
    refusal = refusal_of(asked)
    return refusal.rule if refusal else ""


@pytest.mark.parametrize(
    ("limits", "changes", "rule"),
    [
        (RiskLimits(), {}, ""),
        (RiskLimits(), {"halted": "operator"}, "halt"),
        (RiskLimits(), {"specification": Specification(BTC), "side": -1}, "spot_short"),
        (RiskLimits(), {"reference": None, "age_ns": None}, "stale"),
        (RiskLimits(stale_after=5), {"age_ns": 5}, ""),
        (RiskLimits(stale_after=5), {"age_ns": 6}, "stale"),
        (RiskLimits(), {"rate": None}, "rate_missing"),
        (RiskLimits(max_daily_loss=Decimal(1)), {"equity_known": False}, "equity_unknown"),
        (RiskLimits(price_band=Decimal("0.05")), {"price": 105.0}, ""),
        (RiskLimits(price_band=Decimal("0.05")), {"price": 105.1}, "price_band"),
        (RiskLimits(price_band=Decimal("0.05")), {"price": 94.9}, "price_band"),
        (RiskLimits(price_band=Decimal("0.05")), {"price": None}, ""),
        (RiskLimits(max_orders_per_second=3), {"orders_within_second": 2}, ""),
        (RiskLimits(max_orders_per_second=3), {"orders_within_second": 3}, "order_rate"),
        (RiskLimits(max_order_size=Decimal(2)), {}, ""),
        (RiskLimits(max_order_size=Decimal("1.9")), {}, "order_size"),
        (RiskLimits(max_order_notional=Decimal(200)), {}, ""),
        (RiskLimits(max_order_notional=Decimal(199)), {}, "order_notional"),
        (RiskLimits(max_order_notional=Decimal(200)), {"reference": 100.1}, "order_notional"),
        (RiskLimits(max_position_notional=Decimal(200)), {}, ""),
        (
            RiskLimits(max_position_notional=Decimal(299)),
            {"exposure": Exposure(ONE, 2 * ONE, ONE)},
            "position_notional",
        ),
        (RiskLimits(max_gross_exposure=Decimal(199)), {}, "gross_exposure"),
        (RiskLimits(), {"crosses": "beta.1.1"}, "own_order"),
    ],
)
def test_a_request_meets_a_rule(limits: RiskLimits, changes: dict[str, Any], rule: str) -> None:
    assert rule_of(request(limits, **changes)) == rule


def test_only_the_part_that_opens_is_measured() -> None:
    limits = RiskLimits(max_order_size=Decimal(1))
    assert rule_of(request(limits, size=5 * ONE, opening=ONE)) == ""


@pytest.mark.parametrize(
    ("side", "size", "price", "rule"),
    [
        (1, 0.001, 0.1, ""),
        (2, 1.0, 1.0, "side"),
        (1, 0.0005, 1.0, "lot"),
        (1, 0.0, 1.0, "lot"),
        (-1, 1.0, 1.05, "tick"),
    ],
)
def test_what_no_venue_takes_is_refused(side: int, size: float, price: float, rule: str) -> None:
    found = malformed(PERPETUAL, side, size, price)
    assert (found.rule if found else "") == rule


ORDER = st.tuples(st.sampled_from([1, -1]), st.integers(1, 10))


@given(st.integers(-10, 10), st.lists(ORDER, max_size=5), ORDER, st.data())
def test_what_is_called_reducing_reduces_whatever_fills_before_it(
    net: int, working: list[tuple[int, int]], order: tuple[int, int], data: st.DataObject
) -> None:
    side, size = order
    part = opening_part(exposure_of(net, working), side, size)
    assert 0 <= part <= size
    if part == 0:
        same = [each for each in working if each[0] == side]
        filled = data.draw(st.lists(st.sampled_from(same), unique_by=id, max_size=len(same))) if same else []
        before = net + sum(each[0] * each[1] for each in filled)
        after = before + side * size
        assert abs(after) < abs(before)
        assert before * after >= 0


def test_a_halt_is_not_replaced_by_a_pause_and_resume_lifts_one_or_all() -> None:
    halts = Halts()
    assert halts.halt("a", "loss", pause=False)
    assert not halts.halt("a", "operator", pause=True)
    assert halts.halt("b", "operator", pause=True)
    halts.resume("*", pauses_only=True)
    assert (halts.reason("a"), halts.reason("b")) == ("loss", "")
    halts.halt("*", "all", pause=False)
    halts.resume("a")
    assert halts.reason("a") == "all"
    halts.resume("*")
    assert halts.reason("a") == ""


def test_losses_are_counted_from_the_start_of_the_day_and_from_the_peak() -> None:
    watch, limits = LossWatch(), RiskLimits(max_daily_loss=Decimal(100), max_drawdown=Decimal("0.15"))
    assert watch.tripped("a", Fraction(1_000), 0, limits) == ""
    assert watch.tripped("a", Fraction(900), 1, limits) == ""
    assert watch.tripped("a", Fraction(899), 2, limits) == "daily loss 101.00 is above 100"
    assert watch.tripped("a", Fraction(899), DAY, limits) == ""
    assert watch.tripped("a", Fraction(849), DAY + 1, limits) == "drawdown 0.1510 is above 0.15"
    watch.forget("a")
    assert watch.tripped("a", Fraction(849), DAY + 2, limits) == ""
    restored = LossWatch()
    restored.restore(watch.state())
    assert restored.state() == watch.state()


def test_a_float_is_the_decimal_that_it_shows() -> None:
    assert exact(0.1) + exact(0.2) == exact(0.3)
