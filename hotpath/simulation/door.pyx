"""How Python makes a market and speaks to it: whole units in, what the exchange says out, as tuples of numbers."""
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport INT64_MAX, int8_t, int64_t
from libc.string cimport memset

from letrade.hotpath.simulation.bars cimport BarsMarket
from letrade.hotpath.simulation.events cimport (
    BAR_EVENT, BAR_OPEN_EVENT, INDEX_EVENT, LEVELS_EVENT, MARK_EVENT, ORDERS_EVENT, QUOTE_EVENT, SNAPSHOT_EVENT,
    TRADE_EVENT, Event,
)
from letrade.hotpath.simulation.individual cimport IndividualMarket
from letrade.hotpath.simulation.levels cimport LevelsMarket
from letrade.hotpath.simulation.market cimport QUEUE_LAST, QUEUE_NONE, QUEUE_PESSIMISTIC, QUEUE_PROBABILISTIC, Market
from letrade.hotpath.simulation.orders cimport SimulatedOrder
from letrade.hotpath.simulation.quotes cimport QuotesMarket
from letrade.hotpath.simulation.trades cimport TradesMarket
from letrade.hotpath.whole cimport whole

KINDS = {
    "bars": BarsMarket, "levels": LevelsMarket, "orders": IndividualMarket, "quotes": QuotesMarket, "trades": TradesMarket,
}
QUEUES = {
    "none": QUEUE_NONE, "pessimistic": QUEUE_PESSIMISTIC, "probabilistic": QUEUE_PROBABILISTIC, "last": QUEUE_LAST,
}


def new_market(
    kind, price_step, size_step, price_decimals, queue="pessimistic", queue_power=3.0, one_tick_beyond=False,
    spread=0.0, impact=0.0, volume_share=-1.0, contract=False, by_venue_time=False, asks_before_waiting=False,
):
    cdef Market market
    if kind not in KINDS or queue not in QUEUES:
        raise ValueError(f"expected a kind of {sorted(KINDS)} and a queue of {sorted(QUEUES)}, found {kind!r}, {queue!r}")
    if price_step <= 0 or size_step <= 0 or spread < 0 or impact < 0 or queue_power <= 0:
        raise ValueError("expected steps and a queue power above 0, and spread and impact of at least 0")
    market = KINDS[kind]()
    market.terms.price_step, market.terms.size_step = whole(price_step), whole(size_step)
    market.terms.price_scale = 10.0**price_decimals
    market.terms.queue, market.terms.queue_power = QUEUES[queue], queue_power
    market.terms.one_tick_beyond = one_tick_beyond
    market.terms.half_spread, market.terms.impact, market.terms.volume_share = spread / 2, impact, volume_share
    market.terms.contract, market.terms.by_venue_time = contract, by_venue_time
    market.terms.asks_before_waiting = asks_before_waiting
    return market


