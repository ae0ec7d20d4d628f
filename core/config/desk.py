"""Everything that a desk file can say, as Structs: desks/full.toml shows each table and key with its default."""

from __future__ import annotations

import itertools
import re
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from letrade.core.config.accounts import AccountConfig
from letrade.core.config.borrow import BorrowConfig
from letrade.core.config.capital import CapitalConfig
from letrade.core.config.durations import parse_duration
from letrade.core.config.routes import RouteConfig
from letrade.core.config.secrets import Secret
from letrade.core.config.tables import Table
from letrade.core.config.values import (
    Count,
    Currency,
    CurrencyPair,
    Duration,
    FeeRate,
    FilePath,
    Fraction,
    Instant,
    InstrumentId,
    Name,
    NotNegative,
    PingInterval,
    Port,
    Positive,
    PositiveDuration,
    Probability,
)
from letrade.core.config.venue_margin import BracketConfig, MarginConfig

_WRITTEN_OUT = re.compile(r"\s*S[A-Z2-7]{20,}\s*|.*-----BEGIN.*|\s*eyJ[A-Za-z0-9_.-]{20,}\s*", re.DOTALL)

DESK_PROCESS = "desk"
"""The process that runs whatever no worker runs."""


class NoSettings(Table, frozen=True, kw_only=True):
    """The Config of a feed that declares none."""


class Desk(Table, frozen=True, kw_only=True):
    """The desk as a whole."""

    name: Name = "main"
    reporting_currency: Currency = "USDT"
    rates: dict[CurrencyPair, Positive] = {}
    """What one currency is worth in another while no market of the desk tells it."""
    step: PositiveDuration = parse_duration("50ms")
    """The window of a stepped run; a desk file that leaves it out gets the least order latency of its venues."""
    seed: Count = 1
    data_dir: str | None = None
    on_stop: Literal["cancel", "keep", "flatten"] = "cancel"
    snapshot_every: PositiveDuration = parse_duration("10s")
    status_every: PositiveDuration = parse_duration("1s")
    journal_fsync: Literal["never", "interval", "always"] = "interval"
    journal_max_bytes: Annotated[int, msgspec.Meta(ge=65_536, le=2**63 - 1)] = 2**30


class NatsTls(Table, frozen=True, kw_only=True):
    """How the line to the server is encrypted; without files the system's authorities are trusted."""

    authorities: FilePath | None = None
    """Who may sign the server's certificate, PEM."""
    certificate: FilePath | None = None
    """Ours, PEM, where the server asks for one."""
    key: FilePath | None = None
    """Of our certificate, where its file does not hold it."""
    first: bool = False
    """The handshake comes before the server's first word, as its `handshake_first` wants."""
    hostname: str | None = None
    """What the server's certificate must name, instead of the host in the url."""

    def __post_init__(self) -> None:
        if self.key is not None and self.certificate is None:
            raise ValueError("a key goes with certificate, which is missing")


class Nats(Table, frozen=True, kw_only=True):
    """The server between the processes; without a url the desk starts a private one."""

    url: str | list[str] | None = None
    user: str | None = None
    password: Secret | None = None
    token: Secret | None = None
    nkey_seed: FilePath | None = None
    """Holds the seed of an nkey user."""
    credentials: FilePath | None = None
    """A .creds file: a user's JWT and seed."""
    tls: NatsTls | None = None
    ping_interval: PingInterval = parse_duration("5s")
    """A server that leaves two pings unanswered is gone."""
    port: Port | None = None
    """Where the private server listens; 4222 if it is free, else any."""
    client: Literal["letrade", "nats-py"] = "letrade"
    """Who speaks to the server: our own engine, or nats-py, the reference."""

    def __post_init__(self) -> None:
        for key in ("nkey_seed", "credentials"):
            if _WRITTEN_OUT.fullmatch(getattr(self, key) or ""):
                raise ValueError(f"{key}: expected the path of a file, found what should be in that file")
        logins = [key for key in ("user", "token", "nkey_seed", "credentials") if getattr(self, key) is not None]
        if len(logins) > 1:
            raise ValueError(f"expected one of user, token, nkey_seed and credentials, found {' and '.join(logins)}")
        if self.password is not None and logins and self.user is None:
            raise ValueError(f"a password goes with user, found it next to {logins[0]}")
        alone = [key for key in ("token", "nkey_seed", "credentials", "tls") if getattr(self, key) is not None]
        if alone and not self.urls:
            raise ValueError(f"{alone[0]} goes with url: the private server of a desk knows its own users, without TLS")

    @property
    def urls(self) -> list[str]:
        """The servers to try, none for a private one."""
        return [self.url] if isinstance(self.url, str) else list(self.url or ())


