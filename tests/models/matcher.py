"""A matching engine of all order types that is a few lists, sorted and searched anew for every step."""

from dataclasses import dataclass

from tests.models.constants import OrderKind, SelfTrade, Side, Status, TimeInForce, TriggerSource
from tests.models.hashing import hash_words

DUMP_MARK = int.from_bytes(b"LTMATCH2", "little")
PRICE_MAX = 2**62 - 1
STOPS = (OrderKind.STOP_MARKET, OrderKind.STOP_LIMIT, OrderKind.TRAILING_STOP)
WITH_PRICE = (OrderKind.LIMIT_ORDER, OrderKind.STOP_LIMIT, OrderKind.TAKE_PROFIT_LIMIT)


@dataclass(eq=False)
class SlowOrder:
    id: int
    owner: int
    side: int
    size: int  # open and shown
    price: int = 0
    kind: int = OrderKind.LIMIT_ORDER
    time_in_force: int = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    self_trade: int = SelfTrade.CANCEL_NEWEST
    hidden: int = 0
    shown: int = 0
    expires: int = 0
    group: int = 0
    trigger: int = 0
    trail: int = 0
    source: int = TriggerSource.BY_LAST
    sequence: int = 0

    @property
    def open(self) -> int:
        return self.size + self.hidden

    @property
    def rises(self) -> bool:
        """Whether it is a rising price that triggers it."""
        return (self.kind in STOPS) == (self.side == Side.BUY)

    def accepts(self, price: int) -> bool:
        return self.kind == OrderKind.MARKET_ORDER or self.side * price <= self.side * self.price

    def is_reached_by(self, price: int) -> bool:
        return price >= self.trigger if self.rises else price <= self.trigger

    def trailed(self, price: int) -> int:
        return min(price + self.trail, PRICE_MAX) if self.rises else max(price - self.trail, 0)

    def words(self) -> list[int]:
        words = [self.id, self.owner, self.side, self.kind, self.price, self.size, self.time_in_force]
        words += [int(self.post_only), int(self.reduce_only), self.self_trade, self.hidden, self.shown, self.expires]
        matters = self.expires or self.group or self.trail
        return [*words, self.group, self.trigger, self.trail, self.source, self.sequence if matters else 0]


