"""What each venue answers when it refuses a setting or an order: its own code and words, by what is wrong."""

from __future__ import annotations

from msgspec import Struct

BINANCE_ERRORS = "https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code"
BYBIT_ERRORS = "https://bybit-exchange.github.io/docs/v5/error"
OKX_ERRORS = "https://www.okx.com/docs-v5/en/#error-code"
HYPERLIQUID_ERRORS = "https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/error-responses"


class Refusal(Struct, frozen=True):
    """A code, "" where the venue has words alone."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


class Codes(Struct, frozen=True, kw_only=True):
    """None: the venue does it, and says nothing against it."""

    leverage_invalid: Refusal
    leverage_same: Refusal | None = None
    leverage_lowered: Refusal | None = None
    """On an isolated position, where the venue refuses that."""
    leverage_too_low: Refusal
    """There is not the margin for it."""
    leverage_too_high: Refusal
    """For what is held."""
    mode_same: Refusal | None = None
    mode_orders: Refusal
    mode_position: Refusal
    mode_backed: Refusal | None = None
    """Isolated margin in an account that coins back."""
    side_same: Refusal | None = None
    side_orders: Refusal
    side_position: Refusal
    side_wrong: Refusal
    """An order, or margin, of a leg in one-way mode, or of none in hedge mode."""
    margin_cross: Refusal
    margin_flat: Refusal
    margin_missing: Refusal
    """More is to be added than is free."""
    margin_bound: Refusal
    """More is to be taken out than the position can spare."""
    order_margin: Refusal
    order_tier: Refusal
    """The position would be larger than its leverage allows."""
    order_small: Refusal
    liquidating: Refusal


CODES = {
    "binance": Codes(
        leverage_invalid=Refusal("-4028", "INVALID_LEVERAGE"),
        leverage_lowered=Refusal("-4161", "ISOLATED_LEVERAGE_REJECT_WITH_POSITION"),
        leverage_too_low=Refusal("-2028", "MIN_LEVERAGE_RATIO"),
        leverage_too_high=Refusal("-2027", "MAX_LEVERAGE_RATIO"),
        mode_same=Refusal("-4046", "NO_NEED_TO_CHANGE_MARGIN_TYPE"),
        mode_orders=Refusal("-4047", "THERE_EXISTS_OPEN_ORDERS"),
        mode_position=Refusal("-4048", "THERE_EXISTS_QUANTITY"),
        mode_backed=Refusal("-4168", "Unable to adjust to isolated-margin mode under the Multi-Assets mode"),
        side_same=Refusal("-4059", "NO_NEED_TO_CHANGE_POSITION_SIDE"),
        side_orders=Refusal("-4067", "POSITION_SIDE_CHANGE_EXISTS_OPEN_ORDERS"),
        side_position=Refusal("-4068", "POSITION_SIDE_CHANGE_EXISTS_QUANTITY"),
        side_wrong=Refusal("-4061", "INVALID_POSITION_SIDE"),
        margin_cross=Refusal("-4049", "ADD_ISOLATED_MARGIN_REJECT"),
        margin_flat=Refusal("-4054", "ADD_ISOLATED_MARGIN_NO_POSITION_REJECT"),
        margin_missing=Refusal("-4050", "CROSS_BALANCE_INSUFFICIENT"),
        margin_bound=Refusal("-4051", "ISOLATED_BALANCE_INSUFFICIENT"),
        order_margin=Refusal("-2019", "MARGIN_NOT_SUFFICIENT"),
        order_tier=Refusal("-2027", "MAX_LEVERAGE_RATIO"),
        order_small=Refusal("-4164", "MIN_NOTIONAL"),
        liquidating=Refusal("-2023", "USER_IN_LIQUIDATION"),
    ),
    "bybit": Codes(
        leverage_invalid=Refusal("110013", "Due to risk limit, cannot set leverage"),
        leverage_same=Refusal("110043", "Set leverage not modified"),
        leverage_too_low=Refusal("110012", "Available balance not enough"),
        leverage_too_high=Refusal("110013", "Due to risk limit, cannot set leverage"),
        mode_same=Refusal("110026", "Cross/isolated margin mode is not modified"),
        mode_orders=Refusal("3400045", "Set margin mode failed"),
        mode_position=Refusal("3400045", "Set margin mode failed"),
        side_same=Refusal("110025", "Position mode is not modified"),
        side_orders=Refusal("110028", "There are open orders, so the position mode cannot be switched"),
        side_position=Refusal("110024", "There is a position, so the position mode cannot be switched"),
        side_wrong=Refusal("10001", "position idx not match position mode"),
        margin_cross=Refusal("110015", "The position is in cross margin"),
        margin_flat=Refusal("110033", "Margin cannot be set without an open position"),
        margin_missing=Refusal("110014", "Available balance not enough to add margin"),
        margin_bound=Refusal("110011", "Any adjustments made will trigger immediate liquidation"),
        order_margin=Refusal("110007", "Insufficient available balance"),
        order_tier=Refusal("110090", "The position may exceed the max limit at this leverage"),
        order_small=Refusal("110094", "Order does not meet minimum order value"),
        liquidating=Refusal("110005", "position status"),
    ),
    "okx": Codes(
        leverage_invalid=Refusal("59102", "Leverage exceeds the maximum leverage"),
        leverage_too_low=Refusal("59108", "Low leverage and insufficient margin"),
        leverage_too_high=Refusal("59102", "Leverage exceeds the maximum leverage"),
        mode_orders=Refusal("59000", "Your settings failed as you have positions or open orders"),
        mode_position=Refusal("59000", "Your settings failed as you have positions or open orders"),
        side_orders=Refusal("59000", "Your settings failed as you have positions or open orders"),
        side_position=Refusal("59000", "Your settings failed as you have positions or open orders"),
        side_wrong=Refusal("51000", "Parameter posSide error"),
        margin_cross=Refusal("59300", "Margin call failed: there is no isolated position"),
        margin_flat=Refusal("59300", "Margin call failed: position does not exist"),
        margin_missing=Refusal("59301", "Margin adjustment failed for exceeding the max limit"),
        margin_bound=Refusal("59301", "Margin adjustment failed for exceeding the max limit"),
        order_margin=Refusal("51008", "Order failed: insufficient margin"),
        order_tier=Refusal("51004", "Order amount exceeds current tier limit"),
        order_small=Refusal("51020", "Order amount should be at least the minimum"),
        liquidating=Refusal("", "the position is being liquidated"),
    ),
    "hyperliquid": Codes(
        leverage_invalid=Refusal("", "Invalid leverage value"),
        leverage_too_low=Refusal("", "The position does not have sufficient margin available to decrease leverage."),
        leverage_too_high=Refusal("", "Invalid leverage value"),
        mode_orders=Refusal("", "Cannot switch leverage type with open orders."),
        mode_position=Refusal("", "Cannot switch leverage type with open position."),
        side_orders=Refusal("", "Positions are one-way."),
        side_position=Refusal("", "Positions are one-way."),
        side_wrong=Refusal("", "Positions are one-way."),
        margin_cross=Refusal("", "The position is not isolated."),
        margin_flat=Refusal("", "There is no position."),
        margin_missing=Refusal("", "Insufficient margin to add."),
        margin_bound=Refusal("", "The position does not have sufficient margin available to remove."),
        order_margin=Refusal("PerpMargin", "Insufficient margin to place order."),
        order_tier=Refusal("PerpMaxPosition", "Order would cause position to exceed its margin tier limit"),
        order_small=Refusal("MinTradeNtl", "Order must have minimum value."),
        liquidating=Refusal("", "the account is being liquidated"),
    ),
}  # fmt: skip
