"""The compiled books against their twins over thousands of random commands in markets of every kind."""

import pytest

from tests.hotpath.book_commands import BookCommands
from tests.hotpath.orders_commands import OrdersCommands


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("heal_crossed", [False, True])
def test_thousands_of_commands_give_what_the_slow_book_gives(seed: int, heal_crossed: bool) -> None:
    BookCommands(seed, heal_crossed=heal_crossed).run(4_000, 100)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_thousands_of_orders_give_what_the_slow_orders_book_gives(seed: int) -> None:
    OrdersCommands(seed).run(4_000, 100)
