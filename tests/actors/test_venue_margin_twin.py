"""The venue's margin and core/margin's calculator are written apart, and say the same of many seeded accounts."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction as Plain
from typing import Any

import msgspec
import pytest

from letrade.actors.venue.collateral import Backing, coin_of
from letrade.actors.venue.margin_orders import exposures, free_margin
from letrade.actors.venue.margin_rules import RULES, VenueRules
from letrade.actors.venue.margin_sums import (
    NEVER,
    Holding,
    Row,
    Unit,
    bankruptcy_price,
    initial_rate,
    is_liquidated,
    liquidation_price,
    maintenance,
    rows_of,
)
from letrade.core.config.venue_margin import CollateralConfig, HaircutConfig
from letrade.core.fraction import Fraction, read_fraction
from letrade.core.margin.account import (
    CollateralState,
    CollateralTier,
    InstrumentState,
    MarginAccount,
    OrderState,
    PositionState,
)
from letrade.core.margin.calculator import MarginCalculator
from letrade.core.margin.registry import rules_for
from letrade.core.margin.tiers import Tier, TierTable
from letrade.core.quantities import exact
from tests.actors.venue_margin_parts import LINEAR, OTHER, MarginDesk
from tests.actors.venue_parts import submit
from tests.core.margin.recorded import Case, recorded

TICK = Fraction(1, 100)
SEEDS = range(150)
MODES = [
    (venue, mode, kind)
    for venue in RULES
    for mode in ("isolated", "cross")
    for kind in ("linear", "inverse")
    if kind == "linear" or RULES[venue].has_inverse
]
MODES += [(venue, "legs", kind) for venue in ("binance", "okx") for kind in ("linear", "inverse")]
VENUES = list(dict.fromkeys((venue, kind) for venue, _, kind in MODES))


def number(rng: random.Random, low: float, high: float, digits: int = 3) -> Fraction:
    return Fraction(Plain(f"{rng.uniform(low, high):.{digits}f}"))


def table(rng: random.Random, rules: VenueRules, worth: Fraction) -> TierTable:
    """Four tiers that sizes of some contracts of this worth reach."""
    unit = Fraction(1) if rules.tiers_by == "contracts" else worth
    floors = [Fraction(0), *(number(rng, 1, 3) * unit * 3**step for step in range(3))]
    caps = [*floors[1:], None]
    rates = sorted(number(rng, 0.003, 0.05) for _ in floors)
    return TierTable("tiers", tuple(Tier(*each) for each in zip(floors, caps, rates, strict=True)))


def account(rng: random.Random, rules: VenueRules, mode: str, kind: str = "linear") -> Unit:
    inverse = kind == "inverse"
    holdings = []
    names = ("one",) if mode == "isolated" else ("one", "two", "three")[: rng.randint(1, 3)]
    for name in ("one", *names) if mode == "legs" else names:
        price, side = number(rng, 100, 60_000, 1), rng.choice((1, -1))
        first = holdings[0] if holdings and name == "one" else None
        if first is not None:
            price, side = first.mark, -first.side
        contracts, entry = number(rng, 0.01, 40), price * number(rng, 0.97, 1.03)
        multiplier = Fraction(1) if rng.random() < 0.7 else Fraction(100) if inverse else Fraction(1, 100)
        multiplier = multiplier if first is None else first.multiplier
        face = contracts * multiplier
        rows = rows_of(table(rng, rules, multiplier / price if inverse else multiplier * price), rules.cumulative)
        holdings.append(
            Holding(
                instrument=name, side=side, contracts=contracts, multiplier=multiplier,
                cost=face / entry if inverse else face * entry, mark=price, leverage=Fraction(rng.randint(1, 20)),
                fee=number(rng, 0, 0.001, 5) if first is None else first.fee, inverse=inverse,
                rows=rows if first is None else first.rows,
                leg="" if mode != "legs" else "long" if side > 0 else "short",
            )
        )  # fmt: skip
    value = sum((each.value for each in holdings), Fraction(0))
    only = holdings[0].instrument if mode == "isolated" else ""
    return Unit("a", "BTC" if inverse else "USDT", only, value * number(rng, 0.05, 0.6), tuple(holdings))


def backed(rng: random.Random, unit: Unit) -> tuple[Unit, tuple[CollateralState, ...]]:
    """The same with coins beside a wallet that may be a debt; the first is what a contract is of, and goes with it."""
    value = sum((each.value for each in unit.holdings), Fraction(0))
    coins, told = [], []
    for currency in ("one", "other")[: rng.randint(1, 2)]:
        price, worth = number(rng, 1, 4_000, 2), value * number(rng, 0.02, 0.5)
        caps = sorted(worth * number(rng, 0.2, 1.8) for _ in range(rng.randint(0, 2)))
        cap = worth * number(rng, 0.3, 1.5) if rng.random() < 0.4 else None
        ratios = sorted((number(rng, 0.3, 1) for _ in range(len(caps) + 1)), reverse=True)
        ends = [*caps, None] if rng.random() < 0.8 or not caps else caps
        rows = [
            HaircutConfig(cap=None if end is None else Decimal(f"{float(end):.6f}"), haircut=1 - Decimal(str(ratio)))
            for end, ratio in zip(ends, map(float, ratios), strict=False)
        ]
        config = CollateralConfig(index="x", tiers=rows, cap=None if cap is None else Decimal(f"{float(cap):.6f}"))
        held = Backing(coin_of(currency, config), worth / price, price)
        floors = [Fraction(0), *(read_fraction(row.cap) for row in rows if row.cap is not None)]
        table = tuple(
            CollateralTier(floor, None if row.cap is None else read_fraction(row.cap), 1 - read_fraction(row.haircut))
            for floor, row in zip(floors, rows, strict=False)
        )
        most = None if config.cap is None else read_fraction(config.cap)
        coins.append(held)
        told.append(CollateralState(currency=currency, balance=held.balance, index=price, ratios=table, cap=most))
    wallet = value * number(rng, -0.1, 0.2)
    holdings = tuple(msgspec.structs.replace(each, base=each.instrument) for each in unit.holdings)
    own = CollateralState(currency="USDT", balance=wallet, pegged=True)
    return msgspec.structs.replace(unit, wallet=wallet, coins=tuple(coins), holdings=holdings), (own, *told)


def calculated(rules: VenueRules, unit: Unit, marks: dict[str, Fraction]) -> MarginAccount:
    """The same account in the words of core/margin."""
    floors = {each.instrument: (Fraction(0), *(row.cap for row in each.rows[:-1])) for each in unit.holdings}
    tables = {
        each.instrument: TierTable(each.instrument, tuple(
            Tier(floor or Fraction(0), row.cap, row.rate)
            for floor, row in zip(floors[each.instrument], each.rows, strict=True)
        ))
        for each in unit.holdings
    }  # fmt: skip
    contracts = {each.instrument: each for each in unit.holdings}
    return MarginAccount(
        instruments=tuple(
            InstrumentState(
                name=each.instrument, contract="inverse" if each.inverse else "linear", mark=marks[each.instrument],
                settle=unit.currency, tiers=tables[each.instrument], multiplier=each.multiplier, fee_rate=each.fee,
            )
            for each in contracts.values()
        ),
        positions=tuple(
            PositionState(
                instrument=each.instrument, side=1 if each.side > 0 else -1, size=each.contracts,
                entry=each.face / each.cost if each.inverse else each.cost / each.face, leverage=each.leverage,
                margin=unit.wallet if unit.instrument else None,
            )
            for each in unit.holdings
        ),
        collaterals=() if unit.instrument else (
            CollateralState(currency=unit.currency, balance=unit.wallet, pegged=True),
        ),
    )  # fmt: skip


def at(unit: Unit, name: str, price: Fraction) -> Unit:
    """Coins go with the contract that is of them."""
    before = next(each.mark for each in unit.holdings if each.instrument == name)
    coins = tuple(
        msgspec.structs.replace(each, price=each.price * price / before) if each.coin.currency == name else each
        for each in unit.coins
    )
    moved = tuple(replaced(each, price) if each.instrument == name else each for each in unit.holdings)
    return msgspec.structs.replace(unit, holdings=moved, coins=coins)


def replaced(holding: Holding, price: Fraction) -> Holding:
    fields = {name: getattr(holding, name) for name in holding.__struct_fields__}
    return Holding(**{**fields, "mark": price})


@pytest.mark.parametrize(("venue", "mode", "kind"), MODES)
def test_the_venue_and_the_calculator_agree(venue: str, mode: str, kind: Any) -> None:
    """Equity, maintenance, the liquidation price; one tick on its safe side is not liquidated, one beyond is."""
    rules = RULES[venue]
    margin_mode = "isolated" if mode == "isolated" else "cross"
    calculator = MarginCalculator(rules_for(venue, contract=kind, margin_mode=margin_mode))  # type: ignore[arg-type]
    crossed = 0
    for seed in SEEDS:
        unit = account(random.Random(f"{venue} {mode} {seed}"), rules, mode, kind)
        marks = {each.instrument: each.mark for each in unit.holdings}
        margins = calculator.assess(calculated(rules, unit, marks))
        assert margins.units[0].equity == unit.equity
        assert margins.units[0].maintenance == maintenance(rules, unit)
        assert margins.units[0].liquidated == is_liquidated(rules, unit)
        if margins.units[0].liquidated:
            continue
        for holding, position in zip(unit.holdings, margins.positions, strict=True):
            told = liquidation_price(rules, unit, holding)
            assert told == position.liquidation_price
            if told is not None and told > TICK:
                crossed += 1
                away = TICK if told < holding.mark else -TICK
                assert not is_liquidated(rules, at(unit, holding.instrument, told + away))
                assert is_liquidated(rules, at(unit, holding.instrument, told - away))
    assert crossed > 50


@pytest.mark.parametrize("mode", ["cross", "legs"])
def test_the_venue_and_the_calculator_agree_about_what_coins_back(mode: str) -> None:
    """As above, with haircuts by rows, caps, debts, and a coin that goes with the mark of its own contract."""
    rules = RULES["binance"]
    calculator = MarginCalculator(rules_for("binance", contract="linear", margin_mode="cross", account="multi_assets"))
    crossed = liquidated = against = 0
    for seed in SEEDS[:50]:
        rng = random.Random(f"backed {mode} {seed}")
        unit, collaterals = backed(rng, account(rng, rules, mode))
        told = calculated(rules, unit, {each.instrument: each.mark for each in unit.holdings})
        instruments = tuple(msgspec.structs.replace(each, underlying=each.name) for each in told.instruments)
        told = msgspec.structs.replace(told, collaterals=collaterals, instruments=instruments)
        margins = calculator.assess(told)
        assert margins.units[0].equity == unit.equity
        assert margins.units[0].maintenance == maintenance(rules, unit)
        assert margins.units[0].liquidated == is_liquidated(rules, unit)
        if margins.units[0].liquidated:
            liquidated += 1
            continue
        for holding, position in zip(unit.holdings, margins.positions, strict=True):
            price = liquidation_price(rules, unit, holding)
            assert price == position.liquidation_price
            if price is not None and price > TICK:
                crossed += 1
                against += len(unit.legs(holding)) == 1 and holding.side * (price - holding.mark) > 0
                away = TICK if price < holding.mark else -TICK
                assert not is_liquidated(rules, at(unit, holding.instrument, price + away))
                assert is_liquidated(rules, at(unit, holding.instrument, price - away))
    assert crossed > 50
    assert liquidated
    assert against or mode == "legs"


@pytest.mark.parametrize(("venue", "kind"), VENUES)
def test_the_bankruptcy_price_of_a_single_position_and_its_initial_margin_agree(venue: str, kind: Any) -> None:
    rules = RULES[venue]
    calculator = MarginCalculator(rules_for(venue, contract=kind, margin_mode="isolated"))
    for seed in SEEDS:
        unit = account(random.Random(f"{venue} {seed}"), rules, "isolated", kind)
        (holding,) = unit.holdings
        margins = calculator.assess(calculated(rules, unit, {"one": holding.mark}))
        fee = holding.fee if rules.closing_fee == "reserved" else Fraction(0)
        price = bankruptcy_price(holding, unit.equity, fee)
        if 0 < price < holding.mark * NEVER:
            assert price == margins.positions[0].bankruptcy_price
        value = holding.cost if calculator.rules.initial_price == "entry" else holding.value
        rate = initial_rate(rules, holding.lean, holding.leverage, holding.fee)
        assert value * rate == margins.positions[0].initial


def test_the_margin_that_orders_leave_free_at_binance_is_the_calculators() -> None:
    """Positions in two contracts, and orders on both sides of them."""
    calculator = MarginCalculator(rules_for("binance", contract="linear", margin_mode="cross"))
    for seed in range(25):
        rng, desk = random.Random(f"orders {seed}"), MarginDesk(balance="100000")
        for name in (LINEAR, OTHER):
            desk.ask("leverage", float(rng.choice((10, 15))), instrument=name)
        placed = [*orders(rng, LINEAR, 60_000, 1.5), *orders(rng, OTHER, 3_000, 25)]
        for number, (name, side, size, price) in enumerate(placed):
            desk.tell(submit(f"o{number}", side, size, price, instrument=name))
        margins, account = desk.venue.exchange.margin, desk.venue.exchange.accounts["a"]
        assert margins is not None
        unit = margins.cross(account, "USDT")
        assert unit is not None
        free = free_margin(margins, account, "USDT", exposures(margins, account, "USDT"))
        working = tuple(
            OrderState(
                instrument=each.instrument, side=1 if each.side > 0 else -1, price=exact(each.price),
                size=exact(desk.venue.exchange.markets[each.instrument].scales.size(each.left)),
                leverage=margins.setting("a", each.instrument).leverage,
            )
            for each in account.working.values()
        )  # fmt: skip
        marks = {each.instrument: each.mark for each in unit.holdings}
        told = msgspec.structs.replace(calculated(margins.rules, unit, marks), orders=working)
        its = calculator.assess(told).units[0]
        assert its.initial is not None
        assert free == its.equity - its.initial


def orders(rng: random.Random, name: str, price: float, size: float) -> list[tuple[str, int, float, float | None]]:
    """One at the market and up to four that rest."""
    first = (name, rng.choice((1, -1)), round(size * rng.random() + 0.001, 3), None)
    found: list[tuple[str, int, float, float | None]] = [first]
    for _ in range(rng.randint(0, 4)):
        side = rng.choice((1, -1))
        away = round(price * (1 - side * rng.uniform(0.01, 0.1)), 1)
        found.append((name, side, round(size * rng.random() + 0.001, 3), away))
    return found


def told_by_exchanges() -> list[Case]:
    """Positions with the liquidation price that the exchange itself returned or published, with their own rate."""
    fitting = [case for case in recorded("exchange-returned", "exchange-faq-example") if case["exchange"] in RULES]
    # Bybit's is of the rules before its change; the last one is known to 0.3 % alone, as its inputs are incomplete.
    return [case for case in fitting if case["exchange"] != "bybit" and case["id"] != "ft-live-near-buffer0"]


@pytest.mark.parametrize("case", told_by_exchanges(), ids=lambda case: str(case["id"]))
def test_the_venues_own_fractions_give_the_prices_that_exchanges_told(case: Case) -> None:
    rules, inverse = RULES[case["exchange"]], case["contract"] == "inverse"

    def holding(told: Case, name: str) -> Holding:
        contracts, entry = exact(float(told["amount"])), exact(float(told["entry_price"]))
        face = contracts * (case["contract_size"] if inverse else 1)
        mark = told.get("mark_price") or told["entry_price"]
        row = Row(None, exact(float(told["mm_rate"])), exact(float(told.get("maint_amount") or 0)), None)
        return Holding(
            instrument=name, side=1 if told["side"] == "long" else -1, contracts=contracts, multiplier=face / contracts,
            cost=face / entry if inverse else face * entry, mark=exact(float(mark)),
            leverage=exact(float(told.get("leverage") or 1)), fee=exact(float(case["fee_rate"] or 0)), rows=(row,),
            inverse=inverse,
        )  # fmt: skip

    own = holding(case, "own")
    others = [holding(each, f"other {place}") for place, each in enumerate(case["other_positions"])]
    wallet = exact(float(case["wallet_balance"]))
    if case.get("raw_usd") is not None:
        wallet = exact(float(case["raw_usd"])) + own.side * own.cost
    elif "incl" in str(case.get("wallet_balance_is") or "") or case.get("wallet_balance_is") == "equity":
        wallet -= sum((each.gain for each in (own, *others)), Fraction(0))
    isolated = case["margin_mode"] == "isolated"
    unit = Unit("a", "coin", "own" if isolated else "", wallet, (own,) if isolated else (own, *others))
    told, expected = liquidation_price(rules, unit, own), case["expected_liquidation_price"]
    if expected is None:
        assert told is None
        return
    assert told is not None
    tolerance = case.get("tolerance") or {}
    assert float(told) == pytest.approx(expected, rel=tolerance.get("rel", 1e-6), abs=tolerance.get("abs", 0))
