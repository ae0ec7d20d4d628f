"""Protections in the compiled desk: which orders stand for a stop and a take-profit, and when they come anew."""

from letrade.hotpath.simulation.exact_purse import ExactPurse

class Protections(ExactPurse):
    """As actors/capital/protection.py: its orders only reduce, so they need no capital and may be larger than it."""