class FaultsConfig(Table, frozen=True, kw_only=True):
    """What goes wrong at a simulated venue, each the probability of one answer, drawn from the seed."""

    seed: Count = 1
    lose: Probability = 0.0
    delay: Probability = 0.0
    delay_time: PositiveDuration = parse_duration("1s")
    repeat: Probability = 0.0
    refuse: Probability = 0.0


class LatencyConfig(Table, frozen=True, kw_only=True):
    """How the latencies of a simulated venue vary with time, and what an overloaded exchange turns away."""

    jitter: Duration = 0
    """The most that is added to a latency, drawn from the seed for each slot of time that is as long as this."""
    seed: Count = 1
    reject: Probability = 0.0
    """How often a request is turned away by the seed."""
    recorded: FilePath | None = None
    """Latencies as they were measured: CSV rows of time, request and response in ns; a negative one was rejected."""


class FillsConfig(Table, frozen=True, kw_only=True):
    """What is assumed of fills on recorded data; a key that is left out is what `assume` says."""

    assume: Literal["default", "optimistic", "pessimistic"] = "default"
    queue: Literal["none", "pessimistic", "probabilistic", "last"] | None = None
    """Who is before us at our price: nobody; what was shown when we came, of which trades alone take; the same, of
    which cancels take too by a share; all."""
    queue_power: Positive | None = None
    """n of the probabilistic share, back**n / (back**n + front**n)."""
    beyond_quote: Literal["wait", "one_tick"] | None = None
    """Where only the best bid and ask are known: what they do not show is not to be had, or one tick worse."""
    spread: NotNegative | None = None
    """On bars: a share of the price, of which a taker pays half."""
    impact: NotNegative | None = None
    """On bars: the share of the last bar's range by which an order of its whole volume moves the price; others by the
    square root of theirs."""
    volume_share: Positive | Literal["any"] | None = None
    """On bars: the most that we trade of a bar's volume."""

    def terms(self) -> dict[str, Any]:
        """What letrade.hotpath.simulation.door.new_market takes."""
        chosen = ASSUMPTIONS[self.assume] | {key: value for key in ASSUMED if (value := getattr(self, key)) is not None}
        share = chosen["volume_share"]
        return {
            "queue": chosen["queue"],
            "queue_power": float(chosen["queue_power"]),
            "one_tick_beyond": chosen["beyond_quote"] == "one_tick",
            "spread": float(chosen["spread"]),
            "impact": float(chosen["impact"]),
            "volume_share": -1.0 if share == "any" else float(share),
        }


ASSUMED = ("queue", "queue_power", "beyond_quote", "spread", "impact", "volume_share")
ASSUMPTIONS: dict[str, dict[str, Any]] = {
    name: dict(zip(ASSUMED, values, strict=True))
    for name, values in {
        "optimistic": ("none", "3", "one_tick", "0", "0", "any"),
        "default": ("pessimistic", "3", "wait", "0.0002", "0.5", "0.1"),
        "pessimistic": ("last", "3", "wait", "0.0004", "1", "0.02"),
    }.items()
}
"""What each assumption says of each key."""


