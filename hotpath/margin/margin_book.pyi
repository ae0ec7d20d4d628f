"""Margin of many accounts: tier tables, haircuts and positions in; slack, liquidation prices and scenarios out."""
from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

_Answer = Literal["price", "none", "liquidated", "uncertain"]

class MarginBook:
    """Accounts, what they hold, and what the venues' rules make of it.

    A unit that is liquidated as one (a position, a wallet, an account) is an account here. Its slack = equity −
    maintenance in its numeraire, and it is liquidated when slack is 0 or below. Instruments and coins are numbered from
    0; tables, haircuts, accounts and positions get their numbers from the method that adds them. Each number has a
    proven bound: the true value lies within it. Numbers given are doubles that stand for decimals, so the bound counts
    half a unit in the last place of each; `exact_inputs` says that they are meant as they are.

    Every number is finite, and 0 or from 1e-25 to 1e25 either way: ValueError for any other; IndexError for a number of
    nothing known; RuntimeError for a change while another thread computes scenarios.
    """

    def __new__(cls, *, instruments: int, coins: int, exact_inputs: bool = ...) -> Self: ...
    def add_tiers(
        self,
        floors: Sequence[float],
        rates: Sequence[float],
        amounts: Sequence[float] | None = None,
        *,
        cap: float | None = None,
        form: Literal["cumulative", "flat"] = "cumulative",
        edge: Literal["lower", "upper"] = "lower",
    ) -> int:
        """A table of maintenance rates; floors begin at 0 and rise, in the unit of the instrument's tier_basis.

        cumulative: rate × value − amount, where amounts that are not given are those that make it continuous; given
        ones may be off by a millionth of the floor. flat: rate × value. edge "lower": a size equal to a floor is of the
        tier below. A present size above `cap` is refused by every single computation; where marks move, the last tier
        goes on.
        """
    def add_haircut(
        self, floors: Sequence[float], shares: Sequence[float], *, by: Literal["value", "amount"] = "value"
    ) -> int:
        """Which share of a collateral counts from each floor on (by value in the numeraire, or amount); 0 is a cap."""
    def set_coin(self, coin: int, index: float, *, fixed: bool = ...) -> None:
        """The price of a coin in the numeraire of the accounts that hold it (1 for the numeraire itself).

        `fixed`: it stays in a common move of everything else. A coin that is valued in two numeraires has two numbers.
        """
    def set_instrument(
        self,
        instrument: int,
        *,
        tiers: int,
        settle: int,
        inverse: bool = ...,
        multiplier: float = 1.0,
        base: int | None = None,
        tier_basis: Literal["mark_notional", "entry_notional", "contracts", "coin"] = "mark_notional",
        maintenance_price: Literal["mark", "entry"] = "mark",
        hedge_legs: Literal["each", "larger", "net"] = "each",
        fee: float = 0.0,
    ) -> None:
        """The rules of one mark, once.

        Value is size × multiplier × price (linear, in quote), or size × multiplier / price (inverse, in coin), in the
        coin `settle`. `base` is the coin whose index moves as the mark does when its liquidation price is sought.
        Maintenance counts fee × value besides the tiers. The larger of two legs is that of the larger size, or value at
        entry: rules in which that may not have the larger margin are refused, and a net by entry.
        """
    def change_tiers(self, instrument: int, tiers: int) -> None:
        """Another table from now on."""
    def set_mark(self, instrument: int, price: float) -> None: ...
    def add_account(self) -> int: ...
    def set_collateral(
        self,
        account: int,
        coin: int,
        balance: float,
        *,
        haircut: int | None = None,
        liability: float | None = None,
        joins: bool = ...,
    ) -> None:
        """A balance, in place of the one before. A debt needs `liability`: how much of it counts, 1 or more.

        `joins`: unrealised in this coin adds to the balance before the haircut; without, all of it counts.
        """
    def add_position(
        self, account: int, instrument: int, side: int, size: float, entry: float, *, fixed: float = 0.0
    ) -> int:
        """A leg, one of each side (BUY, SELL) in an instrument; `fixed` is further maintenance, in its settle coin."""
    def change_position(self, position: int, size: float, entry: float, *, fixed: float = 0.0) -> None:
        """Size 0 closes it; a number above 0 opens it again."""
    def margins(self, account: int) -> tuple[float, float, float, float]:
        """Equity, maintenance, slack, and how far the true slack is from it at most."""
    def slack(self, account: int) -> tuple[float, float]:
        """Slack and its bound: its sign is proved where it is greater than the bound, or both are 0."""
    def ratio(self, account: int) -> float:
        """Maintenance / equity; infinity when there is maintenance and no equity."""
    def liquidation(self, position: int) -> tuple[_Answer, float | None, float]:
        """The first mark at which the account's slack is used up when no other mark moves.

        It is sought first on the side where the instrument's legs together lose, then, when there is none, on the
        other, where a coin of the account may lose more than the legs gain; on the nearer side where the legs do
        neither. The answer, the price, and how far the true one is from it at most: slack is certainly above 0 that
        far to the safe side, and 0 or below that far beyond. "none" has no price: between 1e-12 and 1e12 times the
        mark there is none. "liquidated": it is at the present marks, and the price is the mark. "uncertain": the given
        numbers leave the sign, or of two prices the side, open at the price that is told.
        """
    def bankruptcy(self, position: int) -> tuple[_Answer, float | None, float]:
        """The same for equity without maintenance."""
    def common_move(self, account: int) -> tuple[_Answer, float | None, float]:
        """The smallest move of all marks and of the indexes that are not fixed that uses up slack, as a fraction."""
    def assess_scenarios(
        self,
        prices: ArrayLike,
        indexes: ArrayLike | None = None,
        *,
        haircut_scales: ArrayLike | None = None,
        rate_scales: ArrayLike | None = None,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
        """Slacks and their bounds, of shape (scenarios, accounts), and of how many of them the sign stays open.

        prices: (scenarios, instruments); indexes: (scenarios, coins), or those set; haircut_scales and rate_scales:
        (scenarios,), by which haircuts (1 − share, and what a debt counts for above 1) and what the tiers ask for, fees
        aside, are multiplied.
        Other threads run meanwhile. Where a size is above the last tier's cap, the last tier goes on.
        """
