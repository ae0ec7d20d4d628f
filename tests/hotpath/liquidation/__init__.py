"""Tests of the indexes of liquidation prices against their slow twins."""
