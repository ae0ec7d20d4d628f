"""Money in 128 bits as Python sees it: for tests, and for reading accounts out at the end of a run."""

def product(left: int, right: int) -> int:
    """Doubtful beyond 128 bits, here and below."""

def total(left: int, right: int) -> int: ...
def difference(left: int, right: int) -> int: ...
def quotient_half_even(numerator: int, denominator: int) -> int:
    """The nearest whole number, ties to the even one. ValueError when the denominator is not above 0."""

def with_fewer_decimals(units: int, places: int) -> int:
    """units / 10**places, ties to the even one."""
