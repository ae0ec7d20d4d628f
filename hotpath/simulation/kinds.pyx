"""Which events tell the prices of which market; for other compiled modules alone."""
from libc.stdint cimport int64_t

from letrade.hotpath.simulation.bars cimport BarsMarket
from letrade.hotpath.simulation.events cimport (
    BAR_EVENT, BAR_OPEN_EVENT, LEVELS_EVENT, ORDERS_EVENT, QUOTE_EVENT, SNAPSHOT_EVENT, TRADE_EVENT,
)
from letrade.hotpath.simulation.market cimport Market
from letrade.hotpath.simulation.quotes cimport QuotesMarket
from letrade.hotpath.simulation.trades cimport TradesMarket


cdef int64_t kinds_of(Market market) except -1:
    """A bit for each kind of events that tells a market's best or last price."""
    if isinstance(market, TradesMarket):
        return 1 << TRADE_EVENT
    if isinstance(market, BarsMarket):
        return 1 << BAR_EVENT | 1 << BAR_OPEN_EVENT
    if isinstance(market, QuotesMarket):
        return 1 << QUOTE_EVENT
    return 1 << LEVELS_EVENT | 1 << SNAPSHOT_EVENT | 1 << ORDERS_EVENT
