"""The gate that approvals pass: from the one source, of its current epoch, next in sequence; all else is refused."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.core.messages.orders import ApprovedAmend, ApprovedOrder

PASSES, REPEATED, FORGED, GAP = "", "repeated", "forged_approval", "approval_gap"
REMEMBERED_MAX = 1024


class ApprovalGate:
    """After a gap nothing passes until the missing numbers come, or an operator's Resume lets the count go on; those
    that came after the gap wait for them."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.epoch = 0
        self.expected = 1
        self.refused = 0
        self.skipping = False
        """The next number may be any: the operator has seen the gap."""
        self._taken: dict[int, ApprovedOrder | ApprovedAmend | str] = {}
        """What was approved, or its subject as a snapshot told it."""
        self.waiting: dict[int, ApprovedOrder | ApprovedAmend] = {}
        """What came after a gap, by number."""

    def check(self, approval: ApprovedOrder | ApprovedAmend) -> str:
        """What becomes of it; taking it is part of passing."""
        verdict = self._verdict(approval)
        if verdict == PASSES:
            self._take(approval)
        elif verdict != REPEATED:
            self.refused += 1
            if verdict == GAP and len(self.waiting) < REMEMBERED_MAX:
                self.waiting.setdefault(approval.approval, approval)
        return verdict

    def _take(self, approval: ApprovedOrder | ApprovedAmend) -> None:
        self.epoch, self.expected, self.skipping = approval.epoch, approval.approval + 1, False
        self._taken[approval.approval] = approval
        if len(self._taken) > REMEMBERED_MAX:
            del self._taken[next(iter(self._taken))]

    def following(self) -> ApprovedOrder | ApprovedAmend | None:
        """The next in sequence, if it has waited for the one that was taken last."""
        approval = self.waiting.pop(self.expected, None)
        if approval is None or approval.epoch < self.epoch:
            return None
        self._take(approval)
        return approval

    def give_up(self) -> list[ApprovedOrder | ApprovedAmend]:
        """All that waits for missing numbers which will not come: it will never pass."""
        waiting = [self.waiting[number] for number in sorted(self.waiting)]
        self.waiting.clear()
        return waiting

    def _verdict(self, approval: ApprovedOrder | ApprovedAmend) -> str:
        if approval.source != self.source or approval.epoch < self.epoch:
            return FORGED
        if approval.approval == self.expected:
            return PASSES
        if approval.approval < self.expected:
            taken = self._taken.get(approval.approval)
            return REPEATED if taken is not None and _subject(taken) == _subject(approval) else FORGED
        if approval.approval > self.expected and not self.skipping:
            return GAP
        return PASSES

    def expectation(self) -> str:
        return f"approval {self.expected} of {self.source}, epoch {self.epoch} or later"

    def state(self) -> Any:
        waiting = list(self.waiting.values())
        taken = [(number, _subject(approval)) for number, approval in self._taken.items()]
        return [self.epoch, self.expected, self.refused, self.skipping, taken, waiting]

    def restore(self, state: Any) -> None:
        self.epoch, self.expected, self.refused, self.skipping, taken, waiting = state
        self._taken = dict(taken)
        approvals = msgspec.convert(waiting, list[ApprovedOrder | ApprovedAmend])
        self.waiting = {approval.approval: approval for approval in approvals}


def _subject(approval: ApprovedOrder | ApprovedAmend | str) -> str:
    """What was approved: a number that comes again for something else is no repeat."""
    if isinstance(approval, str):
        return approval
    if isinstance(approval, ApprovedOrder):
        return repr((approval.account, approval.instrument, approval.order))
    return repr((approval.account, approval.instrument, approval.amend))
