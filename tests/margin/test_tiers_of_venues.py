"""Tiers asked of a venue: the real ccxt over a real socket, the file it leaves, and what happens without an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.margin.programs import BTC, margin, refused
from tests.system import exchange as served

pytest.importorskip("ccxt")
BRACKETS = [
    {"bracket": number, "initialLeverage": leverage, "notionalCap": cap, "notionalFloor": floor,
     "maintMarginRatio": rate, "cum": cum}
    for number, leverage, floor, cap, rate, cum in ((1, 125, 0, 50000, 0.004, 0.0), (2, 9, 50000, 900000, 0.02, 800.0))
]  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of an exchange that tells its brackets to whoever has a key."""
    usual = served.FakeExchange.answer

    def answer(self: served.FakeExchange, path: str, query: dict[str, str]) -> Any:
        if path.endswith("leverageBracket"):
            return [{"symbol": "BTCUSDT", "brackets": BRACKETS}]
        return usual(self, path, query)

    monkeypatch.setattr(served.FakeExchange, "answer", answer)
    with served.serving() as running:
        path = running.settings(tmp_path)
        base = f"http://127.0.0.1:{running.port}"
        public = path.read_text().replace("[options]", "[options]\nfetchCurrencies = false\nfetchMargins = false")
        path.write_text(f'apiKey = "k"\nsecret = "s"\n{public}fapiPrivate = "{base}/fapi/v1"\n')
        yield path


def test_what_was_downloaded_is_read_again_with_its_date(settings: Path, tmp_path: Path) -> None:
    file = tmp_path / "tiers.json"
    words = ("tiers", "download", "--venue", "binance", "--symbol", "BTC/USDT:USDT", "-o", file)
    ran = margin(*words, "--settings", settings, "--json")
    assert ran.answer["symbols"] == 1
    tier = margin(*BTC, "--leverage", "5", "--size", "1", "--tiers", file, "--json").answer["tier"]
    assert (tier["number"], tier["rate"], tier["amount"], tier["date"]) == (2, 0.02, 800, ran.answer["date"])


def test_tiers_may_be_asked_of_the_venue_at_once(settings: Path) -> None:
    answer = margin(*BTC, "--tiers", "live", "--settings", settings, "--json").answer
    assert answer["tier"]["from"].startswith("the venue itself")
    assert "allows 9" in refused(*BTC, "--size", "1", "--tiers", "live", "--settings", settings).errors


def test_without_network_it_is_said_in_a_line_with_code_8(tmp_path: Path) -> None:
    settings = tmp_path / "exchange.toml"
    nowhere = "http://127.0.0.1:9"
    settings.write_text(f'[urls.api]\npublic = "{nowhere}"\nfapiPublic = "{nowhere}"\ndapiPublic = "{nowhere}"\n')
    ran = margin(*BTC, "--tiers", "live", "--settings", settings, "--json")
    assert (ran.code, "--tiers" in ran.errors) == (8, True)
    assert json.loads(ran.output)["error"]["exit_code"] == 8


def test_a_signed_question_that_fails_is_told_without_what_it_was_signed_with(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = next(line for line in settings.read_text().splitlines() if line.startswith("fapiPrivate"))
    settings.write_text(settings.read_text().replace(private, 'fapiPrivate = "http://127.0.0.1:9/fapi/v1"'))
    monkeypatch.setattr("letrade.margin.live_tiers.TRIES", 1)
    monkeypatch.setenv("LETRADE_TRACEBACK", "1")
    ran = margin(*BTC, "--tiers", "live", "--settings", settings)
    assert ran.code == 8
    assert "127.0.0.1:9/fapi/v1/leverageBracket?…" in ran.errors
    for secret in ("signature=", "timestamp=", "recvWindow="):
        assert secret not in ran.errors + ran.output


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--tiers", "live", "--date", "2024-01-01"), 2),
        (("--tiers", "live", "--tiers", "live"), 2),
        (("--venue", "hyperliquid", "--tiers", "live"), 2),
    ],
)
def test_what_cannot_be_asked_of_a_venue_is_refused(words: tuple[str, ...], code: int) -> None:
    assert refused(*BTC, *words).code == code


def test_cases_are_of_many_days_and_venues_so_that_live_tiers_do_not_go_with_them(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_text('[{"id": "a"}]')
    assert refused("--cases", path, "--tiers", "live").code == 2


def test_a_secret_that_is_no_text_is_refused_and_not_told(tmp_path: Path) -> None:
    settings = tmp_path / "exchange.toml"
    settings.write_text('apiKey = "key"\nsecret = ["quite secret"]\n')
    ran = margin(*BTC, "--tiers", "live", "--settings", settings, "--json")
    assert (ran.code, "secret: expected a text" in ran.errors, "quite" in ran.errors + ran.output) == (4, True, False)
