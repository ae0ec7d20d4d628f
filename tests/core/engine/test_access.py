"""Where NATS is and who we are there, from a desk file to the link, without a secret on the way."""

from __future__ import annotations

import io
import traceback
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rich.console

from letrade.core.config.load import load_desk, without_login
from letrade.core.config.show import show, show_toml
from letrade.core.engine.access import Access, access_of, files_of
from letrade.core.engine.data_dir import RunRecord
from letrade.core.engine.options import EngineOptions
from letrade.core.engine.supervisor import Launch
from letrade.core.errors import ConfigurationError, UsageError
from letrade.reach import Address, split_login
from tests.core.config_parts import write

VALUE = "hunter2-and-more"
SEED = "SUAM7YEWUIG3Q5MPQPVLJBQTZDZ3W7QWU3TNKZ2R7KMD5LPDQJTMXPJ4TA"
URL = 'url = "tls://host:4222"\n'


def nats_of(folder: Path, text: str, **variables: str) -> Any:
    return load_desk(write(folder, f"[nats]\n{text}"), variables).nats


def test_every_setting_of_the_desk_file_reaches_the_link(tmp_path: Path) -> None:
    tls = '[nats.tls]\nauthorities = "ca.pem"\ncertificate = "/etc/desk.pem"\nkey = "~/desk.key"\nfirst = true\n'
    text = f'{URL}credentials = "keys/desk.creds"\nclient = "nats-py"\nping_interval = "250ms"\n{tls}hostname = "nats"'
    config = access_of(nats_of(tmp_path, text)).link_config("desk", no_echo=True)
    assert (config.servers, config.name, config.client, config.no_echo) == (
        ("tls://host:4222",), "desk", "nats-py", True,
    )  # fmt: skip
    assert config.credentials == tmp_path / "keys" / "desk.creds"
    assert config.tls is not None
    assert (config.tls.authorities, config.tls.certificate) == (tmp_path / "ca.pem", Path("/etc/desk.pem"))
    assert (config.tls.key, config.tls.first) == (Path("~/desk.key").expanduser(), True)
    assert (config.tls.hostname, config.ping_interval_seconds) == ("nats", 0.25)


def test_a_path_in_a_variable_is_meant_from_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    nats = nats_of(tmp_path / "elsewhere", URL, LETRADE_NATS__nkey_seed="desk.nk", LETRADE_NATS__tls__first="true")
    access = access_of(nats)
    assert access.nkey_seed == str(tmp_path / "desk.nk")
    assert access.tls is not None
    assert access.tls.first


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'{URL}token = "env:A"\ncredentials = "a"', "expected one of user, token, nkey_seed and credentials"),
        (f'{URL}user = "a"\nnkey_seed = "b"', "found user and nkey_seed"),
        (f'{URL}password = "env:A"\ncredentials = "b"', "a password goes with user, found it next to credentials"),
        ("tls = {}", "tls goes with url"),
        ('token = "env:A"', "token goes with url"),
        (f'{URL}tls = {{ key = "a" }}', "a key goes with certificate"),
        (f'{URL}tls = {{ authority = "a" }}', 'nats.tls.authority: unknown key, did you mean "authorities"?'),
        (f'{URL}ping_interval = "1ms"', "nats.ping_interval: expected a duration"),
        (f'{URL}credentials = ""', "nats.credentials: expected the path of a file"),
        (f'{URL}nkey_seed = "{SEED}"', "nkey_seed: expected the path of a file, found what should be in that file"),
        (f'{URL}credentials = "-----BEGIN NATS USER JWT-----\\n{SEED}"', "found what should be in that file"),
        (f'{URL}token = "{VALUE}"', "nats.token: expected a secret by reference"),
        (f'url = "nats://{VALUE}@host"', 'or token = "env:NAME", next to it'),
    ],
)
def test_what_makes_no_sense_is_told_without_its_secrets(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        nats_of(tmp_path, text)
    told = "".join(traceback.format_exception(raised.value))
    assert says in told
    assert VALUE not in told
    assert SEED not in told


def test_a_token_in_a_url_becomes_a_secret_and_replaces_the_login_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, f'[nats]\n{URL}credentials = "desk.creds"')
    desk = load_desk(path, {}, extra={"nats": {"url": f"nats://{VALUE}@other"}})
    assert (desk.nats.url, desk.nats.credentials) == ("nats://other", None)
    assert access_of(desk.nats).token == VALUE
    assert VALUE not in f"{desk!r} {show(desk)} {show_toml(desk)} {access_of(desk.nats)!r}"
    named = load_desk(
        write(tmp_path, f'[nats]\n{URL}token = "env:NO_SUCH_TOKEN"'), {}, extra={"nats": {"credentials": "/c"}}
    )
    assert (named.nats.token, named.nats.credentials) == (None, "/c")
    assert without_login(f"tls://{VALUE}@a:1") == without_login("tls://a:1") == "tls://a:1"


def test_the_shown_configuration_names_files_and_references_and_describes_the_same_desk(tmp_path: Path) -> None:
    for login in ('nkey_seed = "desk.nk"', 'credentials = "desk.creds"', 'token = "env:NATS_TOKEN"'):
        desk = load_desk(write(tmp_path, f'[nats]\n{URL}{login}\ntls = {{ authorities = "ca.pem" }}'), {})
        again = load_desk(write(tmp_path, show_toml(desk), "shown.toml"), {})
        assert again.nats == desk.nats


def test_no_struct_with_a_login_shows_it(tmp_path: Path) -> None:
    login: dict[str, Any] = {"urls": [f"nats://me:{VALUE}@host"], "user": "me", "password": VALUE, "token": VALUE}
    keepers = [
        Access(**login),
        Address(**login, desk="main"),
        RunRecord(**login, desk="main", pid=1, operator_password=VALUE, system_password=VALUE),
        Launch(
            **login, process="w", desk_arguments={}, data_dir="d", uid="u", stepped=False, desk_pid=1, instruments=[]
        ),
        Access(**login).link_config("x"),
        EngineOptions(data_dir=tmp_path, user="me", password=VALUE, nats_urls=(login["urls"][0],)),
    ]
    for keeper in keepers:
        assert VALUE not in f"{keeper!r} {keeper}"
        if isinstance(keeper, Access):
            printed = io.StringIO()
            rich.console.Console(file=printed).print(keeper)
            assert VALUE not in printed.getvalue()
            assert msgspec.json.decode(msgspec.json.encode(keeper), type=type(keeper)) == keeper


def test_a_missing_file_is_told_by_its_name(tmp_path: Path) -> None:
    nats = nats_of(tmp_path, f'{URL}token = "env:NO_SUCH_TOKEN"\ntls = {{ authorities = "ca.pem" }}')
    with pytest.raises(ConfigurationError, match=f"cannot read {tmp_path}/ca.pem: No such file"):
        files_of(nats).check_files()
    with pytest.raises(ConfigurationError, match="env:NO_SUCH_TOKEN"):
        access_of(nats)


def test_the_url_of_a_command_holds_a_user_with_password_or_a_token() -> None:
    assert split_login("host") == ("nats://host:4222", None, None, None)
    assert split_login("tls://a%40b:c@[::1]:5") == ("tls://[::1]:5", "a@b", "c", None)
    assert split_login(f"nats://{VALUE}@host") == ("nats://host:4222", None, None, VALUE)
    with pytest.raises(UsageError) as raised:
        split_login(f"nats://me:{VALUE}@host:port")
    assert VALUE not in str(raised.value)
