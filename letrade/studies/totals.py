"""What many seeds come to, and whether it is within the bounds."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from letrade.studies.seeds import AccountResult, SeedResult

SAVED_LEAST = 0.95
LOSS_MOST = 1.25
TOUCHED_MOST = 0.01


class Totals(Struct, frozen=True):
    """Of one scenario; losses are those of accounts that came into danger."""

    scenario: str
    seeds: int
    positions: int
    touched: int
    endangered: int
    """Positions of accounts that came so near that something had to be done."""
    liquidated: int
    liquidated_unguarded: int
    saveable: int
    saved: int
    deleveraged: int
    loss: float
    loss_unguarded: float
    loss_clairvoyant: float
    loss_foreseeing: float
    ratios: tuple[float, ...]
    """Our loss / the clairvoyant's of each seed with danger, by seed."""

    @property
    def saved_share(self) -> float:
        return self.saved / self.saveable if self.saveable else 1.0

    @property
    def loss_ratio(self) -> float:
        """Where it loses nothing there is no ratio, and any loss of ours is beyond it."""
        if self.loss_clairvoyant > 0:
            return self.loss / self.loss_clairvoyant
        return 1.0 if self.loss <= self.loss_clairvoyant else float("inf")

    @property
    def touched_share(self) -> float:
        return self.touched / self.positions if self.positions else 0.0

    @property
    def holds(self) -> bool:
        if self.scenario in QUIET:
            return self.touched_share <= TOUCHED_MOST
        return self.saved_share >= SAVED_LEAST and self.loss_ratio <= LOSS_MOST


QUIET = ("calm", "recorded")


def totals_of(scenario: str, results: Sequence[SeedResult]) -> Totals:
    accounts = [account for result in results for account in result.accounts]
    near = [account for account in accounts if account.endangered]
    return Totals(
        scenario=scenario,
        seeds=len(results),
        positions=sum(each.positions for each in accounts),
        touched=sum(each.touched for each in accounts),
        endangered=sum(each.positions for each in near),
        liquidated=sum(each.liquidated for each in accounts),
        liquidated_unguarded=sum(each.liquidated_unguarded for each in accounts),
        saveable=sum(each.saveable for each in near),
        saved=sum(each.saved for each in near),
        deleveraged=sum(each.deleveraged for each in accounts),
        loss=_sum(near, "loss"),
        loss_unguarded=_sum(near, "loss_unguarded"),
        loss_clairvoyant=_sum(near, "loss_clairvoyant"),
        loss_foreseeing=_sum(near, "loss_foreseeing"),
        ratios=tuple(_ratios(results)),
    )


def by_account(results: Sequence[SeedResult]) -> dict[str, Totals]:
    """The same of each kind of account alone."""
    names = dict.fromkeys(account.name for result in results for account in result.accounts)
    return {name: totals_of(results[0].scenario, [_only(result, name) for result in results]) for name in names}


def _only(result: SeedResult, name: str) -> SeedResult:
    kept = tuple(account for account in result.accounts if account.name == name)
    return SeedResult(result.scenario, result.seed, kept)


def _ratios(results: Sequence[SeedResult]) -> list[float]:
    found = []
    for result in results:
        near = [account for account in result.accounts if account.endangered]
        best = _sum(near, "loss_clairvoyant")
        if best > 0:
            found.append(round(_sum(near, "loss") / best, 4))
    return found


def _sum(accounts: Sequence[AccountResult], name: str) -> float:
    found: float = sum(getattr(account, name) for account in accounts)
    return round(found, 2)
