"""What an [[actor]] of the class LeverageManager may say."""

from __future__ import annotations

from decimal import Decimal

from letrade.core.actor import ActorConfig
from letrade.core.config.values import Fraction, InstrumentId, Name, NotNegative, Positive, PositiveDuration
from letrade.core.errors import ConfigurationError

SECOND_NS = 1_000_000_000


class LeverageManagerConfig(ActorConfig, frozen=True, kw_only=True):
    """Leverage is notional / equity at risk: an isolated position's own margin, else the account's equity."""

    cap: Positive = Decimal(10)
    """The most, of each position and of all positions of an account together."""
    caps: dict[InstrumentId, Positive] = {}
    """Of single instruments, in place of `cap`."""
    accounts: tuple[Name, ...] = ()
    """Whose leverage this is; () is that of every account."""
    feature_set: str = ""
    """Whose features decide; "" takes any."""
    volatility: str = ""
    """The feature that is the volatility; "" does without."""
    volatility_budget: Positive = Decimal("0.02")
    """Leverage × volatility is no more than this."""
    trend: str = ""
    """The feature whose sign is the trend's; "" does without."""
    against_trend: Fraction = Decimal("0.5")
    """What is left of the limit of a position against the trend."""
    regime: str = ""
    """The feature whose whole number names a regime; "" does without."""
    regimes: dict[str, NotNegative] = {}
    """What is left of the limit in each regime, by its number; 1 where it is not named."""
    full_distance: Fraction = Decimal("0.08")
    """Nearer to liquidation than this (LiquidationNear) the limit of a cross position falls in proportion."""
    hysteresis: Fraction = Decimal("0.05")
    """A limit stands between 1 and 1 − 2 × this of what is computed, and is set anew in between when it leaves that."""
    margin_share: NotNegative = Decimal("0.5")
    """Of the free balance, what may be added to isolated positions whose leverage is too high."""
    set_leverage: bool = True
    """Whether the venue's own setting is made to fit while a contract is flat."""
    every: PositiveDuration = SECOND_NS
    """How often prices alone make it look anew; what is held, and how near liquidation is, always does."""
    patience: PositiveDuration = 5 * SECOND_NS
    """How long after a refusal, or an answer that is not what was asked for, it is asked for again."""

    def __post_init__(self) -> None:
        if self.regimes and not self.regime:
            raise ConfigurationError("expected regime, the feature that names one, beside regimes, found none")

    @property
    def instruments(self) -> tuple[str, ...]:
        """What `caps` names."""
        return tuple(self.caps)
