"""What capital has to spare at the least: most orders are far from any limit, and need no sum over all instruments."""

from letrade.hotpath.simulation.purse import Purse

class Headroom(Purse):
    """Sums of bounds in whole numbers, kept as shares and orders change; they hold while prices stay in their bands."""

    @property
    def spared(self) -> int:
        """How many orders needed no sum over all instruments."""