class FeeTier(Table, frozen=True, kw_only=True):
    """The fees of an account from a traded volume on."""

    volume: Positive
    """In the currency that an instrument is paid in, over the 30 days (UTC) before today."""
    maker_fee: FeeRate
    taker_fee: FeeRate


class VenueConfig(Table, frozen=True, kw_only=True):
    """A place to trade. Orders reach it after `order_latency`, its answers come back after `response_latency`."""

    name: Name
    kind: Literal["paper"] = "paper"
    order_latency: PositiveDuration = parse_duration("50ms")
    response_latency: Duration = parse_duration("5ms")
    data_latency: Duration | None = None
    """How long market data takes from the venue to us: orders meet the market as it was at the venue's time, where the
    data say that, or so much before we saw it. None: both are one time."""
    latency: LatencyConfig = LatencyConfig()
    maker_fee: FeeRate = Decimal("0.0002")
    taker_fee: FeeRate = Decimal("0.0005")
    fee_currency: Currency = "quote"
    """`quote`, `base`, or the code of a third currency, priced by `fee_prices`."""
    fee_prices: dict[CurrencyPair, Positive] = {}
    fee_tiers: list[FeeTier] = msgspec.field(name="fee_tier", default_factory=list)
    """What the fees are from each volume on, which rises; below the first they are `maker_fee` and `taker_fee`."""
    fill_model: Literal["book", "quotes", "trades", "bars", "matching"] | None = None
    """What limits fills; chosen by what the feed knows when it is left out."""
    fills: FillsConfig = FillsConfig()
    max_leverage: Positive = Decimal("20")
    """How many times an account's equity its contracts may be worth; nothing where `margin` says more."""
    margin: MarginConfig | None = None
    """None: `max_leverage` alone limits contracts, and nothing is liquidated."""
    borrow: dict[Currency, BorrowConfig] = {}
    """What it lends to accounts that borrow, by currency."""
    funding: bool = False
    """Whether recorded funding rates are paid on contract positions."""
    funding_price: Literal["mark", "index"] = "mark"
    """What funding is computed with, at its very second: an oracle's price is an index."""
    funding_price_age: Duration = parse_duration("1h")
    """So far from the instant a price may stand in for it; the payment is marked as estimated."""
    faults: FaultsConfig = FaultsConfig()
    worker: Name | None = None

    def __post_init__(self) -> None:
        volumes = [tier.volume for tier in self.fee_tiers]
        if any(volume >= following for volume, following in itertools.pairwise(volumes)):
            found = ", ".join(str(volume) for volume in volumes)
            raise ValueError(f"fee_tier: expected volumes that rise from tier to tier, found {found}")

    @property
    def fee_max(self) -> Decimal:
        """The highest fee that a trade may come to; at least 0."""
        tiers = [fee for tier in self.fee_tiers for fee in (tier.maker_fee, tier.taker_fee)]
        return max(Decimal(0), self.maker_fee, self.taker_fee, *tiers)


class InstrumentConfig(Table, frozen=True, kw_only=True):
    """One version of an instrument: these numbers hold from `valid_from` until the next version."""

    name: InstrumentId
    kind: Literal["spot", "linear", "inverse"]
    base: Currency
    quote: Currency
    settle: Currency
    tick: Positive
    lot: Positive
    min_size: NotNegative = Decimal("0")
    min_notional: NotNegative = Decimal("0")
    multiplier: Positive = Decimal("1")
    """Base units of one contract, of an inverse one (settled in its base) quote units."""
    valid_from: Instant = 0
    expires: Instant = 0
    """When a dated future is settled; left out: at 08:00 UTC of the day that its id ends with, as -271231."""
    brackets: list[BracketConfig] = msgspec.field(name="bracket", default_factory=list)
    """Its leverage tiers, from the smallest on; they go before those of files."""

    @property
    def venue(self) -> str:
        return self.name.partition(".")[0]


