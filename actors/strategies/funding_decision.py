"""Pure: which pair of legs to hold for their funding, how large, and what money to move, from what is known now.

One leg is long, the other short by as many base units, so that prices cancel and funding is left. All shares are of the
notional, all rates are of an hour. Money counts where it has arrived: what is on its way is neither here nor there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import NamedTuple


class Terms(NamedTuple):
    """What the desk file says."""

    horizon_hours: float
    """Costs are to be earned within it."""
    enter: float
    """The least that is expected of the horizon after all costs, to enter, to grow or to change the pair."""
    exit: float
    """A pair whose funding of the horizon is expected below it is left."""
    leverage: float
    """Notional for each unit of an account's equity, when sizes are chosen."""
    leverage_top_up: float
    """Beyond it money is asked for."""
    leverage_max: float
    """Beyond it both legs are reduced, whatever is on its way."""
    size_max: float
    step: float
    """Sizes are whole multiples of it: the coarser lot of all legs."""
    resize: float
    """A pair grows by at least this share of itself."""
    headroom: float = 0.0
    """Of a purchase on spot, kept for its fee and for a worse price."""


class Leg(NamedTuple):
    """One market as it is known; None for what is not."""

    account: str
    spot: bool
    price: float | None
    funding: float | None
    """What longs are expected to pay to shorts."""
    borrow: float | None
    """What a short costs, 0 for contracts; None: it cannot be had."""
    cost: float
    """To trade once: the fee and half the spread."""
    held: float
    lent: float = 0.0
    """The most that may be short on spot."""
    level: float = 2.0
    """Money worth so many times what is owed must be there beside it."""


class Purse(NamedTuple):
    """An account, in the currency that its legs settle in."""

    equity: float | None
    """Arrived, with what open positions would bring at the last prices."""
    leaving: float = 0.0
    """Asked to leave, and perhaps still in `equity`."""
    coming: float = 0.0
    """On its way here: a reason to ask for no more, never to hold more."""
    cash: float = math.inf
    """What of the equity is money already: gains of open positions cannot be sent."""


class Route(NamedTuple):
    """A way for money from an account to another."""

    fee: float
    minimum: float


class Move(NamedTuple):
    """Money to be moved; what leaves."""

    from_account: str
    to_account: str
    amount: float


class Decision(NamedTuple):
    """`wanted` by leg; None leaves everything as it is."""

    wanted: tuple[float, ...] | None
    moves: tuple[Move, ...] = ()
    short: tuple[str, ...] = ()
    """Accounts whose margin does not carry what is held at `leverage_max`."""
    expected: float = 0.0
    """Of the horizon, for the pair wanted or kept: after all costs when it is entered, before them when it is kept."""


NOTHING = Decision(None)
Pair = tuple[int, int]
"""The places of the long and of the short leg."""
Routes = Mapping[tuple[str, str], Route]


def decide(
    terms: Terms, legs: Sequence[Leg], purses: Mapping[str, Purse], routes: Routes, reserves: Sequence[str] = ()
) -> Decision:
    """Enter the best pair that is worth it; keep, reduce or leave the one that is held. `reserves` are accounts
    whose money is there for others, where their own legs do not need it."""
    longs = [place for place, leg in enumerate(legs) if leg.held > 0]
    shorts = [place for place, leg in enumerate(legs) if leg.held < 0]
    if not longs and not shorts:
        return _enter(terms, legs, purses, routes)
    if len(longs) != 1 or len(shorts) != 1:
        return Decision((0.0,) * len(legs))
    return _keep(terms, legs, purses, routes, (longs[0], shorts[0]), reserves)


def carry(legs: Sequence[Leg], pair: Pair) -> float | None:
    """What an hour of a pair is expected to bring."""
    long, short = legs[pair[0]], legs[pair[1]]
    if long.funding is None or short.funding is None or short.borrow is None:
        return None
    return short.funding - long.funding - short.borrow


def net(terms: Terms, legs: Sequence[Leg], pair: Pair, size: float, routes: Routes) -> float | None:
    """Of the horizon after both entries, both exits and one transfer between the accounts."""
    hourly = carry(legs, pair)
    price = legs[pair[0]].price
    if hourly is None or not price or not size:
        return None
    costs = 2 * (legs[pair[0]].cost + legs[pair[1]].cost)
    one, other = legs[pair[0]].account, legs[pair[1]].account
    ways = [routes.get((one, other)), routes.get((other, one))]
    transfer = max((way.fee for way in ways if way is not None), default=0.0)
    return hourly * terms.horizon_hours - costs - transfer / (size * price)


def margin_of(leg: Leg, size: float, leverage: float) -> float:
    """What a size of a leg needs: a spot purchase all of it, a short on spot what its lender asks beyond the debt."""
    notional = abs(size) * (leg.price or 0.0)
    if not leg.spot:
        return notional / leverage
    return notional if size > 0 else notional * max(leg.level - 1.0, 1.0 / leverage)


def capacity(legs: Sequence[Leg], purses: Mapping[str, Purse], pair: Pair, leverage: float) -> float:
    """The largest size that the money which is there carries, on both legs; 0 where something is not known."""
    if not all(legs[place].price for place in pair):
        return 0.0
    needs = _needs(legs, pair, 1.0, leverage)
    return max(0.0, min(available(purses[account]) / need for account, need in needs.items()))


