"""Liquidations of seeded accounts at every venue: what is told adds up, and no more is lost than was at stake."""

from __future__ import annotations

import random
from collections.abc import Iterable
from decimal import Decimal

import pytest

from letrade.actors.venue.margin_bands import Bands
from letrade.actors.venue.margin_rules import RULES
from letrade.core.bookkeeping import AccountBook
from letrade.core.fraction import Fraction
from letrade.core.instruments import Specification
from letrade.core.messages.base import Message
from letrade.core.messages.orders import CashEntry, Fill
from letrade.core.messages.venue import VenueCash, VenueFill
from letrade.core.quantities import fraction_of_money
from tests.actors.venue_margin_parts import LINEAR, OTHER, MarginDesk, mark, perpetual
from tests.actors.venue_parts import quote, submit
from tests.stage import of_kind

FEES = {"maker_fee": Decimal("0.0002"), "taker_fee": Decimal("0.0005")}
SEEDS = range(12)


def booked(venue: str, messages: Iterable[Message], account: str) -> Fraction:
    """What a ledger has of USDT that books what the venue told, from 20,000 on."""
    book = AccountBook({"USDT": Decimal(20_000)})
    rules = {name: Specification(perpetual(venue, name)) for name in (LINEAR, OTHER)}
    for message in messages:
        if isinstance(message, VenueFill) and message.account == account:
            book.book_fill(rules[message.instrument], fill_of(message))
        elif isinstance(message, VenueCash) and message.account == account:
            entry = CashEntry(
                strategy="-", account=account, instrument=message.instrument, entry_id=message.entry_id,
                origin=message.origin, amount=message.amount,
            )  # fmt: skip
            book.book_cash(entry)
    return book.wallets["USDT"]


def fill_of(told: VenueFill) -> Fill:
    return Fill(
        strategy="-", account=told.account, instrument=told.instrument, order_id="", client_order_id="",
        trade_id=told.trade_id, side=told.side, price=told.price, size=told.size, fee=told.fee, maker=told.maker,
    )  # fmt: skip


def crashed(venue: str, seed: int, isolated: bool) -> tuple[MarginDesk, list[Message]]:
    """Trades of two accounts, and a fall or a rise of a few marks over thin books."""
    rng = random.Random(f"{venue} {seed} {isolated}")
    desk = MarginDesk(venue, balance="20000", insurance_fund={"USDT": rng.choice((0, 500, 10**9))}, **FEES)
    said: list[Message] = []
    for account in ("a", "b"):
        for name in (LINEAR, OTHER):
            desk.ask("margin_mode", mode="isolated" if isolated else "cross", account=account, instrument=name)
            desk.ask("leverage", rng.choice((5, 20)), account=account, instrument=name)
        for step in range(4):
            name, side = rng.choice((LINEAR, OTHER)), rng.choice((1, -1))
            size = round(rng.uniform(0.1, 3.0) * (1 if name == LINEAR else 15), 3)
            said += desk.tell(submit(f"{account}{step}", side, size, account=account, instrument=name))
    way = rng.choice((1, -1))
    for step in range(1, 8):
        for name, price in ((LINEAR, 60_000.0), (OTHER, 3_000.0)):
            now = round(price * (1 + way * rng.uniform(0.5, 1.5) * step / 25), 1)
            said += desk.tell(quote(now - 0.1, now, rng.choice((0.05, 2.0)), name), mark(now, name))
    return desk, said


@pytest.mark.parametrize("isolated", [True, False])
@pytest.mark.parametrize("venue", RULES)
def test_a_ledger_that_books_what_the_venue_tells_has_what_the_venue_has(venue: str, isolated: bool) -> None:
    origins: set[str] = set()
    for seed in SEEDS:
        desk, said = crashed(venue, seed, isolated)
        origins |= {fill.origin for fill in of_kind(said, VenueFill)}
        for account in ("a", "b"):
            held = {money.currency: fraction_of_money(money) for money in desk.account(account).balances}
            assert held["USDT"] == booked(venue, said, account)
            assert held["USDT"] >= 0, "the fund or the others bear what is more than all"
    assert {"desk", "liquidation"} <= origins


@pytest.mark.parametrize("venue", RULES)
def test_isolated_positions_that_nobody_buys_lose_their_margin_and_nothing_else(venue: str) -> None:
    for seed in SEEDS:
        rng = random.Random(f"{venue} {seed}")
        desk = MarginDesk(venue, balance="20000", **FEES)
        desk.isolated(float(rng.choice((5, 10, 20))))
        size, side = round(rng.uniform(0.01, 1.0), 3), rng.choice((1, -1))
        desk.trade(side, size)
        held, before = desk.held(), desk.balance("USDT")
        assert held is not None
        assert held.isolated_margin is not None
        desk.tell(quote(0.1, 1e7, 100.0, LINEAR))
        desk.tell(mark(60_000.0 * (1 - side * 0.5)))
        assert desk.held() is None
        assert desk.balance("USDT") == before - held.isolated_margin.decimal


class Never(Bands):
    """Looks exactly at every mark."""

    def surely_safe(self, account: str, name: str, rules: Specification, price: float) -> bool:
        return False


@pytest.mark.parametrize("venue", RULES)
def test_marks_that_are_not_looked_at_exactly_change_nothing(venue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [crashed(venue, seed, isolated=False)[1] for seed in SEEDS]
    monkeypatch.setattr("letrade.actors.venue.liquidation.Bands", Never)
    assert [crashed(venue, seed, isolated=False)[1] for seed in SEEDS] == quick
