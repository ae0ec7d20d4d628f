"""The ledger: every fill once, to the unit, and account = sum of shares."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from letrade.actors.ledger.ledger import Ledger, LedgerConfig
from letrade.core.bookkeeping import held_units
from letrade.core.messages.accounts import Account, Balance, Position
from letrade.core.messages.base import Message
from letrade.core.messages.events import Alert, Halt
from letrade.core.messages.market import Instrument, Trade
from letrade.core.messages.orders import CashEntry, Fill, UnexplainedDifference
from letrade.core.messages.venue import HeldPosition, VenueState
from letrade.core.money import Money, money
from tests.actors.cuts import with_a_cut, without_a_cut
from tests.actors.desk_parts import LINEAR, SECOND, SPOT, settings
from tests.stage import BTC, PERP, StageOf, context, of_kind

PEPE = Instrument(
    instrument="paper.PEPE-USDT", kind="spot", base="PEPE", quote="USDT", settle="USDT", tick="0.0000000001", lot="1"
)
FINE = Instrument(
    instrument="paper.ETH-USDT", kind="spot", base="ETH", quote="USDT", settle="USDT", tick="0.01",
    lot="0.000000000000000001",
)  # fmt: skip
KILO = Instrument(
    instrument="paper.SHIB-USDT_USDT", kind="linear", base="SHIB", quote="USDT", settle="USDT", tick="0.000001",
    lot="1", multiplier="1000",
)  # fmt: skip


def ledger(balances: dict[str, Decimal] | None = None) -> Ledger:
    shared = context(BTC, PERP, PEPE, FINE, KILO, settings=settings(balances=balances or {"USDT": Decimal(1000)}))
    return Ledger("ledger", LedgerConfig(), shared)


NUMBERS = iter(range(1, 10**9))


def fill(side: int, size: float, price: float, instrument: str = SPOT, **more: Any) -> Fill:
    number = next(NUMBERS)
    usual = {"strategy": "alpha", "fee": money("USDT", 0), "fill_number": number, "trade_id": f"t{number}"}
    return Fill(
        account="main", instrument=instrument, order_id="alpha.1.1", client_order_id="", side=side, price=price,
        size=size, maker=False, **{**usual, **more},
    )  # fmt: skip


def told(*messages: Message, balances: dict[str, Decimal] | None = None) -> list[Message]:
    stamped = [msgspec.structs.replace(message, time=at * SECOND) for at, message in enumerate(messages, 1)]
    return StageOf(ledger(balances)).tell(*stamped)


def balances_of(said: list[Message]) -> dict[str, str]:
    return {balance.total.currency: str(balance.total) for balance in of_kind(said, Balance)}


def equities(said: list[Message]) -> list[Account]:
    return [account for account in of_kind(said, Account) if account.account == "main"]


def test_a_spot_fill_moves_both_wallets_and_the_fee() -> None:
    said = told(fill(1, 0.5, 100.01, fee=money("USDT", 123)))
    assert balances_of(said) == {"BTC": "0.50000000 BTC", "USDT": "949.99499877 USDT"}


def test_a_fill_that_comes_again_is_not_booked_again() -> None:
    once = fill(1, 0.5, 100.0)
    assert len(of_kind(told(once, once), Position)) == 2


def test_a_contract_realises_its_profit_into_the_settlement_wallet() -> None:
    said = told(fill(1, 2.0, 100.0, LINEAR), fill(-1, 1.0, 110.0, LINEAR), fill(-1, 2.0, 90.0, LINEAR))
    assert balances_of(said) == {"USDT": "1000.00000000 USDT"}
    last = of_kind(said, Position)[-1]
    assert (last.quantity, last.average_price, str(last.realised)) == (-1.0, 90.0, "0.00000000 USDT")


def test_a_multiplier_counts() -> None:
    said = told(fill(1, 3.0, 0.000010, KILO.instrument), fill(-1, 3.0, 0.000012, KILO.instrument))
    assert balances_of(said) == {"USDT": "1000.00600000 USDT"}


def test_prices_and_sizes_of_any_scale_are_exact() -> None:
    said = told(fill(1, 5e12, 1e-10, PEPE.instrument), fill(1, 1.000000000000001, 0.01, FINE.instrument))
    found = balances_of(said)
    assert found["PEPE"] == "5000000000000.00000000 PEPE"
    assert found["ETH"] == "1.000000000000001 ETH"
    assert found["USDT"] == "499.98999999999999999 USDT"


def test_a_fee_in_the_asset_bought_is_taken_from_the_share_and_on_a_sale_from_nobodys() -> None:
    fee = Money("BTC", 8, 100_000)
    said = told(fill(1, 1.0, 100.0, fee=fee), fill(-1, 0.999, 100.0, fee=fee), balances={"USDT": Decimal(1000)})
    last = {position.strategy: position.quantity for position in of_kind(said, Position)}
    assert last == {"alpha": 0.0, "-": -0.001}
    assert balances_of(said)["BTC"] == "-0.00100000 BTC"


def test_fees_in_any_currency_and_rebates() -> None:
    said = told(fill(1, 1.0, 100.0, fee=money("BNB", 7)), fill(1, 1.0, 100.0, fee=money("USDT", -9)))
    assert balances_of(said)["BNB"] == "-0.00000007 BNB"
    fees = {str(fee) for fee in of_kind(said, Position)[-1].fees}
    assert fees == {"0.00000007 BNB", "-0.00000009 USDT"}


def test_cash_entries_change_a_wallet_once() -> None:
    entry = CashEntry(strategy="-", account="main", instrument="paper.-", entry_id="f1", origin="funding",
                      amount=money("USDT", -50))  # fmt: skip
    assert balances_of(told(entry, entry)) == {"USDT": "999.99999950 USDT"}


def test_funding_is_divided_by_the_shares_held_and_the_rest_is_nobodys() -> None:
    entry = CashEntry(strategy="-", account="main", instrument=LINEAR, entry_id="f1", origin="funding",
                      amount=money("USDT", -100))  # fmt: skip
    said = told(fill(1, 2.0, 100.0, LINEAR), fill(1, 1.0, 100.0, LINEAR, strategy="beta"), entry)
    last = {position.strategy: str(position.funding) for position in of_kind(said, Position)}
    assert last == {"alpha": "-0.00000066 USDT", "beta": "-0.00000033 USDT", "-": "-0.00000100 USDT"}
    assert balances_of(said) == {"USDT": "999.99999900 USDT"}


def test_equity_is_marked_at_the_last_price_and_unknown_without_one() -> None:
    price = Trade(instrument=LINEAR, price=105.0, size=1.0)
    (*_, last) = equities(told(fill(1, 2.0, 100.0, LINEAR), price))
    assert (str(last.equity), str(last.unrealised)) == ("1010.00000000 USDT", "10.00000000 USDT")
    (*_, unknown) = equities(told(fill(1, 1.0, 100.0, LINEAR, fee=money("BNB", 7))))
    assert unknown.equity is None
    assert unknown.missing == ("BNB",)


def state(last_fill: int, usdt: int, held: float = 0.0) -> VenueState:
    positions = (HeldPosition(instrument=LINEAR, quantity=held),) if held else ()
    return VenueState(
        strategy="-", account="main", instrument="paper.-", open_orders=(), positions=positions,
        balances=(money("USDT", usdt),), last_fill_number=last_fill,
    )  # fmt: skip


def test_a_difference_from_the_venue_at_rest_is_said_once_and_halts() -> None:
    said = told(fill(1, 1.0, 100.0, LINEAR), state(1, 999 * 10**8, 1.0), state(1, 999 * 10**8, 1.0))
    assert [(each.what, each.ours, each.venues) for each in of_kind(said, UnexplainedDifference)] == [
        ("balance USDT", "1000.0", "999.0")
    ]
    assert len(of_kind(said, Halt)) == len(of_kind(said, Alert)) == 1


def test_a_position_that_differs_is_found_and_fills_on_their_way_are_waited_for() -> None:
    said = told(fill(1, 1.0, 100.0, LINEAR), state(2, 10**11, 2.0), state(1, 10**11, 2.0))
    assert [each.what for each in of_kind(said, UnexplainedDifference)] == [f"position {LINEAR}"]


FILLS = st.lists(
    st.builds(
        fill,
        st.sampled_from([1, -1]),
        st.integers(1, 50).map(lambda lots: lots / 1000),
        st.integers(900, 1100).map(lambda ticks: ticks / 10),
        st.sampled_from([SPOT, LINEAR]),
        strategy=st.sampled_from(["alpha", "beta", "-"]),
        fee=st.builds(Money, st.sampled_from(["USDT", "BTC", "BNB"]), st.just(8), st.integers(-5, 5)),
    ),
    min_size=1,
    max_size=12,
)


@given(FILLS)
def test_what_is_held_is_what_was_traded_and_all_money_is_accounted_for(fills: list[Fill]) -> None:
    book = ledger()
    StageOf(book, step_ns=1).tell(*(msgspec.structs.replace(each, time=at) for at, each in enumerate(fills, 1)))
    fees = {
        currency: sum(Fraction(each.fee.integer, 10**8) for each in fills if each.fee.currency == currency)
        for currency in ("USDT", "BTC", "BNB")
    }
    spot = [each for each in fills if each.instrument == SPOT]
    traded = sum((each.side * Fraction(repr(each.size)) for each in spot), Fraction(0))
    assert book.books["main"].wallets.get("BTC", Fraction(0)) == traded - fees["BTC"]
    assert book.books["main"].wallets.get("BNB", Fraction(0)) == -fees["BNB"]
    for instrument in {each.instrument for each in fills}:
        shares = book.shares.total("main", instrument)
        assert shares == held_units(book.books["main"].positions[instrument])


@given(FILLS, st.data())
def test_a_restart_changes_nothing(fills: list[Fill], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(fills)))
    times = [msgspec.structs.replace(each, time=at * 10_000_000) for at, each in enumerate(fills, 1)]
    again = [msgspec.structs.replace(each) for each in times]
    whole, cut_short = without_a_cut(ledger, times, cut, 10**9), with_a_cut(ledger, again, cut, 10**9)
    assert [each for each in cut_short if each.time] == [each for each in whole if each.time]


def counted(entries: int) -> VenueState:
    return VenueState(
        strategy="-", account="main", instrument="paper.-", open_orders=(), positions=(), last_fill_number=0,
        balances=(money("USDT", 1000 * 10**8 - 50),), cash_entries=entries, time=SECOND,
    )  # fmt: skip


def test_cash_that_the_venue_counts_and_nobody_tells_is_a_difference_after_a_minute() -> None:
    stage = StageOf(ledger())
    said = stage.tell(counted(1), until=60 * SECOND)
    assert not of_kind(said, UnexplainedDifference)
    said = stage.tell(until=62 * SECOND)
    (found,) = of_kind(said, UnexplainedDifference)
    assert (found.what, found.ours, found.venues) == ("cash entries", "0.0", "1.0")
    assert [halt.account for halt in of_kind(said, Halt)] == ["main"]


def test_cash_that_is_told_within_a_minute_is_none() -> None:
    stage = StageOf(ledger())
    entry = CashEntry(strategy="-", account="main", instrument="paper.-", entry_id="f1", origin="funding",
                      amount=money("USDT", -50), time=50 * SECOND)  # fmt: skip
    said = stage.tell(counted(1), entry, until=120 * SECOND)
    assert not of_kind(said, UnexplainedDifference)
