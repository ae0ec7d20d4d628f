"""A tiny run of each benchmark: the object has its keys, and every answer was checked."""

import json
from pathlib import Path
from typing import Any

import pytest

from letrade.__main__ import main
from letrade.bench.framework.catalogue import MODULES
from letrade.bench.framework.results import ALWAYS


def _answered(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["bench", *words, "--json"])
    report: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return code, report


@pytest.fixture(autouse=True)
def _own_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETRADE_BENCH_DIR", str(tmp_path / "runs"))


@pytest.mark.parametrize("name", MODULES)
def test_each_question_is_answered_and_its_answer_checked(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = _answered(capsys, name, "--quick")
    assert report["failures"] == []
    assert {"cores", "cpu", "python", "nats_server", "load_before", "load_after"} <= set(report["machine"])
    assert report["results"]
    for result in report["results"]:
        assert set(ALWAYS) <= set(result)
        assert result["question"] == name
        assert result["checked"], result
        assert "left out" not in result.get("note", ""), result
    assert code == 0


def test_every_question_is_listed_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, listed = _answered(capsys)
    assert code == 0
    assert [each["name"] for each in listed["questions"]] == list(MODULES)
    assert all("?" in each["question"] for each in listed["questions"])


def test_an_unknown_name_is_told_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "latenzy"]) == 2
    assert "'latency'" in capsys.readouterr().err.replace('"', "'")


def test_a_run_is_kept_and_the_next_one_compared_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, first = _answered(capsys, "codec", "--for", "1ms")
    _, second = _answered(capsys, "codec", "--for", "1ms")
    assert len(list((tmp_path / "runs").glob("*.json"))) >= 1
    earlier = {each["name"]: each["value"] for each in first["results"]}
    assert {each["name"]: each["previous"] for each in second["results"]} == earlier


def test_the_page_shows_every_figure_and_needs_no_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    _, report = _answered(capsys, "soak", "--quick", "--html", str(page))
    text = page.read_text()
    assert all(result["name"] in text for result in report["results"])
    assert text.count("<svg") >= 2
    assert not any(word in text for word in ("http:", "https:", "src=", "@import", "url("))
