"""What a venue's margin mode decides, in words: one MarginRules a mode, with its source."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Contract = Literal["linear", "inverse"]
MarginMode = Literal["isolated", "cross"]
LiquidationUnit = Literal["position", "wallet", "account"]
TierBasis = Literal["mark_notional", "entry_notional", "contracts"]
TierForm = Literal["cumulative", "flat"]
TierEdge = Literal["lower", "upper"]
HedgeLegs = Literal["each", "refused"]
ValuePrice = Literal["mark", "entry"]
ClosingFees = Literal["none", "maintenance", "bankruptcy", "leveraged_entry", "leveraged"]
OrderMargin = Literal["larger_side", "refused"]
RatioName = Literal["maintenance_over_equity", "equity_over_maintenance", "equity_over_initial_less_adjustment"]


class MarginRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One margin mode of one venue. Slack = equity − maintenance of a unit; it is liquidated when slack reaches 0."""

    venue: str
    mode: str
    """The venue's own name for it in lower case, as "usdm_isolated"."""
    account: str = ""
    """The venue's account type, where it has several for one margin mode."""
    contracts: tuple[Contract, ...]
    margin_mode: MarginMode
    unit: LiquidationUnit
    """What is liquidated as one: a position, all positions of one settle currency, or the whole account."""
    numeraire: str | None = None
    """The currency an account is valued in; None: a unit is valued in its settle currency."""
    tier_basis: TierBasis
    """`contracts` is the size; a notional is quote units (linear) or coins (inverse)."""
    tier_form: TierForm
    """cumulative: rate × value − amount, continuous; flat: rate × value, so maintenance jumps at a floor."""
    tier_edge: TierEdge = "lower"
    """Which tier holds a size equal to a floor: "lower" means that caps are inclusive."""
    rate_is: Literal["maintenance", "adjustment"] = "maintenance"
    """An adjustment factor is divided by the leverage to give the maintenance rate."""
    maintenance_price: ValuePrice = "mark"
    initial_price: ValuePrice = "mark"
    closing_fees: ClosingFees = "none"
    """Added to maintenance: fee rate × value at the maintenance price (maintenance), the same at that price moved by
    1/leverage against the position (leveraged), at the price where the position's whole margin is spent (bankruptcy),
    value at entry × (1 + 1/leverage) (leveraged_entry)."""
    reserved_fee: Literal["none", "bankruptcy", "leveraged"] = "none"
    """The closing fee that the initial margin holds: on the value at the price where margin of 1/leverage is spent, or
    on value × (1 + 1/leverage)."""
    hedge_legs: HedgeLegs = "each"
    """Whether a long and a short leg of one instrument may be in one unit: the maintenance of each counts."""
    tier_size: Literal["leg", "legs"] = "leg"
    """The size that the tier is looked up by: of the leg, or of both legs of the instrument together."""
    orders: OrderMargin = "refused"
    """Open orders' initial margin. larger_side: of position + buys and position − sells, the larger."""
    collateral_moves: bool = False
    """A collateral or settle coin that is the instrument's underlying moves with its mark."""
    negative_wallet: bool = False
    """Whether a balance may be a debt."""
    haircut_by: Literal["amount", "value"] = "value"
    requirements_at: Literal["index", "ask"] = "index"
    """The price that an account's margins are valued at: ask is index × (1 + debt buffer)."""
    ratio: RatioName = "maintenance_over_equity"
    ratio_name: str
    """The venue's own word for the ratio it compares."""
    liquidated_at: Literal["reached", "passed"] = "reached"
    """reached: slack <= 0; passed: slack < 0."""
    formula: str
    source: str
    checked: str
    """The date (YYYY-MM-DD) of the text the rules were read from, or of the reading when the text has none."""
    since: str = ""
    """In force from this date (YYYY-MM-DD); "" from the beginning."""
    settles: tuple[str, ...] = ()
    """The settle currencies they are for; () all."""
    note: str = ""
    """What to know of the inputs or of the source, in a sentence."""
    limits: str = ""
    """What of the mode is not modelled; what depends on it is refused."""


class RefusedMode(Struct, frozen=True, kw_only=True):
    """A mode that a venue has and we do not model, with the reason."""

    venue: str
    margin_mode: MarginMode
    account: str = ""
    contracts: tuple[Contract, ...] = ("linear", "inverse")
    why: str
