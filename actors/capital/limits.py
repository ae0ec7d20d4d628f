"""Position limits: no wish goes beyond them, and what is held beyond is reduced; a limit never opens anything."""

from __future__ import annotations

from typing import Any

import msgspec

from letrade.actors.capital.orders import Desire, Market, Working
from letrade.actors.capital.reconcile import whole_lots
from letrade.actors.capital.settling import SETTLE, Settler
from letrade.core.actor import Context
from letrade.core.holdings import Key
from letrade.core.instruments import Specification
from letrade.core.messages.base import NO_STRATEGY, Timer
from letrade.core.messages.margin import PositionLimit, Reduce
from letrade.core.messages.orders import Fill
from letrade.core.quantities import number, units

Scope = tuple[str, str, str]
"""(account, instrument, strategy), "-" for the account's whole position."""
REDUCE_PATIENCE_NS = 2_000_000_000
"""A reduction that has not filled after so long is asked for anew."""
RULE = "position_limit"
LIMIT = "limit"


class Limit(msgspec.Struct, array_like=True):
    """One source's limit of one scope; several hold at once, the least counts."""

    account: str
    instrument: str
    strategy: str
    source: str
    largest: float
    reason: str
    until: int
    worst: float | None = None

    @property
    def scope(self) -> Scope:
        return (self.account, self.instrument, self.strategy)


class Underway(msgspec.Struct, array_like=True):
    """A reduction that execution was asked for, by us or by another."""

    account: str
    instrument: str
    strategy: str
    left: float
    until: int


