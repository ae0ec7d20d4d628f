"""The same market, signals and answers told to the desk's actors and to the compiled desk, and what each did then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from msgspec.structs import force_setattr

from letrade.actors.capital.manager import CapitalConfig, CapitalManager
from letrade.actors.execution.execution import Execution
from letrade.actors.execution.sending import ExecutionConfig
from letrade.actors.ledger.ledger import Ledger, LedgerConfig
from letrade.actors.risk.manager import RiskConfig, RiskManager
from letrade.actors.venue.simulated import SimulatedVenue, SimulatedVenueConfig
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.capital import Allocation
from letrade.core.config.capital import CapitalConfig as CapitalTable
from letrade.core.config.desk import DeskConfig, VenueConfig
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.messages.base import Message
from letrade.core.messages.market import Quote, Trade
from letrade.core.messages.orders import Fill, OrderRefused, OrderUpdate
from letrade.core.messages.signals import Quotes, Target
from letrade.core.messages.venue import VenueAmend, VenueCancel, VenueFill, VenueOrder, VenueQuery, VenueSubmit
from letrade.core.stage import Stage
from letrade.hotpath.decimals import to_units
from letrade.hotpath.simulation.desk_door import DeskDoor
from letrade.hotpath.simulation.reading import FILL_COLUMNS, ORDER_COLUMNS, fill_of, order_of
from letrade.hotpath.simulation.terms import (
    AccountTerms,
    DeskTerms,
    InstrumentTerms,
    LimitTerms,
    StrategyTerms,
    VenueTerms,
)
from tests.stage import BTC, PERP, StageOf, context

MS = 1_000_000
STEP = 10 * MS
INSTRUMENTS = (PERP, BTC)
NAMES = tuple(each.instrument for each in INSTRUMENTS)
STRATEGIES = ("alpha", "beta")
ACCOUNTS = ("main", "other")
ACCOUNT_OF = {"alpha": "main", "beta": "main"}
DECIMALS = ((1, 3), (2, 5))
CURRENCIES = ("USDT", "BTC")
RULES = (
    "", "capital", "no_price", "spot_short", "tick", "grid", "amend", "stale", "rate_missing", "price_band",
    "order_rate", "size_min", "notional_min", "order_size", "order_notional", "position_notional", "gross_exposure",
    "own_order", "venue",
)  # fmt: skip
SUBMIT, CANCEL, AMEND, QUERY = 1, 2, 3, 4
VERBS = {"": 0, "submit": SUBMIT, "cancel": CANCEL, "amend": AMEND, "query": QUERY}
REJECTED = 8
TRADED, RESTS, ENDED, TRIGGERED, AMENDED, REFUSED, STANDS = 1, 2, 3, 4, 5, 6, 7
ENDS = {"filled": 1, "cancelled": 2, "expired": 3}


class Deed(NamedTuple):
    """One request to the exchange."""

    time: int
    kind: int
    order_id: str
    side: int
    price: float | None
    size: float
    reduce_only: bool


class Outcome(NamedTuple):
    """What a desk did: requests, fills as (time, order id, price, size), refusals by rule, and shares."""

    deeds: list[Deed]
    fills: list[tuple[int, str, float, float]]
    refusals: dict[str, int]
    shares: dict[tuple[str, str], float]


def settings(
    cash: str = "100000", risk: RiskTable | None = None, allocations: Sequence[Allocation] = (), **venue: Any
) -> DeskConfig:
    latency = {"order_latency": STEP, "response_latency": 3 * MS, **venue}
    return DeskConfig(
        venues=[VenueConfig(name="paper", **latency)],
        accounts=[AccountConfig(name=name, venue="paper", balances={"USDT": Decimal(cash)}) for name in ACCOUNTS],
        risk=risk or RiskTable(stale_after=None),
        capital=CapitalTable(allocations=list(allocations)),
    )


def terms_of(config: DeskConfig, leverage: str = "1", slippage: str = "0.01") -> DeskTerms:
    venue = config.venues[0]
    allocations = config.capital.allocations
    strategies = []
    for name in STRATEGIES:
        found = next((each for each in allocations if each.strategy == name), None)
        amount = Fraction(found.amount) if found and found.amount is not None else None
        share = Fraction(found.fraction) if found and found.fraction is not None else None
        if not allocations:
            share = Fraction(1)
        strategies.append(StrategyTerms(name, 0, amount, share, Fraction(config.capital.sizing.fraction)))
    return DeskTerms(
        currencies=CURRENCIES,
        reporting=0,
        rates=((), ((1, False), (0, False))),
        instruments=(
            InstrumentTerms(NAMES[0], False, 0, 1, 0, 0, 1, 3, 1, 1, 1, 3, Fraction(1), Fraction(0), Fraction(0)),
            InstrumentTerms(NAMES[1], True, 0, 1, 0, 0, 2, 5, 1, 1, 2, 5, Fraction(1), Fraction(0), Fraction(0)),
        ),
        venues=(VenueTerms("paper", Fraction(venue.maker_fee), Fraction(venue.taker_fee), Fraction(20)),),
        accounts=tuple(AccountTerms(each.name, 0, ((0, Fraction(each.balances["USDT"])),)) for each in config.accounts),
        strategies=tuple(strategies),
        limits=tuple(_limits(config)),
        losses=(),
        leverage=Fraction(leverage),
        slippage=Fraction(slippage),
        step=STEP,
    )


def _limits(config: DeskConfig) -> Iterable[LimitTerms]:
    for account, name in enumerate(ACCOUNTS):
        for place, instrument in enumerate(NAMES):
            found = config.risk.limits_for(name, instrument)
            yield LimitTerms(
                account, place, _optional(found.max_order_size), _optional(found.max_order_notional),
                _optional(found.max_position_notional), _optional(found.max_gross_exposure),
                _optional(found.price_band), found.max_orders_per_second, found.stale_after,
            )  # fmt: skip


def _optional(number: Decimal | None) -> Fraction | None:
    return None if number is None else Fraction(number)


def by_actors(config: DeskConfig, inputs: Sequence[Message], until: int, leverage: float = 1.0) -> list[Message]:
    """All that the venue's and the desk's actors said."""
    shared = context(*INSTRUMENTS, settings=config)
    actors = [
        SimulatedVenue("paper", SimulatedVenueConfig(venue="paper"), shared),
        CapitalManager("capital", CapitalConfig(leverage=leverage), shared),
        RiskManager("risk", RiskConfig(), shared),
        Execution("execution", ExecutionConfig(), shared),
        Ledger("ledger", LedgerConfig(), shared),
    ]
    sources = [("feed", Stage.FEED), *((name, Stage.STRATEGY) for name in STRATEGIES)]
    stage = StageOf(*actors, step_ns=STEP, sources=sources)
    sequences: dict[str, int] = {}
    for message in inputs:
        sequences[message.source] = sequences.get(message.source, 0) + 1
        force_setattr(message, "sequence", sequences[message.source])
        force_setattr(message, "epoch", 1)
        stage.node.post(message)
    return [*stage.settle(until), *inputs]


def outcome_of(said: Sequence[Message]) -> Outcome:
    """What the actors did."""
    names = {message.client_order_id: message.order_id for message in said if isinstance(message, OrderUpdate)}
    refusals: dict[str, int] = {}
    shares: dict[tuple[str, str], Fraction] = {}
    fills = []
    for message in said:
        if isinstance(message, OrderUpdate) and message.state == "rejected":
            refusals["venue"] = refusals.get("venue", 0) + 1
        elif isinstance(message, OrderRefused):
            refusals[message.rule] = refusals.get(message.rule, 0) + 1
        elif isinstance(message, Fill):
            fills.append((message.time, message.order_id, message.price, message.size))
            key = (message.strategy, message.instrument)
            shares[key] = shares.get(key, Fraction(0)) + message.side * Fraction(str(message.size))
    deeds = [deed for deed in (_deed(message, names) for message in said) if deed is not None]
    return Outcome(deeds, fills, refusals, {key: float(held) for key, held in shares.items() if held})


def _deed(message: Message, names: dict[str, str]) -> Deed | None:
    """What goes to the venue about one order."""
    if not isinstance(message, VenueSubmit | VenueCancel | VenueAmend | VenueQuery) or not message.client_order_id:
        return None
    name = names[message.client_order_id]
    if isinstance(message, VenueSubmit):
        return Deed(message.time, SUBMIT, name, message.side, message.price, message.size, message.reduce_only)
    if isinstance(message, VenueAmend):
        return Deed(message.time, AMEND, name, 0, message.price, message.size, False)
    return Deed(message.time, CANCEL if isinstance(message, VenueCancel) else QUERY, name, 0, None, 0.0, False)


def _words(answer: VenueOrder) -> list[tuple[int, int]]:
    """(kind, reason) of what the exchange says with one answer."""
    if answer.refused or answer.status == "rejected":
        return [(REFUSED, 0)]
    if answer.request == "query":
        return [(STANDS, 0)]
    amended = [(AMENDED, 0)] if answer.request == "amend" else []
    if answer.status in ("open", "partly_filled"):
        return amended or [(RESTS, 0)]
    return [*amended, (ENDED, ENDS[answer.status])]


class Replay:
    """Tells the compiled desk what the actors' run was told, and what its venue answered."""

    def __init__(self, terms: DeskTerms, said: Sequence[Message]) -> None:
        self.door = DeskDoor(terms)
        self.door.desk.compares = True
        self.names: dict[str, str] = {
            message.client_order_id: message.order_id for message in said if type(message) is OrderUpdate
        }
        self.numbers: dict[str, int] = {}
        self.ids: dict[int, str] = {}
        self.deeds: list[Deed] = []
        self.refusals: dict[str, int] = {}
        events: dict[int, list[Message]] = {}
        for message in said:
            if isinstance(message, Quote | Trade | Target | Quotes | VenueFill | VenueOrder):
                events.setdefault(message.time, []).append(message)
        self.events = events

    def run(self) -> None:
        times = sorted(self.events)
        place = 0
        while place < len(times) or self.door.feedback_at is not None:
            feedback = self.door.feedback_at
            time = times[place] if place < len(times) else feedback
            if feedback is not None and (time is None or feedback < time):
                time = feedback
            assert time is not None
            if place < len(times) and times[place] == time:
                place += 1
            self.at(time, self.events.get(time, []))

    def at(self, time: int, messages: Sequence[Message]) -> None:
        for message in messages:
            if type(message) is Quote:
                both = message.bid > 0 and message.ask > 0
                price = (message.bid + message.ask) / 2 if both else 0.0
                self.door.price(NAMES.index(message.instrument), time, price)
            elif type(message) is Trade:
                self.door.price(NAMES.index(message.instrument), time, message.price)
        for message in messages:
            if isinstance(message, VenueFill | VenueOrder):
                self.answer(message, time)
        for message in sorted((each for each in messages if isinstance(each, Target | Quotes)), key=self._place):
            self.want(message, time)
        self.door.settle(time)
        for row in self.door.told():
            if row[0] == 3 and row[2] == time:
                self.refusals[RULES[row[10]]] = self.refusals.get(RULES[row[10]], 0) + 1
            if row[0] == 1 and row[2] == time and row[9] == REJECTED:
                self.refusals["venue"] = self.refusals.get("venue", 0) + 1
        for request in self.door.take_requests():
            self.note(request)

    def _place(self, message: Message) -> tuple[int, int]:
        return STRATEGIES.index(message.source), message.sequence

    def want(self, message: Target | Quotes, time: int) -> None:
        strategy, instrument = STRATEGIES.index(message.strategy), NAMES.index(message.instrument)
        if isinstance(message, Target):
            self.door.target(
                strategy, instrument, message.signal, time, message.position, message.sized, message.price or 0.0,
                message.post_only,
            )  # fmt: skip
        else:
            orders = [(each.side, each.price, each.size) for each in message.orders]
            self.door.quotes(strategy, instrument, message.signal, time, orders, message.post_only)

    def note(self, request: tuple[int, int, int, int, int, int]) -> None:
        kind, time, instrument, number, price, size = request
        order = dict(zip(ORDER_COLUMNS, order_of(self.door.desk, number), strict=True))
        name = f"{STRATEGIES[order['strategy']]}.{order['signal']}.{order['leg']}"
        self.numbers[name], self.ids[number] = number, name
        decimals = DECIMALS[instrument]
        if kind == SUBMIT:
            limit = order["first_price"] / 10 ** decimals[0] if order["limit"] else None
            self.deeds.append(
                Deed(time, kind, name, order["side"], limit, order["first_size"] / 10 ** decimals[1],
                     bool(order["reduce_only"]))
            )  # fmt: skip
        elif kind == AMEND:
            self.deeds.append(
                Deed(time, kind, name, 0, price / 10 ** decimals[0], size / 10 ** decimals[1], False)
            )  # fmt: skip
        else:
            self.deeds.append(Deed(time, kind, name, 0, None, 0.0, False))

    def answer(self, message: VenueFill | VenueOrder, time: int) -> None:
        name = self.names[message.client_order_id]
        number, instrument = self.numbers[name], NAMES.index(message.instrument)
        decimals = DECIMALS[instrument]
        if isinstance(message, VenueFill):
            price, size = to_units(message.price, decimals[0]), to_units(message.size, decimals[1])
            self.door.answer(
                instrument, TRADED, number, time, venue_time=message.venue_time, price=price, size=size,
                maker=message.maker, fee=message.fee.integer,
            )  # fmt: skip
            return
        left = to_units(message.size, decimals[1]) - to_units(message.filled, decimals[1])
        price, words = to_units(message.price or 0.0, decimals[0]), _words(message)
        for kind, reason in words:
            self.door.answer(
                instrument, kind, number, time, price=price, size=left, reason=reason, verb=VERBS[message.request],
                maker=len(words) > 1, whole=to_units(message.size, decimals[1]),
            )  # fmt: skip

    def outcome(self) -> Outcome:
        fills = []
        for place in range(self.door.desk.fills_count):
            fill = dict(zip(FILL_COLUMNS, fill_of(self.door.desk, place), strict=True))
            name = self.ids[fill["order"]]
            instrument = self._instrument(fill["order"])
            price, size = DECIMALS[instrument]
            fills.append((fill["time"], name, fill["price"] / 10**price, fill["size"] / 10**size))
        shares = {}
        for strategy, name in enumerate(STRATEGIES):
            for instrument, traded in enumerate(NAMES):
                quantity = self.door.desk.position_of(strategy, instrument)[1]
                if quantity:
                    shares[name, traded] = quantity / 10 ** DECIMALS[instrument][1]
        return Outcome(self.deeds, fills, self.refusals, shares)

    def _instrument(self, number: int) -> int:
        return int(order_of(self.door.desk, number)[ORDER_COLUMNS.index("instrument")])
