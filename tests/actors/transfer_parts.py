"""Two simulated venues, an account at each and routes between them, with the owners of money, on a stage."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from letrade.actors.execution.sending import ExecutionConfig
from letrade.actors.venue.simulated import SimulatedVenue, SimulatedVenueConfig
from letrade.core import node_state
from letrade.core.config.accounts import AccountConfig
from letrade.core.config.capital import Allocation
from letrade.core.config.capital import CapitalConfig as CapitalTable
from letrade.core.config.desk import DeskConfig, FaultsConfig, VenueConfig
from letrade.core.config.desk import RiskConfig as RiskTable
from letrade.core.config.routes import RouteConfig
from letrade.core.messages.base import Message
from letrade.core.messages.market import Instrument, Trade
from letrade.core.messages.orders import CashEntry
from letrade.core.messages.signals import Target
from letrade.core.messages.transfers import TransferRequest, TransferUpdate
from letrade.core.money import Money, money
from letrade.core.quantities import fraction_of_money
from letrade.core.stage import Stage
from tests.actors.desk_parts import owners
from tests.stage import BTC, PERP, StageOf, context, of_kind

MS = 1_000_000
SECOND = 1_000 * MS
STEP = MS
ROUTE_TIME = 100 * MS
SOURCES = [("feed", Stage.FEED), ("alpha", Stage.STRATEGY), ("beta", Stage.STRATEGY)]
FAR_BTC = msgspec.structs.replace(BTC, instrument="far.BTC-USDT")


def route(giver: str = "here", taker: str = "there", fee: str = "1", minimum: str = "10", **more: Any) -> RouteConfig:
    keys = {"currency": "USDT", "latency": ROUTE_TIME, **more}
    return RouteConfig(
        name=f"{giver}-{taker}-{keys['currency']}", from_account=giver, to_account=taker, fee=Decimal(fee),
        minimum=Decimal(minimum), **keys,
    )  # fmt: skip


def settings(
    routes: Iterable[RouteConfig] | None = None, faults: FaultsConfig | None = None,
    allocations: Iterable[Allocation] = (), settle: int | None = None, balance: str = "10000", btc: str = "1",
    risk: RiskTable | None = None, **venue: Any,
) -> DeskConfig:  # fmt: skip
    common = {"order_latency": STEP, "response_latency": STEP, "faults": faults or FaultsConfig(), **venue}
    rich = {"USDT": Decimal(balance), "BTC": Decimal(btc)}
    logins = (("here", "paper"), ("there", "far"))
    return DeskConfig(
        venues=[VenueConfig(name=name, **common) for name in ("paper", "far")],
        accounts=[AccountConfig(name=name, venue=venue, balances=rich) for name, venue in logins],
        routes=[route(), route("there", "here")] if routes is None else list(routes),
        risk=risk or RiskTable(stale_after=None),
        capital=CapitalTable(allocations=list(allocations), settle=settle),
    )


class TwoVenues:
    """Wishes of `alpha` and `beta` go in; what the desk says comes out, and money is counted wherever it is."""

    def __init__(
        self, config: DeskConfig | None = None, execution: ExecutionConfig | None = None,
        instruments: tuple[Instrument, ...] = (BTC, PERP, FAR_BTC),
    ) -> None:  # fmt: skip
        self.config, self.execution, self.instruments = config or settings(), execution, instruments
        shared = context(*instruments, settings=self.config)
        self.venues = [
            SimulatedVenue(venue.name, SimulatedVenueConfig(venue=venue.name), shared) for venue in self.config.venues
        ]
        self.actors = [*self.venues, *owners(shared, execution)]
        self.stage = StageOf(*self.actors, step_ns=STEP, sources=SOURCES)
        self.time, self.signal = SECOND, 0
        self.said: list[Message] = []

    def actor(self, name: str) -> Any:
        return next(actor for actor in self.actors if actor.name == name)

    def tell(self, *messages: Message, wait: int = 20 * MS) -> list[Message]:
        stamped = [msgspec.structs.replace(message, time=message.time or self.time) for message in messages]
        said = self.stage.tell(*stamped, until=self.time + wait)
        self.time += wait
        self.said += said
        return said

    def trade(self, price: float, instrument: str = BTC.instrument, size: float = 100.0) -> list[Message]:
        return self.tell(Trade(instrument=instrument, price=price, size=size, source="feed", epoch=1))

    def target(self, position: float, instrument: str = BTC.instrument, **more: Any) -> list[Message]:
        self.signal += 1
        about = {"strategy": "alpha", "account": "here", **more}
        return self.tell(
            Target(instrument=instrument, signal=self.signal, position=position, source="alpha", epoch=1, **about)
        )

    def request(self, transfer_id: str, amount: str | Money, wait: int = 20 * MS, **more: Any) -> list[TransferUpdate]:
        """What becomes of a wish until `wait` later."""
        return updates(self.tell(wish(transfer_id, amount, **more), wait=wait))

    def total(self, currency: str = "USDT", fees: bool = True) -> Fraction:
        """Of all accounts at their venues and all that is on its way; fees that were paid count with it."""
        found = Fraction(0)
        for venue in self.venues:
            found += sum((each.wallet.total(currency).value for each in venue.exchange.accounts.values()), Fraction(0))
        return found + self.in_transit(currency) + (self.fees(currency) if fees else 0)

    def in_transit(self, currency: str = "USDT") -> Fraction:
        """What an account has given up and no account has got yet, by what the venues know."""
        found = Fraction(0)
        credited = {key for venue in self.venues for key, each in venue.transfers.coming.items() if each is None}
        for venue in self.venues:
            for given in venue.transfers.given.values():
                if given.state == "pending" and given.transfer_id not in credited and given.amount.currency == currency:
                    found += fraction_of_money(given.amount if given.returns else given.net)
        return found

    def fees(self, currency: str = "USDT") -> Fraction:
        """What routes have taken for good."""
        given = [each for venue in self.venues for each in venue.transfers.given.values()]
        kept = [each for each in given if each.state == "pending" and not each.returns]
        return sum((fraction_of_money(each.fee) for each in kept if each.amount.currency == currency), Fraction(0))

    def balances(self, currency: str = "USDT") -> dict[str, float]:
        """By account, at the venues."""
        accounts = [each for venue in self.venues for each in venue.exchange.accounts.values()]
        return {each.name: float(each.wallet.total(currency).value) for each in accounts}

    def ours(self, currency: str = "USDT") -> dict[str, float]:
        """By account, in the desk's ledger."""
        books = self.actor("ledger").books
        return {name: float(book.wallets.get(currency, 0)) for name, book in books.items()}

    def restarted(self) -> TwoVenues:
        """The same desk from its snapshot, by way of bytes."""
        taken = msgspec.msgpack.decode(msgspec.msgpack.encode(node_state.take(self.stage.node)))
        fresh = TwoVenues(self.config, self.execution, self.instruments)
        fresh.stage.node.run(-1)
        fresh.stage.node.drop_feedback()
        node_state.give_back(fresh.stage.node, taken)
        fresh.stage.sequence, fresh.time, fresh.signal = self.stage.sequence, self.time, self.signal
        return fresh


def wish(transfer_id: str, amount: str | Money, **more: Any) -> TransferRequest:
    about = {"strategy": "alpha", "account": "here", "instrument": "paper.-", "to_account": "there", **more}
    moved = usdt(amount) if isinstance(amount, str) else amount
    return TransferRequest(transfer_id=transfer_id, amount=moved, source=about["strategy"], epoch=1, **about)


def usdt(text: str) -> Money:
    """To the last digit written."""
    amount = Decimal(text)
    scale = max(8, -int(amount.as_tuple().exponent))
    return money("USDT", int(amount.scaleb(scale)), scale)


def updates(messages: Iterable[Message]) -> list[TransferUpdate]:
    return of_kind(messages, TransferUpdate)


def states(messages: Iterable[Message]) -> list[str]:
    return [update.state for update in updates(messages)]


def entries(messages: Iterable[Message]) -> list[tuple[str, str, str]]:
    """(account, origin, amount) of the cash entries."""
    found = of_kind(messages, CashEntry)
    return [(each.account, each.origin, f"{each.amount.decimal.normalize():f}") for each in found]
