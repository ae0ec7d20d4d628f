"""Pure: the orders of a basket, leg by leg, as the rules see them."""

from __future__ import annotations

from letrade.core.messages.orders import BasketProposal, OrderIntent, Proposal


def legs_of(basket: BasketProposal) -> list[tuple[Proposal, OrderIntent]]:
    """Each order with a proposal of its own leg."""
    found = []
    for leg in basket.legs:
        proposal = Proposal(
            strategy=basket.strategy, account=leg.account, instrument=leg.instrument, signal=basket.signal,
            orders=leg.orders,
        )  # fmt: skip
        found += [(proposal, order) for order in leg.orders]
    return found