cdef class MarketDoor:
    """Each call returns what the exchange has said since: (kind, order, time, price, size, maker, reason) each."""

    def __init__(self, Market market not None):
        self.market = market

    cdef list heard(self):
        cdef Market market = self.market
        cdef Py_ssize_t count = market.said_count, place
        market.said_count = 0
        return [
            (market.said[place].kind, market.said[place].order, market.said[place].time, market.said[place].price,
             market.said[place].size, market.said[place].maker, market.said[place].reason)
            for place in range(count)
        ]

    def submit(
        self, time, number, owner, side, kind, price, size, filled=0, time_in_force=0, expires=0, trigger=0,
        trigger_source=0, trail=0, shown=0, group=0, post_only=False, reduce_only=False,
    ):
        cdef SimulatedOrder order
        order.number, order.owner, order.side, order.kind = whole(number), whole(owner), whole(side), whole(kind)
        order.price, order.size, order.filled = whole(price), whole(size), whole(filled)
        order.time_in_force, order.expires = whole(time_in_force), whole(expires)
        order.trigger, order.trigger_source, order.trail = whole(trigger), whole(trigger_source), whole(trail)
        order.shown, order.group = whole(shown), whole(group)
        order.post_only, order.reduce_only = bool(post_only), bool(reduce_only)
        if not 0 <= order.trigger_source <= 2:
            raise ValueError(f"expected a trigger source from 0 to 2, found {trigger_source}")
        self.market.submit(&order, whole(time))
        return self.heard()

    def cancel(self, time, number):
        self.market.cancel(whole(number), whole(time))
        return self.heard()

    def drop(self, time, number, reason):
        self.market.drop(whole(number), whole(reason), whole(time))
        return self.heard()

    def amend(self, time, number, price, size):
        self.market.amend(whole(number), whole(price), whole(size), whole(time))
        return self.heard()

    def expire(self, time):
        self.market.expire(whole(time))
        return self.heard()

    def hold(self, owner, position):
        self.market.hold(whole(owner), whole(position))
        return self.heard()

    def next_expiry(self):
        cdef int64_t time = self.market.next_expiry()
        return None if time == INT64_MAX else time

    def next_waiting(self):
        return self.market.next_waiting()

    def place_waiting(self, number, reason=0):
        self.market.place_waiting(whole(number), whole(reason))
        return self.heard()

    def hear_quote(self, time, bid, bid_size, ask, ask_size):
        cdef Event event
        memset(&event, 0, sizeof(Event))
        event.time = event.venue_time = whole(time)
        event.kind = QUOTE_EVENT
        event.row.quote.bid, event.row.quote.bid_size = whole(bid), whole(bid_size)
        event.row.quote.ask, event.row.quote.ask_size = whole(ask), whole(ask_size)
        return self.hear(&event)

    def hear_trade(self, time, price, size, side=0):
        cdef Event event
        memset(&event, 0, sizeof(Event))
        event.time = event.venue_time = whole(time)
        event.kind = TRADE_EVENT
        event.row.trade.price, event.row.trade.size, event.row.trade.side = whole(price), whole(size), whole(side)
        return self.hear(&event)

    def hear_bar_open(self, time, start, open, feed=0):
        cdef Event event
        memset(&event, 0, sizeof(Event))
        event.time = event.venue_time = whole(time)
        event.kind, event.feed = BAR_OPEN_EVENT, whole(feed)
        event.row.bar.start, event.row.bar.open = whole(start), whole(open)
        return self.hear(&event)

    def hear_bar(self, time, start, open, high, low, close, volume, feed=0):
        cdef Event event
        memset(&event, 0, sizeof(Event))
        event.time = event.venue_time = whole(time)
        event.kind, event.feed = BAR_EVENT, whole(feed)
        event.row.bar.start, event.row.bar.open, event.row.bar.high = whole(start), whole(open), whole(high)
        event.row.bar.low, event.row.bar.close, event.row.bar.volume = whole(low), whole(close), whole(volume)
        return self.hear(&event)

    def hear_mark(self, time, double price, index=False):
        cdef Event event
        memset(&event, 0, sizeof(Event))
        event.time = event.venue_time = whole(time)
        event.kind = INDEX_EVENT if index else MARK_EVENT
        event.row.value = price
        return self.hear(&event)

    def hear_levels(self, time, sides, prices, sizes, snapshot=False):
        cdef Event event
        cdef Py_ssize_t count = len(prices), place
        cdef int64_t* numbers
        cdef int8_t* marks
        if len(sides) != count or len(sizes) != count:
            raise ValueError(f"expected a side, a price and a size each, found {len(sides)}, {count} and {len(sizes)}")
        memset(&event, 0, sizeof(Event))
        event.time = event.venue_time = whole(time)
        event.kind = SNAPSHOT_EVENT if snapshot else LEVELS_EVENT
        numbers = <int64_t*>PyMem_Malloc(max(count, 1) * (2 * sizeof(int64_t) + sizeof(int8_t)))
        if numbers == NULL:
            raise MemoryError(f"no memory for {count} levels")
        marks = <int8_t*>(numbers + 2 * count)
        try:
            for place in range(count):
                numbers[place], numbers[count + place] = whole(prices[place]), whole(sizes[place])
                marks[place] = 1 if whole(sides[place]) > 0 else -1
            event.row.levels.sides, event.row.levels.prices = marks, numbers
            event.row.levels.sizes, event.row.levels.count = numbers + count, count
            return self.hear(&event)
        finally:
            PyMem_Free(numbers)

    def hear_order(self, time, action, order_id, side, price, size):
        cdef Event event
        memset(&event, 0, sizeof(Event))
        event.time = event.venue_time = whole(time)
        event.kind = ORDERS_EVENT
        event.row.order.action, event.row.order.order_id = whole(action), whole(order_id)
        event.row.order.side, event.row.order.price = whole(side), whole(price)
        event.row.order.size = whole(size)
        return self.hear(&event)

    cdef list hear(self, Event* event):
        self.market.hear(event)
        return self.heard()

    def preview(self, side, size, limit=0):
        cdef Market market = self.market
        cdef Py_ssize_t place
        market.preview(whole(side), whole(size), whole(limit))
        return [(market.offers[place].price, market.offers[place].size) for place in range(market.offers_count)]

    def has_market(self):
        return self.market.has_market()

    def best(self, side):
        return self.market.best(whole(side))

    def feed(self):
        """Whose bars count; 0 before the first. Of a market that is known by bars."""
        return (<BarsMarket?>self.market).feed

    def last(self):
        return self.market.last()

    def left(self, number):
        return self.market.left(whole(number))

    def numbers(self):
        """Of the working orders: bids and asks with the best last, then what awaits its trigger, then what waits."""
        return [row[0] for rows in self.market.working.state()[0] for row in rows]

    def scale_prices(self, factor):
        self.market.scale_prices(whole(factor))

    def state(self):
        return self.market.state()

    def restore(self, state):
        self.market.restore(state)
