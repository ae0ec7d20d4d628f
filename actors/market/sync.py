"""Moved: the rules are in core/book_sync.py, which the simulated venue follows too; import them from there."""

from letrade.core.book_sync import BUFFER_MAX, BookSync, Missing, Phase, Verdict

__all__ = ["BUFFER_MAX", "BookSync", "Missing", "Phase", "Verdict"]
