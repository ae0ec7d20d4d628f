"""What a compiled desk has done, as Python reads it: its orders, its fills, and the order in which both came."""
from array import array

from letrade.hotpath.simulation.desk import Desk

ORDER_COLUMNS: tuple[str, ...]
FILL_COLUMNS: tuple[str, ...]

def order_of(desk: Desk, number: int) -> tuple[int, ...]:
    """The ORDER_COLUMNS of one order, from 1."""

def fill_of(desk: Desk, place: int) -> tuple[int, ...]:
    """The FILL_COLUMNS of one fill, from 0."""

def orders_of(desk: Desk) -> dict[str, array[int]]:
    """ORDER_COLUMNS of all orders."""

def fills_of(desk: Desk) -> dict[str, array[int]]:
    """FILL_COLUMNS of all fills."""

def middles_of(desk: Desk) -> array[float]:
    """The desk's middle at the decision of each order."""

def realised_of(desk: Desk) -> array[float]:
    """Of each fill: what its strategy realised by it, without fees."""

def rates_of(desk: Desk) -> array[float]:
    """Of each fill: what one unit of what it is settled in was worth in the reporting currency; 0: not known."""

def course_of(desk: Desk) -> array[int]:
    """Orders sent (their numbers) and fills booked (~place), in the order of both."""

def refusals_of(desk: Desk) -> dict[int, int]:
    """Counts by rule."""

def prices_of(desk: Desk) -> list[float]:
    """The last price of each instrument that the desk has seen; 0: none."""
