"""An encrypted line: after the server's first word and before it, and no line at all where trust is missing."""

from __future__ import annotations

from typing import Any

import pytest

from letrade.core.errors import ConfigurationError, NatsError
from letrade.core.network.link import Tls
from tests.network.certificates import Certificates
from tests.network.conformance.links import Links, all_words, back_again, subscribed
from tests.network.servers import NatsServer, Servers

VERIFY = "verify: true"
FIRST = "handshake_first: true"


async def works(links: Links, server: NatsServer | str, **settings: Any) -> None:
    link = await links.connect(server, **settings)
    seen = await subscribed(link, "tls.x")
    for payload in (b"1", b"x" * 500_000):
        link.publish("tls.x", payload)
    await seen.reach(2)
    assert seen.payloads[1] == b"x" * 500_000


async def fails(links: Links, server: NatsServer | str, words: str, **settings: Any) -> None:
    link = links.new(server, connect_timeout_seconds=3.0, **settings)
    with pytest.raises(NatsError, match=words) as failure:
        await link.connect()
    assert "127.0.0.1" in all_words(failure.value)
    assert not link.connected


@pytest.mark.parametrize("first", [False, True], ids=["after INFO", "first"])
async def test_a_server_with_a_certificate(
    links: Links, servers: Servers, certificates: Certificates, first: bool
) -> None:
    server = servers.start(certificates.server_body(extra=FIRST if first else ""))
    await works(links, server, tls=certificates.tls(first=first))
    await works(links, f"tls://{server.place}", tls=certificates.tls(first=first))


@pytest.mark.parametrize("first", [False, True], ids=["after INFO", "first"])
async def test_a_server_that_wants_our_certificate(
    links: Links, servers: Servers, certificates: Certificates, first: bool
) -> None:
    server = servers.start(certificates.server_body(extra=VERIFY + (", " + FIRST if first else "")))
    await works(links, server, tls=certificates.tls(first=first, shown=True))
    await fails(links, server, "(?i)tls|ssl|certificate", tls=certificates.tls(first=first))


async def test_a_certificate_of_an_authority_that_we_do_not_trust(
    links: Links, servers: Servers, certificates: Certificates
) -> None:
    server = servers.start(certificates.server_body())
    await fails(links, server, "(?i)certificate", tls=Tls(authorities=certificates.stranger.file))
    await fails(links, server, "(?i)certificate")  # the system's authorities do not know it either
    await fails(links, f"tls://{server.place}", "(?i)certificate")


async def test_a_certificate_of_another_host(links: Links, servers: Servers, certificates: Certificates) -> None:
    server = servers.start(certificates.server_body(certificates.elsewhere))
    await fails(links, server, "(?i)certificate|hostname|IP address", tls=certificates.tls())
    await works(links, server, tls=certificates.tls(hostname="desk.example"))


async def test_a_server_without_tls_is_not_trusted_where_tls_was_asked_for(
    links: Links, plain: NatsServer, certificates: Certificates
) -> None:
    await fails(links, f"tls://{plain.place}", "(?i)tls")
    await fails(links, plain, "(?i)tls", tls=certificates.tls())


async def test_a_server_that_speaks_tls_first_and_a_client_that_waits_end_in_an_error(
    links: Links, servers: Servers, certificates: Certificates
) -> None:
    server = servers.start(certificates.server_body(extra=FIRST))
    await fails(links, server, "no answer|TLS|time", tls=certificates.tls())


async def test_files_that_cannot_be_used_are_named(links: Links, plain: NatsServer, certificates: Certificates) -> None:
    absent = certificates.authority.file.with_name("absent.pem")
    with pytest.raises(ConfigurationError, match=r"absent\.pem"):
        await links.new(plain, tls=Tls(authorities=absent)).connect()
    key_alone = certificates.client[1]
    with pytest.raises(ConfigurationError, match=r"client\.key"):
        await links.new(plain, tls=Tls(authorities=key_alone)).connect()
    with pytest.raises(ConfigurationError, match=r"client\.key"):
        await links.new(plain, tls=Tls(certificate=key_alone)).connect()


async def test_an_encrypted_line_comes_back(links: Links, servers: Servers, certificates: Certificates) -> None:
    server = servers.start(certificates.server_body(extra=VERIFY))
    link = await links.connect(server, tls=certificates.tls(shown=True))
    seen = await subscribed(link, "tls.x")
    server.kill()
    server.start()
    await back_again(link)
    link.publish("tls.x", b"1")
    await seen.reach(1)
