"""Tests of the compiled rooms of the simulation."""
