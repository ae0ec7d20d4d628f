"""Whose funding it was: accounts pay for a net position, strategies want to know what theirs cost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from letrade.core.analysis.record import RunRecord

FUNDING = "funding"


def assigned(record: RunRecord) -> RunRecord:
    """The record with funding that no strategy is named for given to the strategy that alone traded the instrument in
    the account. What several share stays with none of them: positions that cancel each other pay nothing."""
    cash, fills = record.cash, record.fills
    if FUNDING not in record.names.origins:
        return record
    unnamed = (cash.strategy < 0) & (cash.instrument >= 0) & (cash.origin == record.names.origins.index(FUNDING))
    strategy = cash.strategy.copy()
    pairs = {*zip(cash.account[unnamed].tolist(), cash.instrument[unnamed].tolist(), strict=True)}
    for account, instrument in sorted(pairs):
        owners = np.unique(fills.strategy[(fills.account == account) & (fills.instrument == instrument)])
        if len(owners) == 1:
            strategy[unnamed & (cash.account == account) & (cash.instrument == instrument)] = owners[0]
    return replace(record, cash=replace(cash, strategy=strategy))
