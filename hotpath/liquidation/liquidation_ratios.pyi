"""Margin ratios and slacks of all positions of one instrument at one price: columns in, a column out."""

import numpy as np
from numpy.typing import NDArray

class PositionRatios:
    """The maintenance tiers of one instrument: from each floor on, rate × value − amount is to be kept.

    A position of quantity q (short: below 0), entry e and margin m has at the value v (its mark price) equity
    m + q × (v − e) and is worth |q| × v, by which its tier is found; a floor is of its own tier. Inverse contracts are
    the same in v = 1 / mark and e = 1 / entry, with the sign of q turned. In doubles, for display: what decides is
    decided exactly elsewhere.
    """

    def __new__(
        cls, floors: NDArray[np.float64], rates: NDArray[np.float64], amounts: NDArray[np.float64]
    ) -> PositionRatios:
        """Floors begin at 0 and rise; ValueError for others and for numbers that are not finite."""
    def ratios(
        self,
        value: float,
        quantities: NDArray[np.float64],
        entries: NDArray[np.float64],
        margins: NDArray[np.float64],
        answers: NDArray[np.float64],
    ) -> None:
        """Writes maintenance / equity of each row: 1 is liquidation; infinite without equity, NaN where a NaN is."""
    def slacks(
        self,
        value: float,
        quantities: NDArray[np.float64],
        entries: NDArray[np.float64],
        margins: NDArray[np.float64],
        answers: NDArray[np.float64],
    ) -> None:
        """Writes equity − maintenance of each row: 0 is liquidation."""
