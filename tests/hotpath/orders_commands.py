"""Random commands to the order-by-order book and its twin, compared as they go."""

from __future__ import annotations

import random

import numpy as np

from letrade.hotpath.book_orders import OrdersBook
from tests.models.book import BUY, SELL
from tests.models.book_orders import SlowOrdersBook

ORDERS_MAX = 150
IDS = [*range(1, 400), -(2**63), 2**63 - 1, 0, *range(2**40, 2**40 + 2**20, 2**12)]


class OrdersCommands:
    """About as many orders leave as join; prices are near, far, or at both ends of what is legal."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.book = OrdersBook()
        self.slow = SlowOrdersBook()
        self.done = 0

    def run(self, commands: int, compare_each: int) -> None:
        for number in range(commands):
            self._command()
            self.done += 1
            assert self.book.best() == self.slow.best(), f"after {self.done} commands"
            if number % compare_each == 0:
                self.compare()
        self.compare()

    def compare(self) -> None:
        book, slow = self.book, self.slow
        assert book.state_hash() == slow.state_hash(), f"after {self.done} commands"
        assert book.order_count == len(slow.orders)
        assert book.next_arrival == slow.next_arrival
        for side in (BUY, SELL):
            levels = slow.depth(side, 1000)
            assert book.depth(side, 1000) == levels
            assert book.levels(side) == len(levels)
            for price, lots in levels[:5]:
                assert book.queue(side, price) == slow.queue(side, price)
                assert book.lots_queued(side, price) == lots
                before = self.dice.randrange(1, slow.next_arrival + 1)
                assert book.lots_queued(side, price, before) == slow.lots_queued(side, price, before)
        for order_id in self.dice.sample(sorted(slow.orders), min(5, len(slow.orders))):
            order, ahead = slow.orders[order_id], slow.ahead(order_id)
            assert book.order(order_id) == (order.side, order.price, order.size)
            assert book.lots_ahead(order_id) == sum(other.size for other in ahead)
            assert book.orders_ahead(order_id) == len(ahead)

    def _command(self) -> None:
        chance = self.dice.random()
        order_id = self.dice.choice(IDS)
        if order_id not in self.slow.orders and chance < 0.9 and len(self.slow.orders) < ORDERS_MAX:
            self._tell(0, order_id, self.dice.choice((BUY, SELL)), self._price(), self._size())
            return
        if chance < 0.95 and self.slow.orders:
            order_id = self.dice.choice(list(self.slow.orders))
        order = self.slow.orders.get(order_id)
        if chance < 0.3:
            price = order.price if order and self.dice.random() < 0.6 else self._price()
            self._tell(1, order_id, BUY, price, self._size())
        elif chance < 0.6:
            self._tell(3, order_id, BUY, 1, min(self._size(), order.size) if order else 1)
        elif chance < 0.998:
            self._tell(2, order_id, BUY, 1, 1)
        else:
            kept = self.book.dump()
            self.book = OrdersBook()
            self.book.load_bytes(kept)
            assert self.book.dump() == kept

    def _tell(self, event: int, order_id: int, side: int, price: int, size: int) -> None:
        """By a call of its own or as a batch of one; both books must say the same of it."""
        book, slow = self.book, self.slow
        match event:
            case 0:
                slow.add(order_id, side, price, size)
                known = True
            case 1:
                known = slow.change(order_id, price, size)
            case 2:
                known = slow.remove(order_id)
            case _:
                known = slow.trade(order_id, size)
        if self.dice.random() < 0.5:
            words = [np.array([word], np.int64) for word in (order_id, price, size)]
            marks = [np.array([mark], np.int8) for mark in (event, side)]
            assert book.apply_batch(marks[0], words[0], marks[1], *words[1:]) == (not known)
            return
        match event:
            case 0:
                book.add(order_id, side, price, size)
            case 1:
                assert book.change(order_id, price, size) == known
            case 2:
                assert book.remove(order_id) == known
            case _:
                assert book.trade(order_id, size) == known

    def _price(self) -> int:
        far = self.dice.choice([1, 1000, 2**62, 50_000 + self.dice.randrange(300_000)])
        return self.dice.choice([self.dice.randrange(90, 111), self.dice.randrange(90, 111), far])

    def _size(self) -> int:
        return self.dice.choice([1, 2, 5, 100, 2**50])
