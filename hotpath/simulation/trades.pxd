"""The C side of a market that is known by its trades alone."""
from letrade.hotpath.simulation.recorded cimport RecordedMarket


cdef class TradesMarket(RecordedMarket):
    pass
