"""A seeded desk in miniature: strategies that trade at random, and a ledger of its own in exact decimals."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal

from letrade.core.analysis.builder import RecordBuilder
from letrade.core.analysis.record import KIND_CODES, STATE_CODES, InstrumentNote, RunRecord, RunSettings

HOUR = 3_600_000_000_000
BEGIN = 1_704_067_200_000_000_000
"""2024-01-01."""
START = 100_000
NOTES = (
    InstrumentNote(name="sim.BTC-USDT_USDT", kind="linear", base="BTC", quote="USDT", settle="USDT", lot=0.001),
    InstrumentNote(name="sim.ETH-USDT", kind="spot", base="ETH", quote="USDT", settle="USDT", lot=0.01),
    InstrumentNote(name="sim.DOGE-USDT_USDT", kind="linear", base="DOGE", quote="USDT", settle="USDT", multiplier=10.0),
)
SIZES = (("0.001", 3000), ("0.01", 900), ("1", 40))
PRICES = ("42000", "2300", "0.08")
TICKS = ("0.1", "0.01", "0.00001")


@dataclass
class Held:
    """A position by average cost, in exact decimals."""

    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    def fill(self, change: Decimal, price: Decimal) -> Decimal:
        """The profit realised, in price × size."""
        realised = Decimal(0)
        if self.quantity * change < 0:
            closing = max(change, -self.quantity) if change < 0 else min(change, -self.quantity)
            average = self.cost / self.quantity
            realised = -closing * (price - average)
            self.cost += closing * average
            self.quantity += closing
            change -= closing
        self.quantity += change
        self.cost += change * price
        return realised


@dataclass
class SimulatedRun:
    """`hours` of prices on a tick grid; each hour each strategy trades with some probability."""

    seed: int = 7
    hours: int = 24 * 60
    strategies: tuple[str, ...] = ("trend", "maker")
    realised: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    funding: Decimal = Decimal(0)
    held: dict[tuple[int, int], Held] = field(default_factory=dict)

    def record(self) -> RunRecord:
        self.dice = random.Random(self.seed)
        self.builder = RecordBuilder(NOTES, self.strategies, ("main",))
        self.builder.currencies.place("USDT")
        self.builder.origins.place("funding")
        prices = [Decimal(price) for price in PRICES]
        self.orders = 0
        for hour in range(self.hours):
            time = BEGIN + hour * HOUR
            prices = [self._step(place, price) for place, price in enumerate(prices)]
            for instrument, price in enumerate(prices):
                self.builder.row("prices", time=time, instrument=instrument, price=float(price))
            for strategy in range(len(self.strategies)):
                if self.dice.random() < 0.3:
                    self._trade(time + 1_000_000, strategy, self.dice.randrange(3), prices)
            if hour % 8 == 0 and hour:
                self._pay_funding(time + 2_000_000, prices)
            self._sample(time + 3_000_000, prices)
        return self.builder.record(RunSettings(
            desk="simulated", engine="test", starting_equity=float(START), data_from=BEGIN,
            data_to=BEGIN + self.hours * HOUR, start_balances={"main": {"USDT": str(START)}}, refused={"band": 3},
            events=self.hours * 3, seconds=1.5,
        ))  # fmt: skip

    def unrealised(self, prices: list[Decimal]) -> Decimal:
        multipliers = [Decimal(repr(note.multiplier)) for note in NOTES]
        return sum(((held.quantity * prices[key[1]] - held.cost) * multipliers[key[1]]
                    for key, held in self.held.items()), Decimal(0))  # fmt: skip

    def _step(self, instrument: int, price: Decimal) -> Decimal:
        tick = Decimal(TICKS[instrument])
        moved = price * Decimal(repr(round(1 + self.dice.gauss(0.0002, 0.01), 6)))
        return max(tick * 10, (moved / tick).quantize(Decimal(1)) * tick)

    def _trade(self, time: int, strategy: int, instrument: int, prices: list[Decimal]) -> None:
        held = self.held.setdefault((strategy, instrument), Held())
        step, most = SIZES[instrument]
        if held.quantity and self.dice.random() < 0.45:
            change = -held.quantity
        elif held.quantity and self.dice.random() < 0.3:
            change = -2 * held.quantity
        else:
            change = Decimal(step) * self.dice.randint(1, most) * self.dice.choice((1, -1))
        self.orders += 1
        price, tick, maker = prices[instrument], Decimal(TICKS[instrument]), strategy == 1
        side = 1 if change > 0 else -1
        self.builder.row(
            "orders", order_id=self.orders, strategy=strategy, account=0, instrument=instrument, side=side,
            kind=KIND_CODES["limit" if maker else "market"], price=float(price) if maker else float("nan"),
            size=float(abs(change)), filled=float(abs(change)), decided=time - 500_000, sent=time - 400_000, ended=time,
            state=STATE_CODES["filled"], mid_at_decision=float(price),
        )  # fmt: skip
        parts = [change] if self.dice.random() < 0.6 else [change / 2, change / 2]
        for number, part in enumerate(parts):
            paid = price - side * tick if maker else price + side * tick * (1 + number)
            self._fill(time + number, strategy, instrument, part, paid, price, maker)

    def _fill(self, time: int, strategy: int, instrument: int, change: Decimal, paid: Decimal, mid: Decimal,
              maker: bool) -> None:  # fmt: skip
        multiplier, tick = Decimal(repr(NOTES[instrument].multiplier)), Decimal(TICKS[instrument])
        realised = self.held[strategy, instrument].fill(change, paid) * multiplier
        rate = Decimal("-0.00005") if maker else Decimal("0.0005")
        fee = (abs(change) * paid * multiplier * rate).quantize(Decimal("1e-8"))
        self.realised += realised
        self.fees += fee
        later = [float(mid * Decimal(repr(round(1 + self.dice.gauss(0, 0.0005), 8)))) for _ in range(3)]
        self.builder.row(
            "fills", order=self.orders, time=time, venue_time=time, strategy=strategy, account=0, instrument=instrument,
            side=1 if change > 0 else -1, price=float(paid), size=float(abs(change)), fee=float(fee),
            fee_units=int(fee.scaleb(8)), fee_currency=0, maker=maker, realised=float(realised),
            bid=float(mid - tick), ask=float(mid + tick), mid_1s=later[0], mid_10s=later[1], mid_60s=later[2],
        )  # fmt: skip

    def _pay_funding(self, time: int, prices: list[Decimal]) -> None:
        for (strategy, instrument), held in self.held.items():
            if instrument == 1 or not held.quantity:
                continue
            worth = held.quantity * prices[instrument] * Decimal(repr(NOTES[instrument].multiplier))
            amount = (-worth * Decimal("0.0001")).quantize(Decimal("1e-8"))
            self.funding += amount
            self.builder.row(
                "cash", time=time, account=0, currency=0, amount=float(amount), amount_units=int(amount.scaleb(8)),
                origin=0, instrument=instrument, strategy=strategy,
            )  # fmt: skip

    def _sample(self, time: int, prices: list[Decimal]) -> None:
        unrealised = self.unrealised(prices)
        equity = START + self.realised - self.fees + self.funding + unrealised
        gross = sum((abs(held.quantity) * prices[key[1]] * Decimal(repr(NOTES[key[1]].multiplier))
                     for key, held in self.held.items()), Decimal(0))  # fmt: skip
        self.builder.row("equity", time=time, account=0, equity=float(equity), unrealised=float(unrealised),
                         exposure=float(gross))  # fmt: skip