class FeedEntry(Table, frozen=True, kw_only=True):
    """A source of market data; `config` holds the keys that its class declares."""

    name: Name
    path: str
    """The dotted name of the class."""
    feed_class: type
    config: msgspec.Struct
    kind: str | None = None
    speed: Literal["max", "live"] | Annotated[float, msgspec.Meta(gt=0)] = "max"
    """Times the recorded speed; `max` is stepped, as fast as the desk can; `live` is the wall clock."""
    files: list[str] = []


class ActorEntry(Table, frozen=True, kw_only=True):
    """An actor; `config` holds the keys that its class declares."""

    name: Name
    path: str
    """The dotted name of the class."""
    actor_class: type
    config: msgspec.Struct


class WorkerConfig(Table, frozen=True, kw_only=True):
    """A process of its own for some actors and feeds; an external one is started by somebody else."""

    name: Name
    actors: list[Name] = []
    feeds: list[Name] = []
    external: bool = False
    restarts: Count = 10
    restart_window: PositiveDuration = parse_duration("60s")


class RiskLimits(Table, frozen=True, kw_only=True):
    """What an opening request may not exceed; money in the reporting currency. None is no limit."""

    max_order_size: Positive | None = None
    max_order_notional: Positive | None = None
    max_position_notional: Positive | None = None
    max_gross_exposure: Positive | None = None
    price_band: Fraction | None = None
    """The largest distance of an order's price from the market, as a fraction of it."""
    max_orders_per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    stale_after: PositiveDuration | None = None
    max_daily_loss: Positive | None = None
    max_drawdown: Fraction | None = None


class RiskLimit(RiskLimits, frozen=True, kw_only=True):
    """Limits of one account, one instrument, or both, in place of the desk's."""

    name: Name
    account: Name | None = None
    instrument: InstrumentId | None = None


class RiskConfig(RiskLimits, frozen=True, kw_only=True):
    """The desk's limits, and those that differ."""

    stale_after: PositiveDuration | None = parse_duration("5s")
    own_orders: Literal["desk", "account"] = "desk"
    """Whose resting orders an order must not meet: those of all the desk's accounts, or of its own alone."""
    limits: list[RiskLimit] = msgspec.field(name="limit", default_factory=list)

    def limits_for(self, account: str, instrument: str) -> RiskLimits:
        """The limits that hold here: the desk's, each replaced by the last entry that fits and names it."""
        keys = RiskLimits.__struct_fields__
        chosen = {key: getattr(self, key) for key in keys}
        for limit in self.limits:
            if limit.account in (None, account) and limit.instrument in (None, instrument):
                chosen |= {key: getattr(limit, key) for key in keys if getattr(limit, key) is not None}
        return RiskLimits(**chosen)


class DeskConfig(Table, frozen=True, kw_only=True):
    """A whole desk, checked: every name that it mentions exists."""

    desk: Desk = Desk()
    nats: Nats = Nats()
    venues: list[VenueConfig] = msgspec.field(name="venue", default_factory=list)
    instruments: list[InstrumentConfig] = msgspec.field(name="instrument", default_factory=list)
    accounts: list[AccountConfig] = msgspec.field(name="account", default_factory=list)
    routes: list[RouteConfig] = msgspec.field(name="route", default_factory=list)
    feeds: list[FeedEntry] = msgspec.field(name="feed", default_factory=list)
    actors: list[ActorEntry] = msgspec.field(name="actor", default_factory=list)
    workers: list[WorkerConfig] = msgspec.field(name="worker", default_factory=list)
    risk: RiskConfig = RiskConfig()
    capital: CapitalConfig = CapitalConfig()

    def process_of(self, name: str) -> str:
        """The process that runs this actor, feed or venue: a worker's name, or `desk`."""
        for venue in self.venues:
            if venue.name == name:
                return venue.worker or DESK_PROCESS
        return next((w.name for w in self.workers if name in w.actors or name in w.feeds), DESK_PROCESS)
