"""The slow, obvious twin of the grid: the one that the actors' record is sampled on."""

from letrade.core.analysis.builder import Grid as Grid
