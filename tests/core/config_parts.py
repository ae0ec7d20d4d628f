"""Actors, a feed and desk files for the tests of the configuration; and classes that cannot be used."""

from pathlib import Path

from letrade.core.actor import Actor, ActorConfig
from letrade.core.config.desk import DeskConfig
from letrade.core.config.load import build_desk, load_desk
from letrade.core.config.problems import Origin
from letrade.core.config.secrets import Secret
from letrade.core.config.values import Duration, Positive
from letrade.core.feed import Feed
from letrade.core.messages.market import Instrument
from letrade.core.stage import Stage

HERE = __name__
FEED_KINDS = {"flow": f"{HERE}.Flow", "capture": f"{HERE}.Capture", "synthetic_flow": f"{HERE}.Flow"}


class CrossConfig(ActorConfig, frozen=True, kw_only=True):
    """A key of each type that an actor may want."""

    instrument: str
    fast: int = 5
    slow: int = 20
    bar: Duration = 1_000_000_000
    size: Positive | None = None
    windows: list[int] = []
    bars: tuple[Duration, ...] = (60_000_000_000,)
    key: Secret | None = None

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            raise ValueError(f"expected fast below slow, found {self.fast} and {self.slow}")


class Cross(Actor):
    """A strategy that does nothing."""

    stage = Stage.STRATEGY
    Config = CrossConfig


class BookOfConfig(ActorConfig, frozen=True, kw_only=True):
    """Names of several instruments and of an account."""

    instruments: list[str] = []
    account: str | None = None
    feature_set: str = ""


class BookOf(Actor):
    """An actor of several instruments."""

    stage = Stage.MARKET
    Config = BookOfConfig


class FlowConfig(ActorConfig, frozen=True, kw_only=True):
    """A number, and a key that every feed has as well."""

    rate: float = 10.0
    files: list[str] = []


class Flow(Feed):
    """A feed of what the desk knows already."""

    Config = FlowConfig


class Capture(Feed):
    """A feed that tells of instruments that no file defines."""

    def instruments(self) -> tuple[Instrument, ...]:
        return ()


class NotAnActor:
    """Has nothing of an actor."""


class OddConfig(Actor):
    """Its Config is no Struct."""

    stage = Stage.STRATEGY
    Config = dict  # type: ignore[assignment]


class UnresolvedConfig(ActorConfig, frozen=True, kw_only=True):
    """Its annotation names what this module does not have."""

    odd: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


class Unresolved(Actor):
    """An actor with such a Config."""

    stage = Stage.STRATEGY
    Config = UnresolvedConfig


DESK = f"""
[[venue]]
name = "binance"

[[instrument]]
name = "binance.BTC-USDT"
tick = "0.01"
lot = "0.00001"

[[account]]
name = "paper"
venue = "binance"
balances = {{ USDT = "100000" }}

[[feed]]
name = "flow"
kind = "flow"

[[actor]]
name = "ma_cross-1"
class = "{HERE}.Cross"
instrument = "binance.BTC-USDT"
"""


def write(folder: Path, text: str, name: str = "desk.toml") -> Path:
    """A desk file of this text."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def load(folder: Path, *texts: str, **overrides: str) -> DeskConfig:
    """The desk of these texts, one file each, the first named desk.toml."""
    files = [write(folder, text, f"desk{index or ''}.toml") for index, text in enumerate(texts)]
    return load_desk(files, overrides, feed_kinds=FEED_KINDS)


def built(tables: dict[str, object], **overrides: str) -> DeskConfig:
    """The desk of tables that no file holds."""
    return build_desk([(Origin("tables"), tables)], overrides, FEED_KINDS)