def available(purse: Purse) -> float:
    """What may be relied on."""
    return 0.0 if purse.equity is None else purse.equity - purse.leaving


def whole(size: float, step: float) -> float:
    """Cut to whole steps; a hair is forgiven, as a size that was cut stays what it is."""
    return round(int(size / step + 1e-9) * step, 12)


def _enter(terms: Terms, legs: Sequence[Leg], purses: Mapping[str, Purse], routes: Routes) -> Decision:
    best: tuple[float, Pair, float] | None = None
    for pair in permutations(range(len(legs)), 2):
        size = _room(terms, legs, purses, (pair[0], pair[1]))
        expected = net(terms, legs, (pair[0], pair[1]), size, routes)
        if expected is not None and expected >= terms.enter and (best is None or expected > best[0]):
            best = (expected, (pair[0], pair[1]), size)
    return NOTHING if best is None else Decision(_at(legs, best[1], best[2]), expected=best[0])


def _room(terms: Terms, legs: Sequence[Leg], purses: Mapping[str, Purse], pair: Pair) -> float:
    lent = legs[pair[1]].lent if legs[pair[1]].spot else math.inf
    carried = capacity(legs, purses, pair, terms.leverage) / (1.0 + terms.headroom * legs[pair[0]].spot)
    return whole(min(terms.size_max, lent, carried), terms.step)


def _keep(
    terms: Terms, legs: Sequence[Leg], purses: Mapping[str, Purse], routes: Routes, pair: Pair, reserves: Sequence[str]
) -> Decision:
    """Margin first, then whether it is still worth it, then whether more of it is."""
    held = min(legs[pair[0]].held, -legs[pair[1]].held)
    accounts = [legs[place].account for place in pair]
    if any(purses[account].equity is None for account in accounts) or not all(legs[place].price for place in pair):
        return NOTHING
    hourly = carry(legs, pair)
    expected = 0.0 if hourly is None else hourly * terms.horizon_hours
    if hourly is not None and (expected < terms.exit or _better(terms, legs, purses, routes, pair, expected)):
        return Decision((0.0,) * len(legs), expected=expected)
    short = _short(terms, legs, purses, pair, held)
    uneven = abs(legs[pair[0]].held + legs[pair[1]].held) >= terms.step / 2
    if short:
        held = min(held, whole(capacity(legs, purses, pair, terms.leverage), terms.step))
    needs = _needs(legs, pair, held, terms.leverage)
    moves = _moves(terms, purses, routes, needs, reserves)
    if short or uneven:
        return Decision(_at(legs, pair, held), moves, short, expected)
    room = _room(terms, legs, purses, pair)
    anew = net(terms, legs, pair, room, routes)
    if room >= held * (1.0 + terms.resize) and anew is not None and anew >= terms.enter:
        return Decision(_at(legs, pair, room), expected=anew)
    return Decision(None, moves, (), expected)


def _better(
    terms: Terms, legs: Sequence[Leg], purses: Mapping[str, Purse], routes: Routes, pair: Pair, expected: float
) -> bool:
    """Whether another pair brings so much more that its own costs are earned too. Its size is not known before this
    one is left: the costs of a transfer are those of what is held."""
    held = min(legs[pair[0]].held, -legs[pair[1]].held)
    for other in permutations(range(len(legs)), 2):
        found = net(terms, legs, (other[0], other[1]), held, routes)
        prices = all(legs[place].price and purses[legs[place].account].equity for place in other)
        if other != pair and prices and found is not None and found - expected >= terms.enter:
            return True
    return False


def _needs(legs: Sequence[Leg], pair: Pair, size: float, leverage: float) -> dict[str, float]:
    """By account, the margin of a size of both legs."""
    needs: dict[str, float] = {}
    for place, side in zip(pair, (1.0, -1.0), strict=True):
        leg = legs[place]
        needs[leg.account] = needs.get(leg.account, 0.0) + margin_of(leg, side * size, leverage)
    return needs


def _short(
    terms: Terms, legs: Sequence[Leg], purses: Mapping[str, Purse], pair: Pair, held: float
) -> tuple[str, ...]:  # fmt: skip
    needs = _needs(legs, pair, held, terms.leverage_max)
    return tuple(account for account, need in needs.items() if need > available(purses[account]) * (1 + 1e-12))


def _moves(
    terms: Terms, purses: Mapping[str, Purse], routes: Routes, needs: Mapping[str, float], reserves: Sequence[str]
) -> tuple[Move, ...]:
    """To an account that has less than it should, from whoever has money that its own leg does not need."""
    for taker, need in needs.items():
        has = available(purses[taker]) + purses[taker].coming
        if need * terms.leverage <= terms.leverage_top_up * has:
            continue
        for giver in dict.fromkeys((*needs, *reserves)):
            if giver == taker:
                continue
            route = routes.get((giver, taker))
            there = min(available(purses[giver]), purses[giver].cash - purses[giver].leaving)
            amount = 0.0 if route is None else min(need - has + route.fee, there - needs.get(giver, 0.0))
            if route is not None and amount > route.fee and amount >= route.minimum:
                return (Move(giver, taker, amount),)
    return ()


def _at(legs: Sequence[Leg], pair: Pair, size: float) -> tuple[float, ...]:
    wanted = [0.0] * len(legs)
    wanted[pair[0]], wanted[pair[1]] = size, -size
    return tuple(wanted)
