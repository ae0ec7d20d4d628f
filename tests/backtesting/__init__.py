"""Tests of both engines of a backtest."""
