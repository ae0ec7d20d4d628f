"""Random commands of all kinds to both matching engines, one by one and in batches, and to their slow twin."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

from letrade.hotpath.constants import (
    AMEND,
    BUY,
    CANCEL,
    CANCEL_NEWEST,
    DECREMENT,
    FOK,
    GTC,
    GTD,
    IOC,
    LIMIT_ORDER,
    MARKET_ORDER,
    PLACE,
    RESTING,
    SELL,
    STOP_LIMIT,
    STOP_MARKET,
    TAKE_PROFIT_LIMIT,
    TAKE_PROFIT_MARKET,
    TRAILING_STOP,
    UNKNOWN_ORDER,
    WAITING,
)
from letrade.hotpath.matcher import Matcher
from letrade.hotpath.matching import MatchingEngine
from letrade.hotpath.matching_rows import COMMAND
from tests.models.matching import SlowEngine

Row = dict[str, int]
LIVE_AIM = 100  # orders; the twin is slow with many
KINDS = [LIMIT_ORDER] * 20 + [MARKET_ORDER] * 2
KINDS += [STOP_MARKET, STOP_LIMIT, TAKE_PROFIT_MARKET, TAKE_PROFIT_LIMIT, TRAILING_STOP]
WITH_PRICE = (LIMIT_ORDER, STOP_LIMIT, TAKE_PROFIT_LIMIT)
TERMS = ("price", "time_in_force", "expires", "trigger", "trail", "source", "shown", "group")
FLAGS = ("post_only", "reduce_only", "self_trade")


class Flow:
    """One seed's commands, the engines that they go to, and what must be the same in all of them."""

    def __init__(self, seed: int, width_ticks: int = 12, batch_rows: int = 32) -> None:
        self.chance = Random(seed)
        self.width_ticks = width_ticks
        self.batch_rows = batch_rows
        self.count = 0
        self.middle = 1_000
        self.slow = SlowEngine()
        self.engine = MatchingEngine()
        self.matcher = Matcher()
        self.batched = Matcher()
        self.handles: dict[int, int] = {}  # of each order that ever stood somewhere
        self.batch_handles: dict[int, int] = {}
        self.rows: list[Row] = []
        self.fills: list[tuple[int, int, int, int]] = []
        self.notices: list[tuple[int, int, int]] = []
        self.traded_lots = 0

    def price(self, side: int = 0) -> int:
        """Near the middle, mostly on the side's own side of it; now and then so far that it is outside the window."""
        if self.chance.random() < 0.02:
            return self.chance.choice([1, 500] if side == BUY else [2_000_000, 2**40, 2**62 - 1])
        own_way = side if self.chance.random() < 0.92 else -side
        return max(self.middle - own_way * self.chance.randrange(self.width_ticks), 1)

    def step(self) -> None:
        self.count += 1
        if self.chance.random() < 0.0005:  # far enough to move the window
            self.middle = self.chance.choice([1_000, 250_000, 500_000])
        kind = self.chance.random()
        if kind < 0.8 and not (kind < 0.3 and len(self.slow.live()) > LIVE_AIM):
            self.place(self.new_order())
        elif kind < 0.89:
            self.cancel(self.old_id())
        elif kind < 0.98:
            self.amend(self.old_id())
        elif kind < 0.99:
            self.tell_price(self.chance.randrange(3), self.price())
        else:
            self.pass_time(self.slow.time + self.chance.randrange(20))

    def old_id(self) -> int:
        """An order that may have ended long ago."""
        live = self.slow.live()
        if live and self.chance.random() < 0.9:
            return self.chance.choice(live).id
        return self.chance.randrange(1, self.count + 1)

    def new_order(self) -> Row:
        chance = self.chance
        kind = chance.choice(KINDS)
        row = {"id": self.count, "owner": chance.randrange(4), "side": chance.choice([BUY, SELL]), "kind": kind}
        row |= {"size": chance.randrange(1, 12), "price": self.price(row["side"]) if kind in WITH_PRICE else 0}
        row["time_in_force"] = chance.choice([GTC] * 8 + [IOC, FOK, GTD, GTD])
        stays = row["time_in_force"] in (GTC, GTD)
        row["expires"] = self.slow.time + chance.randrange(-1, 400) if row["time_in_force"] == GTD else 0
        if row["time_in_force"] == GTD and row["expires"] <= 0:
            row["expires"] = 1
        row["self_trade"] = chance.randrange(CANCEL_NEWEST, DECREMENT + 1)
        row["group"] = chance.randrange(1, 5) if chance.random() < 0.15 else 0
        row["reduce_only"] = int(row["owner"] != 0 and chance.random() < 0.15)
        row["post_only"] = int(stays and kind in WITH_PRICE and chance.random() < 0.1)
        is_iceberg = stays and kind in WITH_PRICE and chance.random() < 0.2
        row["shown"] = chance.randrange(1, row["size"] + 1) if is_iceberg else 0
        row["source"] = chance.randrange(3) if kind > MARKET_ORDER else 0
        row["trigger"] = self.price() if kind > MARKET_ORDER else 0
        row["trail"] = chance.randrange(1, 6) if kind == TRAILING_STOP else 0
        if kind == TRAILING_STOP and self.slow.prices[row["source"]] and chance.random() < 0.7:
            row["trigger"] = 0
        return row

    def place(self, row: Row) -> None:
        terms: dict[str, Any] = {name: row[name] for name in TERMS + FLAGS}
        head = (row["kind"], row["side"], row["size"])
        expected = self.slow.place_terms(row["id"], row["owner"], *head, **terms)
        assert self.engine.place(row["id"], row["owner"], *head, **terms) == expected, row
        answer = self.matcher.place(*head, owner=row["owner"], id=row["id"], **terms)
        self.check_answer(row["id"], answer, expected)
        self.add_row(row | {"action": PLACE})

    def check_answer(self, order_id: int, answer: int, expected: tuple[int, int, list[Any]]) -> None:
        status, left, trades = expected
        if status in (RESTING, WAITING):
            self.handles[order_id] = answer
            assert answer > 0
        else:
            assert answer == -status
        assert self.matcher.left == left
        assert self.matcher.take_trades() == trades
        self.check_notices()
        self.fills += trades

    def check_notices(self) -> None:
        expected, self.slow.notices = self.slow.notices, []
        assert self.matcher.take_notices().tolist() == expected
        assert self.engine.take_notices().tolist() == expected
        self.notices += [notice[:3] for notice in expected]

    def cancel(self, order_id: int) -> None:
        lots = self.slow.cancel(order_id)
        assert self.engine.cancel(order_id) == lots
        assert self.matcher.cancel(self.handles.get(order_id, 0)) == lots
        self.add_row({"action": CANCEL, "order": order_id})

    def amend(self, order_id: int) -> None:
        chance = self.chance
        order = self.slow.find(order_id)
        price, size, trigger = self.price(), chance.randrange(1, 12), 0
        if order is not None:
            price = self.price(order.side)
            price = chance.choice([price, order.price]) if order.kind in WITH_PRICE else 0
            if order in self.slow.waiting and chance.random() < 0.6:
                trigger = self.price()
        expected = self.slow.amend_order(order_id, price, size, trigger)
        assert self.engine.amend(order_id, price, size, trigger) == expected
        answer = self.matcher.amend(self.handles.get(order_id, 0), price, size, trigger)
        assert expected[0] != UNKNOWN_ORDER or answer == -UNKNOWN_ORDER
        self.check_answer(order_id, answer, expected)
        self.add_row({"action": AMEND, "order": order_id, "price": price, "size": size, "trigger": trigger})

    def tell_price(self, source: int, price: int) -> None:
        self.flush()
        count = self.slow.trigger_price(source, price)
        for engine in (self.engine, self.matcher, self.batched):
            assert engine.trigger_price(source, price) == count
        trades, self.slow.fills = self.slow.fills, []
        for engine in (self.engine, self.matcher, self.batched):
            assert engine.take_trades() == trades
        self.check_notices()
        self.batched.take_notices()
        self.notices = []
        self.traded_lots += sum(trade[3] for trade in trades)

    def pass_time(self, time: int) -> None:
        self.flush()
        count = self.slow.advance(time)
        for engine in (self.engine, self.matcher, self.batched):
            assert engine.advance(time) == count
        self.check_notices()
        self.batched.take_notices()
        self.notices = []

    def add_row(self, row: Row) -> None:
        self.rows.append(row)
        if len(self.rows) >= self.batch_rows:
            self.flush()

    def flush(self) -> None:
        """Hands the collected commands to the engine that works in batches."""
        commands, answers = np.zeros(len(self.rows), COMMAND), np.zeros(len(self.rows), np.int64)
        places = {row["id"]: at for at, row in enumerate(self.rows) if row["action"] == PLACE}
        for at, row in enumerate(self.rows):
            for name, value in row.items():
                commands[name][at] = value
            if row["action"] != PLACE:
                made_at = places.get(row["order"], at)
                commands["order"][at] = -1 - made_at if made_at < at else self.batch_handles.get(row["order"], 0)
        assert self.batched.run(commands, answers) == len(self.rows)
        for at, row in enumerate(self.rows):
            if row["action"] == PLACE and answers[at] > 0:
                self.batch_handles[row["id"]] = int(answers[at])
        assert self.batched.take_trades() == self.fills
        assert [notice[:3] for notice in self.batched.take_notices().tolist()] == self.notices
        self.traded_lots += sum(fill[3] for fill in self.fills)
        self.rows, self.fills, self.notices = [], [], []

    def compare(self) -> int:
        """The state hash that all four agree on; the book is never crossed."""
        self.flush()
        hashes = {engine.state_hash() for engine in (self.slow, self.engine, self.matcher, self.batched)}
        assert len(hashes) == 1
        bid, ask = self.engine.best()
        assert bid is None or ask is None or bid[0] < ask[0]
        for side in (BUY, SELL):
            assert self.engine.depth(side, 1_000) == self.slow.depth(side)
            assert self.engine.levels(side) == len(self.slow.depth(side))
        assert self.engine.order_count() == self.matcher.order_count() == len(self.slow.live())
        return hashes.pop()

    def reload(self) -> None:
        """All go on from what a snapshot kept of them."""
        self.flush()
        for engine in (self.engine, self.matcher, self.batched):
            engine.load_bytes(engine.dump())
        self.handles = self._handles_of(self.matcher)
        self.batch_handles = self._handles_of(self.batched)

    @staticmethod
    def _handles_of(matcher: Matcher) -> dict[int, int]:
        found = {}
        for handle in matcher.handles():
            order = matcher.order(handle)
            assert order is not None
            found[order[0]] = handle
        return found
