"""Which accounts may not open: halts, which survive a restart, and pauses, which do not."""

from __future__ import annotations

from typing import Any

EVERYONE = "*"


class Halts:
    """The reason by account, '*' for all; a pause never takes the place of a halt."""

    def __init__(self) -> None:
        self._reasons: dict[str, tuple[str, bool]] = {}

    def halt(self, account: str, reason: str, pause: bool) -> bool:
        """False when that changes nothing."""
        present = self._reasons.get(account)
        if present is not None and (pause or not present[1]):
            return False
        self._reasons[account] = (reason, pause)
        return True

    def resume(self, account: str, pauses_only: bool = False) -> None:
        """Of one account, or of all: '*' lifts everything."""
        for held, (_, pause) in list(self._reasons.items()):
            if account in (EVERYONE, held) and (pause or not pauses_only):
                del self._reasons[held]

    def reason(self, account: str) -> str:
        """Why an account may not open; '' when it may."""
        found = self._reasons.get(account) or self._reasons.get(EVERYONE)
        return (found[0] or "halted") if found else ""

    def state(self) -> Any:
        return [[account, reason, pause] for account, (reason, pause) in self._reasons.items()]

    def restore(self, state: Any) -> None:
        self._reasons = {account: (reason, pause) for account, reason, pause in state}
