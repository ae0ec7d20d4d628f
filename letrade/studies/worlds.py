"""The desks of a study: the positions of a seed, the venue that they are at, and who looks after them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from letrade.assembly import assemble
from letrade.core import ids
from letrade.core.config.desk import ActorEntry, DeskConfig
from letrade.studies.clairvoyant import Clairvoyant, ClairvoyantConfig, Plan
from letrade.studies.paths import BTC, ETH, PRICES, STAKED

VENUE, FEED = "paper", "market"
CROSS, ISOLATED = "cross", "isolated"
CLAIRVOYANT = "clairvoyant"
LOTS = {BTC: 0.001, ETH: 0.01, STAKED: 0.01}
BRACKETS: list[dict[str, str]] = [
    {"cap": "300000", "rate": "0.004", "max_leverage": "125"},
    {"cap": "800000", "rate": "0.005", "max_leverage": "100"},
    {"cap": "3000000", "rate": "0.0065", "max_leverage": "75"},
    {"cap": "12000000", "rate": "0.01", "max_leverage": "50"},
    {"rate": "0.02", "max_leverage": "25"},
]
LEVERAGES = (8, 10, 12)
HEDGED = (0.3, 0.6)
"""Of the longs that a staked coin backs, as a share of their notional."""
COIN, HAIRCUT = "STETH", "0.1"
CROWDS = 5
"""Of each contract."""
ACT = "0.05"
"""So near to liquidation nothing may be done before: the user's word, which binds the clairvoyant too."""


class Holder(Struct, frozen=True):
    """One account and what it holds at the start, in base units."""

    name: str
    mode: str
    balance: float
    positions: dict[str, float]
    managed: bool = True
    coins: float = 0.0
    """Of the staked coin, which back its positions beside the balance."""

    def means(self, price: float) -> float:
        """What it began with, its coins at a price."""
        return self.balance + self.coins * price


class Setting(Struct, frozen=True):
    """One world: who holds what, and how the venue treats everybody."""

    scenario: str
    seed: int
    holders: tuple[Holder, ...]
    venue: dict[str, Any]
    file: str = ""

    @property
    def managed(self) -> tuple[str, ...]:
        return tuple(holder.name for holder in self.holders if holder.managed)


def setting_of(scenario: str, seed: int, file: str = "", leverages: Sequence[int] = LEVERAGES) -> Setting:
    """Isolated and cross, long and short, and hedged pairs, each at one of `leverages` times its margin, in accounts of
    their own so that none pays for another."""
    random = ids.generator(seed, "study", scenario, "desk")
    leverage = random.choice(leverages)
    holders = [
        _isolated(random, "isolated-long", BTC, 1, leverage),
        _isolated(random, "isolated-eth", ETH, 1, leverage),
        _isolated(random, "isolated-short", BTC, -1, leverage),
        _cross(random, "cross-long", {BTC: 1.0, ETH: 0.7}, leverage),
        _cross(random, "cross-short", {ETH: -1.0}, leverage),
        _cross(random, "hedged", {BTC: 1.0, ETH: -random.uniform(0.5, 0.8)}, leverage),
        _cross(random, "staked", {STAKED: 1.0, ETH: -1.0}, leverage),
    ]
    if scenario == "october":
        holders[-1] = _backed(ids.generator(seed, "study", scenario, "staked"), holders[-1], leverage)
        holders += [_crowd(random, name, place) for name in PRICES for place in range(CROWDS)]
    return Setting(scenario, seed, tuple(holders), _venue(random, scenario, seed, leverage), file)


def _size(name: str, notional: float) -> float:
    lots = max(1, round(abs(notional) / PRICES[name] / LOTS[name]))
    return float(f"{math.copysign(lots * LOTS[name], notional):.3f}")


def _isolated(random: ids.Random, name: str, instrument: str, side: int, leverage: int) -> Holder:
    """Beside its margin the account has a part of it free."""
    notional = random.uniform(50_000, 150_000)
    free = notional / leverage * random.uniform(0.1, 0.6)
    balance = round(notional / leverage + free, 2)
    return Holder(name, ISOLATED, balance, {instrument: _size(instrument, side * notional)})


def _cross(random: ids.Random, name: str, parts: dict[str, float], leverage: int) -> Holder:
    notional = random.uniform(50_000, 150_000)
    held = {instrument: _size(instrument, part * notional) for instrument, part in parts.items()}
    gross = sum(abs(part) for part in parts.values()) * notional
    return Holder(name, CROSS, round(gross / leverage, 2), held)


