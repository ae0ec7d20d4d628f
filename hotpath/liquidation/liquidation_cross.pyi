"""Cross accounts of several positions: a price finds those that it brings to a slack of 0, each once."""

import numpy as np
from numpy.typing import NDArray

class CrossIndex:
    """Accounts by handle, over instruments 0 to n - 1; `values` are their first prices (or inverses of prices).

    slack = base + Σ legs (constant + slope × value of the leg's instrument), summed in this order in doubles, where the
    constant and slope of a leg are those of the segment that its value lies in. An account fires when a tick finds its
    slack at or below 0 (NaN is refused at the door), exactly as if every account were computed anew at every tick.

    Accounts that are far from it are guarded by bands: a tick looks only at those whose bands it leaves, or that were
    given none yet. `bands_per_tick` bounds how many bands one tick draws anew (the others stay watched, at the cost of
    computing their slack at each tick), and with it the time that the worst tick takes.
    """

    def __new__(cls, values: NDArray[np.float64], *, bands_per_tick: int = 2_000) -> CrossIndex: ...
    def __len__(self) -> int:
        """All accounts, those that have fired too."""
    def load(
        self,
        bases: NDArray[np.float64],
        legs: NDArray[np.int64],
        instruments: NDArray[np.int64],
        segments: NDArray[np.int64],
        edges: NDArray[np.float64],
        constants: NDArray[np.float64],
        slopes: NDArray[np.float64],
        handles: NDArray[np.int64],
    ) -> None:
        """Adds accounts and writes their handles; all is checked before the first is added.

        For each account its base and its number of legs; for each leg its instrument and its number of segments; for
        each segment the value from which on it holds (0 for the first of a leg, then rising; a value at an edge is of
        the upper segment), its constant and its slope. All numbers lie within 1e100 of 0. ValueError for others.
        """
    def update(
        self,
        handle: int,
        bases: NDArray[np.float64],
        legs: NDArray[np.int64],
        instruments: NDArray[np.int64],
        segments: NDArray[np.int64],
        edges: NDArray[np.float64],
        constants: NDArray[np.float64],
        slopes: NDArray[np.float64],
    ) -> None:
        """The account of a handle is this one from now on (the arrays hold one account), also if it has fired."""
    def set_base(self, handle: int, base: float) -> None:
        """Another base, as when cash comes or goes, also for one that has fired."""
    def remove(self, handle: int) -> None:
        """Ends an account; its handle means nothing from here on. KeyError for a handle of none."""
    def tick(self, instrument: int, value: float, crossed: NDArray[np.int64]) -> int:
        """The instrument has this value now: writes the handles of accounts without slack; how many were written.

        By place, each once until `update` or `set_base`. What finds no room waits, whatever ticks come, and is written
        first by the next call. The array is held until another one is given, so that it is checked only once.
        """
    @property
    def instruments(self) -> int:
        """How many there are."""
    @property
    def bands_per_tick(self) -> int:
        """As given."""
    @property
    def waiting(self) -> int:
        """How many have fired and found no room yet."""
    @property
    def watched(self) -> int:
        """How many accounts each tick computes anew, as no band guards them."""
    def slack(self, handle: int) -> float:
        """Of one account, at the present values."""
    def value(self, instrument: int) -> float:
        """The last value of an instrument."""
    def state_hash(self) -> int:
        """An unsigned 64-bit number of all accounts and their slacks, by place."""
