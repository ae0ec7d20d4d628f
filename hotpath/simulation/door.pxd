"""The C side of what Python may ask of a market."""
from letrade.hotpath.simulation.events cimport Event
from letrade.hotpath.simulation.market cimport Market


cdef class MarketDoor:
    cdef readonly Market market

    cdef list hear(self, Event* event)
    cdef list heard(self)