def _backed(random: ids.Random, before: Holder, leverage: int) -> Holder:
    """Longs that are hedged in part, backed mostly by the staked coin. It draws for itself: nobody else's draws
    depend on it."""
    notional = abs(before.positions[ETH]) * PRICES[ETH]
    parts = {BTC: 1.0, ETH: -random.uniform(*HEDGED)}
    held = {instrument: _size(instrument, part * notional) for instrument, part in parts.items()}
    means = sum(abs(part) for part in parts.values()) * notional / leverage
    coins = float(f"{means * random.uniform(0.8, 0.95) / PRICES[STAKED]:.4f}")
    return Holder(before.name, CROSS, round(means - coins * PRICES[STAKED], 2), held, coins=coins)


def _crowd(random: ids.Random, instrument: str, place: int) -> Holder:
    """Longs whom nobody looks after, each so large that where its mark jumps it is more than the insurance fund has."""
    notional = random.uniform(1e6, 2e6)
    name = f"crowd-{instrument.partition('.')[2].partition('-')[0].lower()}-{place}"
    balance = round(notional * (0.03 + 0.08 * (place + random.random()) / CROWDS), 2)
    return Holder(name, CROSS, balance, {instrument: _size(instrument, notional)}, managed=False)


def _venue(random: ids.Random, scenario: str, seed: int, leverage: int) -> dict[str, Any]:
    margin: dict[str, Any] = {"rules": "binance", "leverage": str(leverage)}
    if scenario == "october":
        margin["insurance_fund"] = {"USDT": "5000"}
        margin["collateral"] = {COIN: {"index": STAKED, "haircut": HAIRCUT}}
    if scenario in ("crash", "october"):
        faults = {"seed": seed, "refuse": 0.5, "lose": 0.02, "delay": 0.1, "delay_time": "700ms"}
        return {
            "order_latency": f"{random.randint(300, 900)}ms", "response_latency": f"{random.randint(50, 300)}ms",
            "latency": {"jitter": "300ms", "seed": seed}, "faults": faults, "margin": margin,
        }  # fmt: skip
    return {
        "order_latency": "100ms", "response_latency": "20ms", "margin": margin,
        "faults": {"seed": seed, "refuse": 0.01, "lose": 0.001},
    }  # fmt: skip


def guarded(setting: Setting) -> DeskConfig:
    """With the leverage manager and the liquidation monitor."""
    return assemble([], {}, extra={**_tables(setting), "actor": _guards(setting)})


def unguarded(setting: Setting) -> DeskConfig:
    """With a monitor that only tells how near liquidation is."""
    teller = {**_guards(setting)[1], "policy": []}
    return assemble([], {}, extra={**_tables(setting), "actor": [teller]})


def planned(base: DeskConfig, plans: dict[str, Plan]) -> DeskConfig:
    """The same venue, with somebody who follows plans, and the execution that carries them out."""
    config = ClairvoyantConfig(plans=plans, lots=LOTS)
    path = f"{Clairvoyant.__module__}.{Clairvoyant.__qualname__}"
    follower = ActorEntry(name=CLAIRVOYANT, path=path, actor_class=Clairvoyant, config=config)
    kept = [actor for actor in base.actors if actor.name in (VENUE, "execution")]
    return replace(base, actors=[*kept, follower])


def _tables(setting: Setting) -> dict[str, Any]:
    feed = {"name": FEED, "class": "letrade.studies.feed.WorldFeed", "scenario": setting.scenario, "seed": setting.seed}
    return {
        "desk": {"name": f"study-{setting.scenario}", "seed": setting.seed, "on_stop": "keep", "step": "100ms"},
        "venue": [{"name": VENUE, **setting.venue}],
        "instrument": [_instrument(name) for name in PRICES],
        "account": [_account(holder) for holder in setting.holders],
        "feed": [feed | ({"file": setting.file} if setting.file else {})],
    }


def _instrument(name: str) -> dict[str, Any]:
    tick = "0.1" if name == BTC else "0.01"
    return {"name": name, "tick": tick, "lot": str(LOTS[name]), "min_notional": "5", "bracket": BRACKETS}


def _account(holder: Holder) -> dict[str, Any]:
    positions = {
        name: {"quantity": str(quantity), "price": str(PRICES[name])} for name, quantity in holder.positions.items()
    }
    balances = {"USDT": str(holder.balance), **({COIN: str(holder.coins)} if holder.coins else {})}
    return {
        "name": holder.name, "venue": VENUE, "balances": balances, "margin_mode": holder.mode, "positions": positions,
    }  # fmt: skip


def _guards(setting: Setting) -> list[dict[str, Any]]:
    accounts = list(setting.managed)
    return [
        {
            "name": "leverage", "class": "letrade.actors.leverage.manager.LeverageManager", "cap": "40",
            "accounts": accounts,
        },
        {
            "name": "liquidation", "class": "letrade.actors.liquidation.monitor.LiquidationMonitor", "act": ACT,
            "margin_budget": "100000", "accounts": accounts,
        },
    ]  # fmt: skip