class SlowMatcher:
    """The same answers as letrade.hotpath.matcher.Matcher, by the orders' ids and with statuses instead of handles."""

    def __init__(self) -> None:
        self.resting: list[SlowOrder] = []  # in the order in which they came to stand where they stand
        self.waiting: list[SlowOrder] = []
        self.turns: list[SlowOrder] = []
        self.prices = [0, 0, 0]
        self.first_trade = 0
        self.positions: dict[int, int] = {}
        self.time = 0
        self.sequence = 0
        self.left = 0
        self.fills: list[tuple[int, int, int, int]] = []
        self.notices: list[tuple[int, int, int, int]] = []

    def live(self) -> list[SlowOrder]:
        return self.resting + self.waiting + self.turns

    def find(self, order_id: int) -> SlowOrder | None:
        return next((order for order in self.live() if order.id == order_id), None)

    def in_priority(self, side: int) -> list[SlowOrder]:
        """Best price first; sorting keeps the order of standing inside a price."""
        return sorted((order for order in self.resting if order.side == side), key=lambda order: -side * order.price)

    def in_store(self, source: int, rises: bool) -> list[SlowOrder]:
        """Conditional orders, those first that the price meets first."""
        found = [order for order in self.waiting if (order.source, order.rises) == (source, rises)]
        return sorted(found, key=lambda order: order.trigger if rises else -order.trigger)

    def makers(self, taker: SlowOrder) -> list[SlowOrder]:
        return [order for order in self.in_priority(-taker.side) if taker.accepts(order.price)]

    def tell(self, order: SlowOrder, status: int, lots: int) -> None:
        self.notices.append((order.id, status, lots, len(self.fills)))

    def remove(self, order: SlowOrder, status: int) -> None:
        self.tell(order, status, order.open)
        self.forget(order)

    def forget(self, order: SlowOrder) -> None:
        for orders in (self.resting, self.waiting, self.turns):
            if order in orders:
                orders.remove(order)

    def close_group(self, order: SlowOrder) -> None:
        group, order.group = order.group, 0
        if group:
            for other in sorted(self.live(), key=lambda other: other.sequence):
                if other.group == group:
                    self.remove(other, Status.GROUP_DONE)

    def reducible(self, order: SlowOrder) -> int:
        return max(-order.side * self.positions.get(order.owner, 0), 0)

    @staticmethod
    def is_own(taker: SlowOrder, maker: SlowOrder) -> bool:
        same_owner = taker.owner != 0 and taker.owner == maker.owner
        return same_owner or (taker.group != 0 and taker.group == maker.group)

    def can_fill(self, taker: SlowOrder) -> bool:
        """Hidden lots count when all that is shown at their price has traded; who may vanish does not count."""
        makers = self.makers(taker)
        needed = taker.size
        for price in dict.fromkeys(maker.price for maker in makers):
            hidden = 0
            for maker in (maker for maker in makers if maker.price == price):
                if self.is_own(taker, maker):
                    if taker.self_trade != SelfTrade.CANCEL_OLDEST:
                        return False
                elif not maker.reduce_only and not maker.group:
                    needed -= maker.size
                    hidden += maker.hidden
                    if needed <= 0:
                        return True
            needed -= hidden
            if needed <= 0:
                return True
        return False

    def finish_part(self, maker: SlowOrder) -> None:
        if maker.size == 0:
            self.resting.remove(maker)
            if maker.hidden:
                maker.size = min(maker.shown, maker.hidden)
                maker.hidden -= maker.size
                self.resting.append(maker)

    def trade(self, taker: SlowOrder, maker: SlowOrder) -> None:
        lots = min(taker.size, maker.size)
        self.fills.append((maker.id, taker.id, maker.price, lots))
        self.first_trade = self.first_trade or maker.price
        self.prices[TriggerSource.BY_LAST] = maker.price
        for order in (taker, maker):
            order.size -= lots
            if order.owner:
                self.positions[order.owner] = self.positions.get(order.owner, 0) + order.side * lots
        self.close_group(taker)
        self.close_group(maker)
        self.finish_part(maker)

    def meet_own(self, taker: SlowOrder, maker: SlowOrder) -> bool:
        """Whether the taker goes on."""
        if taker.self_trade == SelfTrade.CANCEL_NEWEST:
            return False
        if taker.self_trade == SelfTrade.DECREMENT:
            lots = min(taker.size, maker.size)
            for order in (maker, taker):
                self.tell(order, Status.DECREMENTED, lots)
                order.size -= lots
            self.finish_part(maker)
            return taker.size > 0
        self.remove(maker, Status.SELF_TRADE)
        return taker.self_trade == SelfTrade.CANCEL_OLDEST

    def still_reduces(self, maker: SlowOrder) -> bool:
        allowed = self.reducible(maker)
        if allowed == 0:
            self.remove(maker, Status.NOTHING_TO_REDUCE)
        elif maker.open > allowed:
            self.tell(maker, Status.NOTHING_TO_REDUCE, maker.open - allowed)
            self.shrink(maker, allowed)
        return allowed > 0

    @staticmethod
    def shrink(order: SlowOrder, size: int) -> None:
        order.size, order.hidden = min(order.size, size), max(size - order.size, 0)

    def match(self, taker: SlowOrder) -> bool:
        """Whether the owner's own orders ended it."""
        while taker.size and (makers := self.makers(taker)):
            if self.is_own(taker, makers[0]):
                if not self.meet_own(taker, makers[0]):
                    return True
            elif not makers[0].reduce_only or self.still_reduces(makers[0]):
                self.trade(taker, makers[0])
        return False

    def enter(self, order: SlowOrder) -> Status:
        """Lets an order trade, and rest if it may."""
        self.left = order.size
        dropped = max(order.size - self.reducible(order), 0) if order.reduce_only else 0
        if dropped == order.size:
            return Status.NOTHING_TO_REDUCE
        order.size -= dropped
        self.left = order.size
        if order.post_only and self.makers(order):
            return Status.WOULD_CROSS
        must_fill = order.time_in_force == TimeInForce.FOK
        if must_fill and not self.can_fill(order):
            return Status.EXPIRED
        if dropped:
            self.tell(order, Status.NOTHING_TO_REDUCE, dropped)
        own_ended = self.match(order)
        self.left = order.size
        assert not must_fill or order.size == 0
        if own_ended:
            return Status.SELF_TRADE
        if order.size == 0:
            return Status.FILLED
        stays = order.time_in_force in (TimeInForce.GTC, TimeInForce.GTD)
        if order.kind == OrderKind.MARKET_ORDER or not stays:
            return Status.EXPIRED
        if order.shown:
            order.size, order.hidden = min(order.size, order.shown), max(order.size - order.shown, 0)
        self.resting.append(order)
        return Status.RESTING

    def begin_waiting(self, order: SlowOrder) -> Status:
        price = self.prices[order.source]
        if order.trail and not order.trigger:
            order.trigger = order.trailed(price)
        self.left = order.size
        if price and order.is_reached_by(price):
            return self.be_triggered(order)
        self.waiting.append(order)
        return Status.WAITING

    def be_triggered(self, order: SlowOrder) -> Status:
        order.kind = OrderKind.LIMIT_ORDER if order.kind in WITH_PRICE else OrderKind.MARKET_ORDER
        order.trigger, order.trail, order.source = 0, 0, TriggerSource.BY_LAST
        self.tell(order, Status.TRIGGERED, order.size)
        self.close_group(order)
        return self.enter(order)

    def look_at(self, source: int, price: int) -> None:
        for rises in (False, True):
            trailing = [order for order in self.in_store(source, rises) if order.trail]
            for order in sorted(trailing, key=lambda order: order.sequence):
                trigger = order.trailed(price)
                if trigger < order.trigger if rises else trigger > order.trigger:
                    order.trigger = trigger
                    self.waiting.remove(order)
                    self.waiting.append(order)
            for order in self.in_store(source, rises):
                if order.is_reached_by(price):
                    self.waiting.remove(order)
                    self.turns.append(order)

    def run_triggers(self) -> int:
        left, count = self.left, 0
        while self.first_trade or self.turns:
            if self.first_trade:
                first, self.first_trade = self.first_trade, 0
                self.look_at(TriggerSource.BY_LAST, first)
                self.look_at(TriggerSource.BY_LAST, self.prices[TriggerSource.BY_LAST])
            if self.turns:
                count += 1
                order = self.turns.pop(0)
                self.tell(order, self.be_triggered(order), self.left)
        self.left = left
        return count

    def place(self, order: SlowOrder) -> Status:
        self.left = order.size
        if order.expires and order.expires <= self.time:
            return Status.TIME_OVER
        if order.kind > OrderKind.MARKET_ORDER or order.shown or order.group or order.expires:
            self.sequence += 1
            order.sequence = self.sequence
        status = self.begin_waiting(order) if order.kind > OrderKind.MARKET_ORDER else self.enter(order)
        self.run_triggers()
        return status

    def cancel(self, order_id: int) -> int:
        order = self.find(order_id)
        if order is None:
            return 0
        self.forget(order)
        return order.open

    def amend(self, order_id: int, price: int, size: int, trigger: int = 0) -> Status:
        order = self.find(order_id)
        self.left = 0
        if order is None:
            return Status.UNKNOWN_ORDER
        if order in self.waiting:
            status = self.amend_waiting(order, price, size, trigger)
        else:
            status = self.amend_resting(order, price, size)
        self.run_triggers()
        return status

    def amend_waiting(self, order: SlowOrder, price: int, size: int, trigger: int) -> Status:
        order.price, order.size, self.left = price, size, size
        if not trigger:
            return Status.WAITING
        order.trigger = trigger
        self.waiting.remove(order)
        return self.begin_waiting(order)

    def amend_resting(self, order: SlowOrder, price: int, size: int) -> Status:
        self.left = size
        if price == order.price and size <= order.open:
            self.shrink(order, size)
            return Status.RESTING
        self.left = order.open
        if order.reduce_only and self.reducible(order) == 0:
            return Status.NOTHING_TO_REDUCE
        moved = SlowOrder(order.id, order.owner, order.side, size, price)
        if order.post_only and self.makers(moved):
            return Status.WOULD_CROSS
        self.resting.remove(order)
        order.price, order.size, order.hidden = price, size, 0
        return self.enter(order)

    def trigger_price(self, source: int, price: int) -> int:
        self.prices[source] = price
        self.look_at(source, price)
        return self.run_triggers()

    def advance(self, time: int) -> int:
        self.time = time
        due = [order for order in self.live() if order.expires and order.expires <= time]
        for order in sorted(due, key=lambda order: (order.expires, order.sequence)):
            self.remove(order, Status.TIME_OVER)
        return len(due)

    def depth(self, side: int) -> list[tuple[int, int]]:
        sizes: dict[int, int] = {}
        for order in self.in_priority(side):
            sizes[order.price] = sizes.get(order.price, 0) + order.size
        return list(sizes.items())

    def words(self) -> list[int]:
        orders = self.in_priority(Side.BUY) + self.in_priority(Side.SELL)
        for source in TriggerSource:
            orders += self.in_store(source, False) + self.in_store(source, True)
        positions = sorted((owner, position) for owner, position in self.positions.items() if position)
        words = [DUMP_MARK, len(orders), len(positions), self.time, self.sequence, *self.prices]
        words += [word for pair in positions for word in pair]
        return words + [word for order in orders for word in order.words()]

    def state_hash(self) -> int:
        return hash_words(self.words())
