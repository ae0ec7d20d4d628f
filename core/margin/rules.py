"""What a venue's margin mode decides, in words: one MarginRules a mode, with its source."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Contract = Literal["linear", "inverse"]
MarginMode = Literal["isolated", "cross"]
LiquidationUnit = Literal["position", "wallet", "account"]
TierBasis = Literal["mark_notional", "entry_notional", "contracts", "coin"]
TierForm = Literal["cumulative", "flat"]
TierEdge = Literal["lower", "upper"]
HedgeLegs = Literal["each", "larger", "net"]
ValuePrice = Literal["mark", "entry"]
ClosingFees = Literal["none", "maintenance", "bankruptcy"]
OrderMargin = Literal["none", "sum", "larger_side", "larger_value"]
RatioName = Literal["maintenance_over_equity", "equity_over_maintenance", "equity_over_initial_less_adjustment"]


class MarginRules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One margin mode of one venue. Slack = equity − maintenance of a unit; it is liquidated when slack reaches 0."""

    venue: str
    mode: str
    """The venue's own name for it in lower case, as "usdm_isolated"."""
    contracts: tuple[Contract, ...]
    margin_mode: MarginMode
    unit: LiquidationUnit
    """What is liquidated as one: a position, all positions of one settle currency, or the whole account."""
    numeraire: str | None = None
    """The currency an account is valued in; None: a unit is valued in its settle currency."""
    tier_basis: TierBasis
    """`contracts` is the size, `coin` size × multiplier; a notional is quote units (linear) or coins (inverse)."""
    tier_form: TierForm
    """cumulative: rate × value − amount, continuous; flat: rate × value, so maintenance jumps at a floor."""
    tier_edge: TierEdge = "lower"
    """Which tier holds a size equal to a floor: "lower" means that caps are inclusive."""
    rate_is: Literal["maintenance", "adjustment"] = "maintenance"
    """An adjustment factor is divided by the leverage to give the maintenance rate."""
    maintenance_price: ValuePrice = "mark"
    initial_price: ValuePrice = "mark"
    closing_fees: ClosingFees = "none"
    """maintenance: fee rate × value at the maintenance price is added to maintenance; bankruptcy: at the price at which
    the margin of the position's leverage is spent."""
    hedge_legs: HedgeLegs = "each"
    orders: OrderMargin = "none"
    collateral_moves: bool = False
    """A collateral or settle coin that is the instrument's underlying moves with its mark."""
    gains_count: bool = True
    """Unrealised gains add to the coin's balance before the haircut."""
    negative_wallet: bool = False
    """Whether a balance may be a debt."""
    haircut_by: Literal["amount", "value"] = "value"
    ratio: RatioName = "maintenance_over_equity"
    ratio_name: str
    """The venue's own word for the ratio it compares."""
    liquidated_at: Literal["reached", "passed"] = "reached"
    """reached: slack <= 0; passed: slack < 0."""
    formula: str
    source: str
    checked: str
    """The date (YYYY-MM-DD) of the text the rules were read from."""
    limits: str = ""
    """What of the mode is not modelled, in a sentence."""
