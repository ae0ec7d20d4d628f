"""`letrade context`: files as the `nats` command reads them, for one's own eyes, and none but ours replaced."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.system.programs import letrade, summary_of

RUN = {
    "desk": "main", "pid": os.getpid(), "urls": ["nats://127.0.0.1:4333"], "user": "letrade", "password": "secret-desk",
    "operator_user": "operator", "operator_password": "secret-operator", "system_user": "sys",
    "system_password": "secret-system",
}  # fmt: skip
NAMES = ["letrade-main", "letrade-main-operator", "letrade-main-system"]


class Home:
    """A user's configuration directory, and the data directory of a desk that runs."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.nats = folder / "config" / "nats"
        self.environment = {**os.environ, "XDG_CONFIG_HOME": str(folder / "config"), "LETRADE_DATA": str(folder)}
        self.run()

    def run(self, **changes: Any) -> None:
        (self.data / "run.json").write_text(json.dumps(RUN | changes))

    def context(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return letrade("context", *words, env=self.environment)

    def write(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return self.context("--data-dir", self.data, *words)

    def file(self, name: str) -> Path:
        return self.nats / "context" / f"{name}.json"

    def read(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file(name).read_text())
        return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_a_desk_gets_contexts_of_its_viewer_its_operator_and_its_system_user(home: Home) -> None:
    told = summary_of(home.write("--json").stdout)
    assert [each["name"] for each in told["contexts"]] == NAMES
    assert "secret" not in json.dumps(told)
    logins = {name: (home.read(name).get("user"), home.read(name).get("password")) for name in NAMES}
    assert list(logins.values()) == [(None, None), ("operator", "secret-operator"), ("sys", "secret-system")]
    assert {home.read(name)["url"] for name in NAMES} == {"nats://127.0.0.1:4333"}
    assert all(stat.S_IMODE(home.file(name).stat().st_mode) == 0o600 for name in NAMES)
    assert stat.S_IMODE((home.nats / "context").stat().st_mode) == 0o700
    assert not (home.nats / "context.txt").exists()


def test_they_are_written_anew_when_the_desk_is_elsewhere(home: Home) -> None:
    home.write()
    home.run(urls=["nats://127.0.0.1:5555", "nats://127.0.0.1:5556"])
    assert home.write().returncode == 0
    assert home.read("letrade-main")["url"] == "nats://127.0.0.1:5555,nats://127.0.0.1:5556"


def test_one_may_be_selected_and_the_one_before_is_remembered(home: Home) -> None:
    home.write("--select")
    assert (home.nats / "context.txt").read_text() == "letrade-main"
    told = summary_of(home.write("--select", "operator", "--json").stdout)
    assert told["selected"] == "letrade-main-operator"
    assert [each["selected"] for each in told["contexts"]] == [False, True, False]
    assert (home.nats / "previous-context.txt").read_text() == "letrade-main"


@pytest.mark.parametrize("text", ['{"description": "mine", "url": "nats://elsewhere"}', "no JSON", "[]", ""])
def test_what_letrade_did_not_write_is_replaced_only_by_force(home: Home, text: str) -> None:
    home.file("letrade-main-operator").parent.mkdir(parents=True)
    home.file("letrade-main-operator").write_text(text)
    refused = home.write()
    assert refused.returncode == 2
    assert "was not written by letrade" in refused.stderr
    assert home.file("letrade-main-operator").read_text() == text
    assert not home.file("letrade-main").exists()
    assert home.write("--force").returncode == 0
    assert home.read("letrade-main-operator")["user"] == "operator"


def test_only_ours_are_listed_and_removed_and_a_removed_one_is_not_selected(home: Home) -> None:
    home.write("--select", "system")
    home.run(desk="other")
    home.write()
    home.file("mine").write_text('{"description": "mine", "url": "nats://elsewhere"}')
    home.file("broken").write_text("{")
    listed = summary_of(home.context("--list", "--json").stdout)
    assert [each["name"] for each in listed["contexts"]] == [*NAMES, *(name.replace("main", "other") for name in NAMES)]
    assert summary_of(home.context("--remove", "--desk", "main", "--json").stdout) == {"removed": NAMES}
    assert not (home.nats / "context.txt").exists()
    home.context("--remove")
    assert sorted(path.name for path in (home.nats / "context").iterdir()) == ["broken.json", "mine.json"]
    assert "wrote no contexts" in home.context("--list").stdout


def test_a_server_that_is_not_the_desks_own_is_known_as_far_as_the_desk_knows_it(home: Home) -> None:
    home.run(system_user=None, operator_user="desk", user="desk", password="p")
    assert [each["name"] for each in summary_of(home.write("--json").stdout)["contexts"]] == ["letrade-main-operator"]
    assert home.write("--select", "system").returncode == 2
    home.run(system_user=None, operator_user=None, user=None, password=None)
    assert [each["name"] for each in summary_of(home.write("--json").stdout)["contexts"]] == ["letrade-main"]


def test_a_given_server_gets_a_context_with_the_login_of_its_url_or_files(home: Home, tmp_path: Path) -> None:
    creds = tmp_path / "my.creds"
    creds.write_text("x")
    made = home.context("--nats", "tls://a%40b:p%3Aw@host:4333,tls://host2", "--desk", "prod", "--tls-first")
    assert made.returncode == 0, made.stderr
    found = home.read("letrade-prod")
    assert (found["url"], found["user"], found["password"]) == ("tls://host:4333,tls://host2:4222", "a@b", "p:w")
    assert found["tls_first"] is True
    assert home.context("--nats", "nats://host", "--name", "mine", "--creds", creds, "--select").returncode == 0
    assert home.read("mine")["creds"] == str(creds)
    assert (home.nats / "context.txt").read_text() == "mine"


def test_what_does_not_go_together_is_told(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("")
    for words in (
        ("--list", "--remove"), ("--data-dir", home.data, "--name", "x"), ("--data-dir", home.data, "--creds", file),
        ("--nats", "nats://h", "--name", "a/b"), ("--nats", "nats://h", "--select", "operator"), ("--nats", "http:///"),
    ):  # fmt: skip
        refused = home.context(*words)
        assert refused.returncode == 2, words
        assert refused.stderr.startswith("letrade: ") or "Error" in refused.stderr


def test_without_a_running_desk_there_is_nothing_to_write(home: Home, tmp_path: Path) -> None:
    assert home.context("--data-dir", tmp_path / "none").returncode == 3


def test_a_desk_on_a_server_of_its_owners_gets_its_files_and_its_token(home: Home) -> None:
    nobody = {"user": None, "password": None, "operator_user": None, "operator_password": None, "system_user": None}
    tls = {"authorities": "/etc/ca.pem", "certificate": "/etc/desk.pem", "first": True}
    home.run(**nobody, system_password=None, urls=["tls://host:4222"], credentials="/etc/desk.creds", tls=tls)
    home.write()
    written = home.read("letrade-main-operator")
    del written["description"]
    assert written == {
        "name": "letrade-main-operator", "url": "tls://host:4222", "creds": "/etc/desk.creds", "ca": "/etc/ca.pem",
        "cert": "/etc/desk.pem", "key": "/etc/desk.pem", "tls_first": True, "inbox_prefix": "_INBOX_letrade",
    }  # fmt: skip
    home.run(**nobody, system_password=None, token="secret-token")
    told = home.write("--json").stdout
    assert home.read("letrade-main-operator")["token"] == "secret-token"
    assert "secret" not in told


def test_a_token_in_a_url_and_the_files_of_the_environment_are_kept(home: Home, tmp_path: Path) -> None:
    home.context("--nats", "tls://secret-token@host,tls://other", "--name", "far")
    far = home.read("far")
    assert (far["url"], far["token"]) == ("tls://host:4222,tls://other:4222", "secret-token")
    home.environment |= {"LETRADE_NATS_CREDS": str(tmp_path / "me.creds"), "LETRADE_NATS_CA": str(tmp_path / "ca.pem")}
    home.context("--nats", "tls://secret-token@host", "--name", "far")
    far = home.read("far")
    assert (far["creds"], far["ca"]) == (str(tmp_path / "me.creds"), str(tmp_path / "ca.pem"))
    assert "token" not in far  # a .creds file counts before a login in the URL
    assert home.write().returncode == 0  # what the environment says is for servers that are named
    answer = home.write("--nats-creds", tmp_path / "me.creds")
    assert (answer.returncode, "--nats-creds goes with --nats" in answer.stderr) == (2, True)