class Limiter(Settler):
    """Cuts wishes for good: when a limit is lifted nothing happens until the strategy wishes anew."""

    def __init__(self, name: str, config: Any, context: Context) -> None:
        super().__init__(name, config, context)
        self.limits: dict[Scope, dict[str, Limit]] = {}
        self.underway: dict[str, Underway] = {}
        """By the id of the reduction."""
        self.reductions = 0

    def on_position_limit(self, message: PositionLimit) -> None:
        """In the place of the last one of the same source."""
        scope = (message.account, message.instrument, message.strategy)
        if message.account not in self.purse.books or message.instrument not in self.context.instruments:
            return
        mine = self.limits.setdefault(scope, {})
        mine.pop(message.source, None)
        if message.largest is not None and (not message.until or message.until > self.now()):
            mine[message.source] = Limit(*scope, message.source, message.largest, message.reason, message.until)
            mine[message.source].worst = message.worst
        if not mine:
            del self.limits[scope]
        # A moment later: whoever limits a position may have asked for its reduction too, at this same time.
        self.set_timer(self.now() + 1, f"{LIMIT} {message.account} {message.instrument}")

    def on_reduce(self, reduce: Reduce) -> None:
        """Another cuts a position: what strategies wished of it is not pursued any further."""
        scope = (reduce.account, reduce.instrument, reduce.strategy)
        if reduce.source == self.name or reduce.account not in self.purse.books:
            return
        self._drop_wishes(scope)
        self._note(reduce.reduction_id, scope, reduce.size)

    def on_timer(self, timer: Timer) -> None:
        kind, _, what = timer.key.partition(" ")
        if kind == LIMIT:
            account, _, instrument = what.partition(" ")
            self._enforce_all(account, instrument)
        elif kind == SETTLE:
            self.settle()
        else:
            self._reductions_due()

    def _reductions_due(self) -> None:
        """Reductions that had their time, and no order of which works any more: what is held beyond is reduced anew."""
        gone = []
        for key, each in self.underway.items():
            if each.until <= self.now() and self._works(key):
                self._wait(key, each)
            elif each.until <= self.now():
                gone.append(key)
        scopes = [(each.account, each.instrument, each.strategy) for key in gone for each in [self.underway[key]]]
        for key in gone:
            del self.underway[key]
        for account, instrument, _ in scopes:
            self._enforce_all(account, instrument)
            self.continue_market((account, instrument))

    def _works(self, reduction_id: str) -> bool:
        return any(order_id.startswith(f"reduce.{reduction_id}.") for order_id in self.working.by_id)

    def _wait(self, reduction_id: str, underway: Underway, patience_ns: int = REDUCE_PATIENCE_NS) -> None:
        underway.until = self.now() + patience_ns
        self.set_timer(underway.until, f"reduction {reduction_id}")

    def _continue(self, key: Key) -> None:
        """Go on with a wish that waits, in manager.py."""

    def continue_market(self, market: Market) -> None:
        """A reduction there is over: whoever's shares it was of, all wishes there waited for it."""
        for key in [key for key in self.desires if key[:2] == market]:
            self._continue(key)

    def is_reducing(self, key: Key) -> bool:
        """Whether a share is being reduced: what is wished of it waits until that is over."""
        return any(self._touches(each, key) for each in self.underway.values())

    def limit_fill(self, fill: Fill) -> bool:
        """What a fill leaves of its reduction, and whether it leads beyond a limit; whether a reduction is over."""
        over = False
        if self.underway and fill.order_id.startswith("reduce."):
            key = fill.order_id.removeprefix("reduce.").rpartition(".")[0]
            underway = self.underway.get(key)
            if underway is not None:
                underway.left = number(max(0, units(underway.left) - units(fill.size)))
                if not underway.left:
                    del self.underway[key]
                    over = True
        if self.limits:
            self._enforce_all(fill.account, fill.instrument)
        return over

    def cut(self, desire: Desire, wanted: float, specification: Specification) -> float:
        """The wish within every limit; its strategy is told what was cut of it."""
        side = 1 if wanted > 0 else -1
        room = self._room(desire, side)
        if room is None or units(abs(wanted)) <= room:
            return wanted
        allowed = number(side * whole_lots(room, specification.size.step_quantity))
        waiting = desire.waiting
        self._refuse(desire, RULE, repr(allowed), repr(wanted))
        desire.waiting = waiting
        return allowed

    def cut_quotes(self, desire: Desire, wanted: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
        """Without the quotes that could lead beyond a limit, in their order."""
        if not self.limits:
            return wanted
        kept = []
        held = self._held(desire)
        filled = {1: held, -1: -held}
        for quote in wanted:
            room = self._room(desire, quote[0])
            after = filled[quote[0]] + units(quote[2])
            if room is not None and after > room:
                self._refuse(desire, RULE, repr(number(room)), repr(number(after)))
                continue
            filled[quote[0]] = after
            kept.append(quote)
        return kept

    def _room(self, desire: Desire, side: int) -> int | None:
        """The largest share towards one side that no limit forbids, at least 0; None: any."""
        if not self.limits:
            return None
        account, instrument, strategy = desire.key
        rooms = []
        for scope in ((account, instrument, strategy), (account, instrument, NO_STRATEGY)):
            largest = self._largest(scope)
            if largest is not None:
                others = 0 if scope[2] == strategy else self._others(desire, side)
                rooms.append(max(0, largest - others))
        return min(rooms, default=None)

    def _others(self, desire: Desire, side: int) -> int:
        """What the rest of the account holds towards a side, with what may still be bought or sold of it."""
        account, instrument, strategy = desire.key
        specification = self.context.instruments.at(instrument, self.now())
        holdings = self.purse.holdings
        net = holdings.net(account, specification) - holdings.share(account, instrument, strategy)
        working = self._working((account, instrument, NO_STRATEGY))
        return side * net + sum(each.remaining for each in working if each.side == side and each.strategy != strategy)

    def _largest(self, scope: Scope) -> int | None:
        mine = self.limits.get(scope)
        if not mine:
            return None
        over = [source for source, limit in mine.items() if limit.until and limit.until <= self.now()]
        for source in over:
            del mine[source]
        if not mine:
            del self.limits[scope]
        return min((units(limit.largest) for limit in mine.values()), default=None)

    def _enforce_all(self, account: str, instrument: str) -> None:
        for scope in list(self.limits):
            if scope[:2] == (account, instrument):
                self._enforce(scope)

    def _enforce(self, scope: Scope) -> None:
        largest = self._largest(scope)
        if largest is None:
            return
        account, instrument, strategy = scope
        held = self._held_of(scope)
        for side in (1, -1):
            growing = [each for each in self._working(scope) if each.side == side]
            if side * held + sum(each.remaining for each in growing) > largest:
                self._stop_growth(scope, side, growing, largest)
        specification = self.context.instruments.at(instrument, self.now())
        lot = specification.size.step_quantity
        coming = sum(units(each.left) for each in self.underway.values() if self._touches(each, scope))
        excess = min(-(-(abs(held) - largest) // lot) * lot, self._closable(scope, held, specification)) - coming
        if excess <= 0:
            return
        self._drop_wishes(scope)
        self.reductions += 1
        reduction_id = f"{self.name}-{self.reductions}"
        size = number(min(excess, abs(held)))
        self._note(reduction_id, scope, size)
        limit = self._least(scope)
        self.publish(
            Reduce(
                strategy=strategy, account=account, instrument=instrument, reduction_id=reduction_id, size=size,
                reason=f"held {number(held)!r}, at most {number(largest)!r}: {limit.reason}", worst=limit.worst,
            )
        )  # fmt: skip

    def _closable(self, scope: Scope, held: int, specification: Specification) -> int:
        """What can be traded of it: whole lots of each share, of which interest and fees leave less on spot."""
        if specification.kind != "spot":
            return abs(held)
        lot, shares = specification.size.step_quantity, self.purse.holdings.shares.items()
        mine = [share for key, share in shares if key[:2] == scope[:2] and key[2] != NO_STRATEGY and share * held > 0]
        return sum(abs(share) // lot * lot for share in mine) if scope[2] == NO_STRATEGY else abs(held) // lot * lot

    def _stop_growth(self, scope: Scope, side: int, growing: list[Working], largest: int) -> None:
        """The first orders that fit stay."""
        room = largest - side * self._held_of(scope)
        for order in growing:
            if order.remaining <= room:
                room -= order.remaining
                continue
            desire = self.desires.get(order.key)
            if desire is not None:
                desire.waiting = False
                desire.wanted = _nearer(desire.wanted, largest)
            self._cancel([order.order_id], f"at most {number(largest)!r}: {self._least(scope).reason}")

    def _drop_wishes(self, scope: Scope) -> None:
        for key, desire in self.desires.items():
            if key[:2] == scope[:2] and scope[2] in (NO_STRATEGY, key[2]):
                desire.waiting = False

    def _note(
        self, reduction_id: str, scope: Scope, size: float, patience_ns: int = REDUCE_PATIENCE_NS
    ) -> None:  # fmt: skip
        self.underway[reduction_id] = Underway(*scope, size, 0)
        self._wait(reduction_id, self.underway[reduction_id], patience_ns)

    def _touches(self, underway: Underway, scope: Scope) -> bool:
        same = (underway.account, underway.instrument) == scope[:2]
        return same and (NO_STRATEGY in (underway.strategy, scope[2]) or underway.strategy == scope[2])

    def _held_of(self, scope: Scope) -> int:
        account, instrument, strategy = scope
        if strategy != NO_STRATEGY:
            return self.purse.holdings.share(account, instrument, strategy)
        return self.purse.holdings.net(account, self.context.instruments.at(instrument, self.now()))

    def _working(self, scope: Scope) -> list[Working]:
        keys = [key for key in self.working.by_market.get(scope[:2], ()) if scope[2] in (NO_STRATEGY, key[2])]
        return [order for key in keys for order in self.working.of(key)]

    def _least(self, scope: Scope) -> Limit:
        return min(self.limits[scope].values(), key=lambda limit: limit.largest)

    def limits_state(self) -> Any:
        return {
            "limits": [limit for mine in self.limits.values() for limit in mine.values()],
            "underway": list(self.underway.items()),
            "reductions": self.reductions,
        }

    def restore_limits(self, state: Any) -> None:
        """The limits of actors that the desk does not have any more are over."""
        self.limits = {}
        actors = {actor.name for actor in self.purse.settings.actors}
        for limit in msgspec.convert(state["limits"], list[Limit]):
            if not actors or limit.source in actors:
                self.limits.setdefault(limit.scope, {})[limit.source] = limit
        self.underway = {key: msgspec.convert(each, Underway) for key, each in state["underway"]}
        self.reductions = state["reductions"]


def _nearer(wanted: float, largest: int) -> float:
    """The wish, no further from 0 than the limit."""
    if abs(units(wanted)) <= largest:
        return wanted
    return number(largest if wanted > 0 else -largest)
