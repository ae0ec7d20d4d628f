"""Every way to say who we are, and what a wrong one leads to: a clear error that holds no secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from letrade.core.errors import ConfigurationError, NatsError
from tests.network.conformance.links import Links, all_words, back_again, subscribed
from tests.network.jwt import ACCOUNT, USER, KeyPair, Operator
from tests.network.servers import NatsServer, Servers

PASSWORD = "authorization { users: [ { user: trader, password: 'p@ss:w/ord' } ] }"
TOKEN = "authorization { token: right-token }"


async def works(links: Links, server: NatsServer | str, **settings: Any) -> None:
    link = await links.connect(server, **settings)
    seen = await subscribed(link, "login.x")
    link.publish("login.x", b"1")
    await seen.reach(1)


async def is_refused(links: Links, server: NatsServer | str, secret: str, **settings: Any) -> None:
    link = links.new(server, connect_timeout_seconds=2.0, **settings)
    with pytest.raises(NatsError, match=r"(?i)refuse|authori[sz]ation") as refused:
        await link.connect()
    assert secret not in all_words(refused.value)
    assert secret not in repr(link.config)  # type: ignore[attr-defined] # both links keep it
    assert not link.connected


async def test_user_and_password(links: Links, servers: Servers) -> None:
    server = servers.start(PASSWORD)
    await works(links, server, user="trader", password="p@ss:w/ord")
    await is_refused(links, server, "wrong-secret", user="trader", password="wrong-secret")
    await is_refused(links, server, "unused-secret", user="nobody", password="unused-secret")


async def test_no_login_where_one_is_needed(links: Links, servers: Servers) -> None:
    await is_refused(links, servers.start(PASSWORD), "p@ss:w/ord")


async def test_user_and_password_in_the_url(links: Links, servers: Servers) -> None:
    server = servers.start(PASSWORD)
    await works(links, f"nats://trader:p%40ss%3Aw%2Ford@{server.place}")
    await works(links, f"nats://other:unused@{server.place}", user="trader", password="p@ss:w/ord")
    await is_refused(links, f"nats://trader:wrong-secret@{server.place}", "wrong-secret")


async def test_a_token_in_the_configuration_or_in_the_url(links: Links, servers: Servers) -> None:
    server = servers.start(TOKEN)
    await works(links, server, token="right-token")
    await works(links, f"nats://right-token@{server.place}")
    await is_refused(links, server, "wrong-token", token="wrong-token")
    await is_refused(links, f"nats://wrong-token@{server.place}", "wrong-token")


async def test_an_nkey(links: Links, servers: Servers, tmp_path: Path) -> None:
    right, wrong = KeyPair(USER), KeyPair(USER)
    for name, pair in (("right", right), ("wrong", wrong)):
        (tmp_path / name).write_text(pair.seed + "\n")
    server = servers.start(f"authorization {{ users: [ {{ nkey: {right.public} }} ] }}")
    await works(links, server, nkey_seed=tmp_path / "right")
    await is_refused(links, server, wrong.seed, nkey_seed=tmp_path / "wrong")


async def test_a_credentials_file(links: Links, servers: Servers, tmp_path: Path) -> None:
    operator = Operator()
    right, wrong = operator.credentials(), operator.credentials(issuer=KeyPair(ACCOUNT))
    (tmp_path / "right.creds").write_text(right)
    (tmp_path / "wrong.creds").write_text(wrong)
    server = servers.start(operator.server_body())
    await works(links, server, credentials=tmp_path / "right.creds")
    await is_refused(links, server, wrong.split("\n")[5], credentials=tmp_path / "wrong.creds")


async def test_a_login_holds_over_a_reconnect(links: Links, servers: Servers, tmp_path: Path) -> None:
    operator = Operator()
    (tmp_path / "user.creds").write_text(operator.credentials())
    server = servers.start(operator.server_body())
    link = await links.connect(server, credentials=tmp_path / "user.creds")
    seen = await subscribed(link, "login.x")
    server.kill()
    server.start()
    await back_again(link)
    link.publish("login.x", b"1")
    await seen.reach(1)


@pytest.mark.parametrize("setting", ["credentials", "nkey_seed"])
async def test_a_file_that_holds_no_key_is_named_and_not_shown(
    links: Links, plain: NatsServer, tmp_path: Path, setting: str
) -> None:
    path = tmp_path / "key"
    for content in ("", "nonsense-secret", "SUnonsense-secret"):
        path.write_text(content)
        with pytest.raises(ConfigurationError, match=str(path)) as refused:
            await links.new(plain, **{setting: path}).connect()
        assert "nonsense-secret" not in all_words(refused.value)
    path.unlink()
    with pytest.raises(ConfigurationError, match=str(path)):
        await links.new(plain, **{setting: path}).connect()


async def test_an_absent_server_is_named_without_the_password(links: Links) -> None:
    link = links.new("nats://u:hidden-secret@127.0.0.1:1", connect_timeout_seconds=0.3)
    with pytest.raises(NatsError, match=r"127\.0\.0\.1:1") as missing:
        await link.connect()
    assert "hidden-secret" not in all_words(missing.value)


@pytest.mark.parametrize("url", ["nats://u:hid/den@h:4222", "http://u:hidden@h", "nats://", "", "nats://h:99999"])
async def test_what_is_no_url_of_a_server_is_refused_and_not_shown(links: Links, url: str) -> None:
    with pytest.raises((ConfigurationError, NatsError)) as refused:
        await links.new(url, connect_timeout_seconds=1.0).connect()
    assert "hid" not in all_words(refused.value)
