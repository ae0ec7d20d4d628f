"""A secret is named, read late, and never found in what is printed, encoded, pickled or told."""

import copy
import json
import pickle
import traceback
from pathlib import Path

import msgspec
import pytest

from letrade.core.config.desk import DeskConfig
from letrade.core.config.load import load_desk
from letrade.core.config.secrets import Secret
from letrade.core.config.show import show, show_toml
from letrade.core.errors import ConfigurationError
from tests.core.config_parts import DESK, HERE, load, write

VALUE = "hunter2-7f3a"


def everything_said_of(desk: DeskConfig) -> str:
    return f"{desk!r} {desk} {desk.nats:} {show(desk)} {show_toml(desk)} {json.dumps(show(desk))}"


def test_a_reference_is_read_when_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, f"{VALUE}\n", "password")
    assert Secret(f"file:{file}").reveal() == VALUE
    assert Secret("env:LETRADE_TEST_SECRET").reveal({"LETRADE_TEST_SECRET": VALUE}) == VALUE
    monkeypatch.setenv("LETRADE_TEST_SECRET", VALUE)
    assert Secret("env:LETRADE_TEST_SECRET").reveal() == VALUE


def test_a_reference_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the secret env:NOT_SET is not set or empty"):
        Secret("env:NOT_SET").reveal({})
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        Secret(f"file:{tmp_path}/nothing").reveal()
    for content, told in ((b"\xff", "not UTF-8"), (b"", "not set or empty"), (b"x" * 70_000, "longer than")):
        (tmp_path / "odd").write_bytes(content)
        with pytest.raises(ConfigurationError, match=told):
            Secret(f"file:{tmp_path}/odd").reveal()


@pytest.mark.parametrize("secret", [Secret("env:LETRADE_TEST_SECRET"), Secret.of_value(VALUE)])
def test_a_secret_prints_as_stars(secret: Secret) -> None:
    assert {repr(secret), str(secret), f"{secret}", f"{secret!s}", "%s" % secret} == {"***"}  # noqa: UP031
    assert repr({"a": [secret]}) == "{'a': [***]}"
    for encode in (msgspec.json.encode, msgspec.msgpack.encode, json.dumps, msgspec.to_builtins):
        with pytest.raises(TypeError):
            encode(secret)
    assert msgspec.json.encode(secret, enc_hook=str) == b'"***"'
    assert copy.deepcopy(secret) == copy.copy(secret) == secret
    assert not hasattr(secret, "__dict__")


def test_a_pickle_holds_the_reference_and_never_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LETRADE_TEST_SECRET", VALUE)
    secret = Secret("env:LETRADE_TEST_SECRET")
    assert secret.reveal() == VALUE
    pickled = pickle.dumps(secret)
    assert VALUE.encode() not in pickled
    assert pickle.loads(pickled) == secret
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret.of_value(VALUE))


@pytest.mark.parametrize("wrong", [VALUE, "", "env:", "env:A B", f"x env:A {VALUE}", f"env:A-{VALUE}", "file:relative"])
def test_a_value_in_a_file_is_refused_and_not_repeated(tmp_path: Path, wrong: str) -> None:
    actor = f'[[actor]]\nname = "ma_cross-1"\nkey = "{wrong}"'
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, f'[nats]\npassword = "{wrong}"\n{DESK}', actor)
    told = "".join(traceback.format_exception(raised.value))
    assert 'nats.password: expected a secret by reference, "env:NAME" or "file:/path"' in told
    assert "actor.ma_cross-1.key: expected a secret by reference" in told
    assert VALUE not in told


def test_a_password_in_a_variable_is_taken_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = load(tmp_path, DESK, LETRADE_NATS__password=VALUE, LETRADE_NATS__user="desk")
    assert desk.nats.password is not None
    assert desk.nats.password.reveal() == VALUE
    assert VALUE not in everything_said_of(desk)
    monkeypatch.setenv("LETRADE_NATS__password", "0012")
    desk = load_desk(write(tmp_path, ""))
    assert desk.nats.password == Secret("env:LETRADE_NATS__password")
    assert desk.nats.password.reveal() == "0012"
    assert pickle.loads(pickle.dumps(desk)) == desk


def test_a_login_in_a_url_becomes_user_and_password(tmp_path: Path) -> None:
    desk = load(tmp_path, "", LETRADE_NATS__url=f"nats://desk:{VALUE}%40@host:4222")
    assert (desk.nats.url, desk.nats.user) == ("nats://host:4222", "desk")
    assert desk.nats.password is not None
    assert desk.nats.password.reveal() == f"{VALUE}@"
    assert VALUE not in everything_said_of(desk)
    several = f'["nats://desk:{VALUE}@a:4222", "nats://desk:{VALUE}@b:4222"]'
    desk = load(tmp_path, "", LETRADE_NATS__url=several)
    assert desk.nats.urls == ["nats://a:4222", "nats://b:4222"]
    desk = load_desk(write(tmp_path, ""), {}, extra={"nats": {"url": f"nats://desk:{VALUE}@host"}})
    assert desk.nats.url == "nats://host"
    assert VALUE not in everything_said_of(desk)


@pytest.mark.parametrize(
    "text",
    [
        f'[nats]\nurl = "nats://desk:{VALUE}@host:4222"',
        f'[nats]\nurl = ["nats://desk:{VALUE}@host:4222", 5]',
        f'[nats]\npassword = {{ a = "{VALUE}" }}',
        f'[nats]\npasword = "{VALUE}"',
        f'[nats]\nuser = 5\npassword = "{VALUE}"',
        f'[[actor]]\nname = "a"\nclass = "{HERE}.Cross"\nfast = "nats://desk:{VALUE}@host"',
        f'[[actor]]\nname = "a"\nclass = "{HERE}.Cross"\nkey = ["{VALUE}"]',
    ],
)
def test_no_error_repeats_a_secret(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, text)
    assert VALUE not in "".join(traceback.format_exception(raised.value))
