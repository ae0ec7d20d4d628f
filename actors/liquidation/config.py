"""What an [[actor]] of the class LiquidationMonitor may say."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from letrade.core.actor import ActorConfig
from letrade.core.config.describe import did_you_mean
from letrade.core.config.values import Currency, Fraction, InstrumentId, Name, NotNegative, PositiveDuration
from letrade.core.errors import ConfigurationError
from letrade.core.margin.registry import RULES, venue_named, venues

SECOND_NS = 1_000_000_000
Kind = Literal["reduce", "add_margin", "close"]
REDUCE: Kind = "reduce"
ADD_MARGIN: Kind = "add_margin"
CLOSE: Kind = "close"


class LiquidationMonitorConfig(ActorConfig, frozen=True, kw_only=True):
    """Distances are shares of the mark: the adverse move that is left."""

    rules: str = ""
    """Whose margin rules: a venue's name; left out: [venue.margin] rules, else the venue's own name."""
    accounts: tuple[Name, ...] = ()
    """Whose positions are watched; () is those of every account."""
    account_type: str = ""
    """The venue's account type where it has several, such as multi_assets."""
    pegged: tuple[Currency, ...] = ("USD", "USDT", "USDC")
    """Currencies that count in full where an account is valued as a whole; others count for nothing."""
    watch: Fraction = Decimal("0.2")
    warn: Fraction = Decimal("0.1")
    act: Fraction = Decimal("0.05")
    hysteresis: NotNegative = Decimal("0.1")
    """By which share a distance must exceed a level's for the level to be left."""
    target_distance: Fraction = Decimal("0.1")
    """What a step brings the distance back to; more than act × (1 + hysteresis)."""
    policy: tuple[Kind, ...] = (REDUCE, ADD_MARGIN, CLOSE)
    """What is done, in this order, one after another that does not help; () only tells."""
    margin_budget: NotNegative = Decimal(0)
    """Of the settle currency, what may be added to one position in a day (UTC); of inverse contracts coins for so many
    quote units at the mark."""
    cost: Fraction = Decimal("0.002")
    """What closing is expected to lose of the value closed: fee and slippage."""
    step_patience: PositiveDuration = 2 * SECOND_NS
    """A step that has not been answered by then is followed by the next kind."""
    again_after: PositiveDuration = SECOND_NS // 20
    """A step that the venue was too busy for is tried again so much later, doubled each time up to `again_most`."""
    again_most: PositiveDuration = SECOND_NS
    speed_over: PositiveDuration = 20 * SECOND_NS
    """The speed of the marks is that of so much time."""
    outlook: PositiveDuration = 600 * SECOND_NS
    """A cut is so large that the next is not needed for so long, if the marks go on as fast as now."""
    close_within: PositiveDuration = 240 * SECOND_NS
    """What would be liquidated sooner than that at the present speed is closed."""
    stale_after: PositiveDuration = 5 * SECOND_NS
    """A mark that is older is not relied on alone."""
    hold: PositiveDuration = 600 * SECOND_NS
    """How long a position may not grow again after a step."""
    groups: tuple[tuple[InstrumentId, ...], ...] = ()
    """Instruments that hedge each other: what is closed of one is closed of all."""
    tolerance: Fraction = Decimal("0.001")
    """By which share our liquidation price may differ from the venue's."""

    @property
    def instruments(self) -> tuple[str, ...]:
        """What `groups` names."""
        return tuple(name for group in self.groups for name in group)


def check(config: LiquidationMonitorConfig, name: str) -> None:
    """ConfigurationError where the distances are in no order, or the rules are nobody's."""
    if config.rules and not any(rules.venue == venue_named(config.rules) for rules in RULES):
        told = f"{did_you_mean(config.rules, venues())}; known: {', '.join(venues())}"
        raise ConfigurationError(f'{name}: rules: there are none of "{config.rules}"{told}')
    types = sorted({rules.account for rules in RULES if rules.account})
    if config.account_type and config.account_type not in types:
        raise ConfigurationError(
            f'{name}: account_type: there is no "{config.account_type}"{did_you_mean(config.account_type, types)}; '
            f"known: {', '.join(types)}"
        )
    if not config.watch > config.warn > config.act:
        raise ConfigurationError(
            f"{name}: expected watch > warn > act, found {config.watch}, {config.warn}, {config.act}"
        )
    if config.target_distance <= config.act * (1 + config.hysteresis):
        least = config.act * (1 + config.hysteresis)
        raise ConfigurationError(f"{name}: expected target_distance above {least}, found {config.target_distance}")
