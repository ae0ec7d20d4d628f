"""Instrument ids are made from symbols and back, whatever the symbol; nothing can be slipped into a subject."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from letrade.core import subjects
from letrade.core.errors import DataError
from letrade.core.messages.base import Timer
from letrade.core.messages.events import Alert
from letrade.core.messages.market import Trade
from letrade.core.messages.signals import Target

SAFE = re.compile(r"[A-Za-z0-9_=-]+\.[A-Za-z0-9_=-]+\Z")
SYMBOLS = st.text(min_size=1).filter(lambda symbol: symbol != "/")
LIKELY = st.text("ABC/:-_=.9 é币", min_size=1).filter(lambda symbol: symbol != "/")
TRADE = Trade(instrument="x.A-B", price=1.0, size=1.0)
TARGET = Target(strategy="s", account="a", instrument="x.A-B", signal=1, position=0.0)
INJECTIONS = ["", ".", "*", ">", "a b", "a.>", "a\r\nPUB x 0\r\n", "a\n", "\u00e9", "a\x00", "a..b", "a\t", "/"]


@pytest.mark.parametrize(
    ("symbol", "token"),
    [
        ("BTC/USDT", "BTC-USDT"),
        ("BTC/USDT:USDT", "BTC-USDT_USDT"),
        ("BTC/USD:BTC-241227", "BTC-USD_BTC-241227"),
        ("1000PEPE/USDT", "1000PEPE-USDT"),
        ("BTCUSDT", "BTCUSDT"),
        ("BTC-USDT", "BTC=2DUSDT"),
        ("A_B/C", "A=5FB-C"),
        ("a b", "a=20b"),
        ("币/USDT", "=E5=B8=81-USDT"),
    ],
)
def test_ids_read_as_the_design_says(symbol: str, token: str) -> None:
    assert subjects.instrument_id("binance", symbol) == f"binance.{token}"
    assert subjects.venue_symbol(f"binance.{token}") == ("binance", symbol)


@given(SYMBOLS | LIKELY)
@example("//::--__==")
@example("-")
@example(":/")
@example("a-/b:_:c")
def test_every_symbol_has_an_id_that_a_subject_can_hold_and_that_leads_back(symbol: str) -> None:
    instrument = subjects.instrument_id("x", symbol)
    assert SAFE.match(instrument)
    assert instrument != subjects.account_instrument("x")
    assert subjects.venue_symbol(instrument) == ("x", symbol)


@given(LIKELY, LIKELY)
def test_two_symbols_never_share_an_id(one: str, other: str) -> None:
    same = subjects.instrument_id("x", one) == subjects.instrument_id("x", other)
    assert same == (one == other)


@given(st.text("AB-_=0F5.", max_size=8))
def test_an_id_is_that_of_its_symbol_or_refused(token: str) -> None:
    try:
        venue, symbol = subjects.venue_symbol(f"x.{token}")
    except DataError:
        return
    assert subjects.instrument_id(venue, symbol) == f"x.{token}"


@pytest.mark.parametrize("instrument", ["", "x", ".", "x.", ".A", "x.A.B", "x.A B", "x.=FF", "x.=2d", "x.A_B_C", "x.>"])
def test_what_is_no_id_is_refused(instrument: str) -> None:
    with pytest.raises(DataError):
        subjects.venue_symbol(instrument)


@pytest.mark.parametrize("symbol", ["", "/", "\ud800"])
def test_symbols_without_an_id_are_refused(symbol: str) -> None:
    with pytest.raises(DataError, match="symbol"):
        subjects.instrument_id("x", symbol)


@pytest.mark.parametrize("bad", INJECTIONS)
@pytest.mark.parametrize(
    ("message", "field"),
    [(TRADE, "instrument"), (TARGET, "instrument"), (TARGET, "strategy"), (TARGET, "account")],
)
def test_no_message_reaches_another_subject_than_its_own(message: Any, field: str, bad: str) -> None:
    values = [f"x.{bad}", f"{bad}.x", bad] if field == "instrument" else [bad]
    for value in values:
        with pytest.raises(DataError):
            subjects.of_message("main", "kind", msgspec.structs.replace(message, **{field: value}))


@pytest.mark.parametrize("bad", INJECTIONS)
def test_no_other_name_can_be_slipped_in_either(bad: str) -> None:
    makers: list[Any] = [
        lambda: subjects.of_message(bad, "trade", TRADE),
        lambda: subjects.of_message("main", "alert", Alert(level="info", code="", text="", source=bad)),
        lambda: subjects.all_of_kind("main", "md", bad),
        lambda: subjects.request("main", bad),
        lambda: subjects.journal("main", bad),
        lambda: subjects.stream_name(bad),
    ]
    if bad != "*":
        makers.append(lambda: subjects.step("main", bad))
    for make in makers:
        with pytest.raises(DataError):
            make()


def test_subjects_read_as_the_design_says() -> None:
    assert subjects.of_message("main", "trade", TRADE) == "letrade.main.md.trade.x.A-B"
    assert subjects.of_message("main", "target", TARGET) == "letrade.main.do.target.s.a.x.A-B"
    alert = Alert(level="info", code="", text="", source="risk")
    assert subjects.of_message("main", "alert", alert) == "letrade.main.ev.alert.risk"
    assert subjects.all_of_kind("main", "do", "fill") == "letrade.main.do.fill.>"
    assert subjects.request("main", "status") == "letrade.main.req.status"
    assert subjects.journal("main", "desk") == "letrade.main.journal.desk"
    assert (subjects.step("main", "*"), subjects.stream_name("main")) == ("letrade.main.step.*", "LETRADE_main_JOURNAL")


def test_a_timer_never_leaves_its_process() -> None:
    with pytest.raises(DataError, match="never leaves"):
        subjects.of_message("main", "timer", Timer(key="k"))
