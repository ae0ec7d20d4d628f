"""Desks on a server with TLS and users: they trade, commands reach them, and what is refused is told."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.programs import letrade, until
from tests.system.secured import SecuredWorld, permissions_told

TROUBLES = {"nats_permission", "nats_error", "nats_connection", "nats_handler"}


@pytest.fixture(params=[("letrade", "jwt"), ("nats-py", "nkey")], ids=lambda pair: "-".join(pair))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SecuredWorld]:
    world = SecuredWorld(tmp_path, *request.param)
    yield world
    world.close()


@pytest.fixture(params=["letrade", "nats-py"])
def keyed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SecuredWorld]:
    world = SecuredWorld(tmp_path, request.param, "nkey")
    yield world
    world.close()


def secrets_in(world: SecuredWorld) -> list[Path]:
    """The files in which a line of the desk's secret stands."""
    lines = [line.encode() for line in world.secret.splitlines() if len(line) > 40 and "---" not in line]
    files = [file for file in world.folder.rglob("*") if file.is_file() and "servers" not in file.parts]
    return [file for file in files if any(line in file.read_bytes() for line in lines)]


def test_a_desk_trades_with_the_permissions_that_are_documented(world: SecuredWorld) -> None:
    world.desk.start()
    until(lambda: world.status().get("fills", 0) > 2, "fills", 60)
    status = world.status()
    assert not TROUBLES & set(status["alert_counts"])
    assert status["nats"]["server_errors"] == 0
    assert status["nats"]["client"] in world.desk.words[0].read_text()  # type: ignore[union-attr]
    assert set(status["nats"]["links"]) == {"thinker", "exchange"}
    tapped = letrade("tap", "--kind", "trade", "--count", "3", "--for", "30s", "--data-dir", world.desk.data)
    assert (tapped.returncode, len(tapped.stdout.splitlines())) == (0, 3), tapped.stderr
    assert letrade("halt", "--data-dir", world.desk.data).returncode == 0
    said = world.desk.errors.read_text()
    assert "letrade context --select" in said
    assert secrets_in(world) == [world.folder / "desk.key"]
    assert (world.desk.data / "run.json").stat().st_mode & 0o777 == 0o600
    environment = {**os.environ, "XDG_CONFIG_HOME": str(world.folder / "config")}
    written = letrade("context", "--data-dir", world.desk.data, env=environment)
    assert written.returncode == 0, written.stderr
    kept = json.loads((world.folder / "config/nats/context/letrade-main-operator.json").read_text())
    assert str(world.folder / "desk.key") in (kept.get("creds"), kept.get("nkey"))
    assert kept["ca"] == str(world.certificates.authority.file)
    assert letrade("stop", "--data-dir", world.desk.data).returncode == 0
    assert world.desk.wait()["fills"] > 2
    assert secrets_in(world) == [world.folder / "desk.key"]


def test_a_command_elsewhere_logs_in_with_a_creds_file(tmp_path: Path) -> None:
    world = SecuredWorld(tmp_path, "letrade", "jwt")
    try:
        place = ("--nats", f"tls://{world.server.place}", "--nats-ca", world.certificates.authority.file)
        creds = {**os.environ, "LETRADE_NATS_CREDS": str(world.viewer())}
        early = letrade("status", *place, env=creds)
        assert (early.returncode, "no desk main answers" in early.stderr) == (3, True), early.stderr
        world.desk.start()
        until(lambda: world.status(), "the desk", 60)
        assert letrade("status", *place, "--nats-creds", world.viewer(), "--json").returncode == 0
        tapped = letrade("tap", "letrade.main.>", "--count", "1", "--for", "30s", *place, env=creds)
        assert (tapped.returncode, len(tapped.stdout.splitlines())) == (0, 1), tapped.stderr
        nobody = letrade("tap", "letrade.main.>", "--count", "1", *place)
        assert nobody.returncode == 9, nobody.stderr
        untrusting = letrade("tap", "letrade.main.>", "--count", "1", *place[:2], env=creds)
        assert untrusting.returncode == 9
        assert "certificate" in untrusting.stderr
    finally:
        world.close()


def test_an_authority_that_did_not_sign_the_server_ends_the_run_with_a_clear_text(keyed: SecuredWorld) -> None:
    client = "nats-py" if "nats-py" in keyed.desk.words[0].read_text() else "letrade"  # type: ignore[union-attr]
    wrong = keyed.desk_file(client, keyed.certificates.stranger.file, "wrong.toml")
    answer = letrade("run", wrong, "--data-dir", keyed.folder / "data", "--json")
    assert answer.returncode == 9, answer.stderr
    assert "no TLS with the NATS server" in answer.stderr
    assert "certificate verify failed" in answer.stderr
    assert all(line.startswith("letrade: ") for line in answer.stderr.splitlines())


def test_a_missing_file_is_told_by_check_and_by_run(keyed: SecuredWorld) -> None:
    (keyed.folder / "desk.key").unlink()
    runs: list[list[str | Path]] = [["check"], ["run", "--data-dir", keyed.folder / "data"]]
    for words in runs:
        answer = letrade(words[0], keyed.folder / "desk.toml", *words[1:])
        assert (answer.returncode, f"cannot read {keyed.folder}/desk.key" in answer.stderr) == (4, True), answer.stderr


def test_a_permission_taken_back_and_a_server_that_was_away_show_in_the_status(keyed: SecuredWorld) -> None:
    keyed.desk.start()
    until(lambda: keyed.status().get("fills", 0) > 0, "fills", 60)
    kept = ", ".join(f'"letrade.main.{part}.>"' for part in ("req", "do", "ev", "journal"))
    less = permissions_told().replace('"letrade.main.>", "$KV', f'{kept}, "$KV')
    keyed.server.reload(keyed.body(keyed.users(less)))
    until(lambda: keyed.status().get("alert_counts", {}).get("nats_permission"), "the alert", 60)
    status = keyed.status()
    told = [alert["text"] for alert in status["alerts"] if alert["code"] == "nats_permission"]
    assert any("letrade.main." in text for text in told)
    assert status["nats"]["server_errors"] > 0
    keyed.server.reload(keyed.body("authorization { users: [ { user: other, password: other } ] }"))
    until(lambda: "nats_login" in keyed.desk.output.read_text(), "the news that the login is refused", 60)
    keyed.server.kill()
    keyed.server.body = keyed.body(keyed.users(permissions_told()))
    keyed.server.start()
    until(lambda: _reconnects(keyed) >= 3, "the return of all three processes", 60)
    assert {"nats_connection", "nats_reconnected"} <= set(keyed.status()["alert_counts"])
    before = keyed.status()["fills"]
    until(lambda: keyed.status().get("fills", 0) > before, "trading as before", 60)


def _reconnects(world: SecuredWorld) -> int:
    """Processes that came back."""
    nats = world.status().get("nats", {})
    links = [nats, *nats.get("links", {}).values()]
    return sum(each.get("reconnects", 0) > 0 for each in links)
