"""The orders that work at one market: found by number, and side by side in priority."""

class WorkingOrders:
    """Spoken to by markets alone; its length is the number of working orders."""

    def __len__(self) -> int: ...
