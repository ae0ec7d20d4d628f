"""nats-py's client, but messages are handled in the order of the wire, and nothing that comes closes it for good.

nats-py gives each subscription a queue and a task, which lose the order between subscriptions and cost a task switch
for each message. Here a routed subscription is handled where the parser found it. What nats-py would stumble over is
made a broken connection, which it then replaces. The names that start with an underscore are nats-py's own;
`check_seams` says so clearly when a version of it moved them.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any
from urllib.parse import ParseResult, unquote

import nats
from nats import errors
from nats.aio.client import Client, Srv
from nats.aio.subscription import Subscription
from nats.protocol.parser import AWAITING_MSG_PAYLOAD, Parser

from letrade.core.errors import ConfigurationError, NatsError

Route = Callable[[bytes, bytes, bytes, bytes | None], None]
"""Takes (subject, payload, reply, header block or None)."""

# The server says these and keeps the connection.
HARMLESS = ("permissions violation", "maximum subscriptions exceeded", "invalid publish subject", "invalid subject")
LINE_BYTES_MAX = 2**20  # an INFO of a large cluster is the longest
MESSAGE_BYTES_MAX = 64 * 2**20  # no server accepts more
_EXPECTED_PARAMETERS = ["self", "sid", "subject", "reply", "data", "headers"]
_SEAMS = ("_sid", "_subs", "_transport", "_server_info", "_server_pool", "_current_server", "_max_payload", "_pongs",
          "_pings_outstanding", "_public_nkey", "_reading_task", "_ping_interval_task", "_flusher_task")  # fmt: skip


class FramedBuffer(bytearray):
    """Received bytes; the parser takes lines and messages off its front, and each must end as the protocol says."""

    def __delitem__(self, taken: Any) -> None:
        if self[taken.stop - 2 : taken.stop] != b"\r\n":
            raise errors.ProtocolError
        super().__delitem__(taken)


class CheckedParser(Parser):
    """nats-py's parser, for which all nonsense is a ProtocolError, and which tells when it is done with a read."""

    def reset(self) -> None:
        super().reset()
        self.buf = FramedBuffer()

    async def parse(self, data: bytes = b"") -> None:
        try:
            await super().parse(data)
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise errors.ProtocolError from error
        finally:
            self.nc.read_done()
        in_message = self.state == AWAITING_MSG_PAYLOAD
        if (in_message and self.needed > MESSAGE_BYTES_MAX) or (not in_message and len(self.buf) > LINE_BYTES_MAX):
            raise errors.ProtocolError


class OrderedClient(Client):
    """A client whose routed subscriptions are handled at once, in the order of the wire."""

    def __init__(
        self,
        report_server_error: Callable[[str], None],
        report_loss: Callable[[Exception], None],
        read_done: Callable[[], None],
    ) -> None:
        super().__init__()
        check_seams(self)
        self.was_asked_to_connect = False
        self._closing = False
        self._login_is_configured = False
        self.losses = 0
        self.lost_bytes = 0
        self.read_done = read_done
        self._ps = CheckedParser(self)
        self._routes: dict[int, Route] = {}
        self._ended: dict[int, Callable[[int], object]] = {}
        self._report_server_error = report_server_error
        self._report_loss = report_loss
        self._last_unwritten = 0
        self._abandoned: asyncio.StreamWriter | None = None
        self._url_login: tuple[str, str | None] | None = None

    # Subscriptions

    def add_route(self, subject: str, queue: str, route: Route, limit: int, ended: Callable[[int], object]) -> int:
        """Remember a subscription, to be replayed on reconnects, and return its number; SUB is the caller's to send."""
        self._sid += 1
        self._subs[self._sid] = Subscription(self, self._sid, subject, queue=queue, max_msgs=limit)
        self._routes[self._sid] = route
        self._ended[self._sid] = ended
        return self._sid

    def remove_route(self, sid: int) -> bool:
        """False when it was removed before."""
        self._subs.pop(sid, None)
        if self._routes.pop(sid, None) is None:
            return False
        self._ended.pop(sid)(sid)
        return True

    def routed(self) -> list[int]:
        """The numbers of all routed subscriptions."""
        return list(self._routes)

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        route = self._routes.get(sid)
        if route is None:
            return
        subscription = self._subs[sid]
        if subscription._max_msgs:
            subscription._received += 1
            if subscription._received >= subscription._max_msgs:
                self.remove_route(sid)
        route(subject, data, reply, headers)

    # Sending

    def write(self, data: bytes) -> int:
        """Hand bytes to the socket; returns how many bytes the kernel has not taken yet."""
        if self._transport is None:
            raise NatsError("not connected to NATS: nothing was sent")
        self._transport.write(data)
        self._last_unwritten = self.unwritten_bytes()
        return self._last_unwritten

    def unwritten_bytes(self) -> int:
        writer = self._writer()
        try:
            return int(writer.transport.get_write_buffer_size()) if writer is not None else 0
        except AttributeError:  # of asyncio's TLS transport, when it is closed: it cannot even say that it is empty
            return 0

    def abandon_connection(self) -> None:
        """Let the connection go at once, and count what it had not sent: waiting for a stalled one would never end."""
        writer = self._writer()
        if writer is None or self._abandoned is writer:
            return
        # A transport forgets its size when it breaks, but tells its protocol to go on only when it has sent all.
        paused = getattr(writer.transport.get_protocol(), "_paused", False)
        self.lost_bytes += self.unwritten_bytes() or (self._last_unwritten if paused else 0)
        self._last_unwritten = 0
        self._abandoned = writer
        self.losses += 1
        for waiting in self._pongs:
            if not waiting.done():
                waiting.set_result(False)
        writer.transport.abort()

    def _writer(self) -> asyncio.StreamWriter | None:
        return getattr(self._transport, "_io_writer", None)

    # What the server says of itself

    @property
    def server_info(self) -> dict[str, object]:
        return dict(self._server_info)

    def knows_another_server(self) -> bool:
        """Whether a reconnect can lead to another server than the present one."""
        here = self._current_server.uri if self._current_server is not None else None
        places = {(server.uri.hostname, server.uri.port) for server in self._server_pool}
        return bool(places - {(here.hostname, here.port)} if here is not None else places)

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection:
            self._insist_on_tls(info)
        self._max_payload = int(info.get("max_payload", self._max_payload))
        gone = [server for server in self._server_pool if self._is_gone(server, info.get("connect_urls"))]
        self._server_pool = [server for server in self._server_pool if server not in gone]
        await super()._process_info(info, initial_connection)

    def _is_gone(self, server: Srv, places: list[str] | None) -> bool:
        """Whether a server that was discovered is no more among those that the cluster names."""
        return bool(places) and server.discovered and server.uri.netloc not in (places or [])

    def _insist_on_tls(self, info: dict[str, Any]) -> None:
        """Whoever asks for TLS must not send a password in clear because somebody on the way says there is none."""
        assert self._current_server is not None
        wanted = self._current_server.uri.scheme == "tls" or "tls" in self.options
        if wanted and info.get("tls_available"):
            info["tls_required"] = True
        if wanted and not info.get("tls_required") and not self.options["tls_handshake_first"]:
            raise errors.Error("nats: we ask for TLS, and the server offers none")

    # The life of the connection

    async def connect_with(self, options: dict[str, Any]) -> None:
        """As nats-py's connect, with a public nkey besides."""
        self._public_nkey = options.pop("public_nkey", None)
        self._login_is_configured = options["user"] is not None or options["token"] is not None
        self.was_asked_to_connect = True
        await self.connect(**options)

    async def close(self) -> None:
        self._closing = True
        await super().close()

    def _stop_when_closing(self) -> None:
        """A cancelled attempt may go on: `wait_for` can lose a cancellation that comes together with a result."""
        if self._closing:
            raise asyncio.CancelledError

    async def _connect_to_server(self, server: Srv) -> None:
        self._stop_when_closing()
        self._choose_login(server.uri)
        writer = self._writer()
        if writer is not None:
            writer.transport.abort()  # of an attempt that failed half way
            self._transport = None
        await super()._connect_to_server(server)

    def _choose_login(self, url: ParseResult) -> None:
        """A login in the URL counts where none is configured, and holds for the servers that this one names."""
        if url.username is not None and not self._login_is_configured:
            self._url_login = (unquote(url.username), unquote(url.password) if url.password is not None else None)
        if self._url_login is not None:
            name, password = self._url_login
            self.options["user"] = name if password is not None else None
            self.options["password"] = password
            self.options["token"] = name if password is None else None

    async def _process_connect_init(self) -> None:
        self._stop_when_closing()
        try:
            await super()._process_connect_init()
        except OSError:  # some of them, as a certificate that is not trusted, are ValueErrors too
            raise
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise errors.Error("nats: what answers does not speak the NATS protocol") from error
        writer = self._writer()
        if self._status == Client.CONNECTED and writer is not None:
            if writer.get_extra_info("ssl_object") is None:  # asyncio's TLS transport would forget to go on
                writer.transport.set_write_buffer_limits(high=0)
            return
        for task in (self._reading_task, self._ping_interval_task, self._flusher_task):
            if task is not None:
                task.cancel()
        raise errors.Error("nats: the server ended the connection during the login")

    async def _process_pong(self) -> None:
        """As nats-py, but whoever waited may have given up."""
        self._pings_outstanding = 0
        if self._pongs:
            waiting = self._pongs.pop(0)
            if not waiting.done():
                waiting.set_result(True)

    async def _process_err(self, err_msg: str) -> None:
        """Report; then, unless the connection stays, reconnect, where nats-py would close for ever."""
        line_end = self._ps.buf.find(b"\r\n")
        # nats-py lowers the case of what is still in its buffer, and subjects know upper from lower.
        text = bytes(self._ps.buf[len("-ERR") : line_end]).decode(errors="replace").strip().strip("'")
        self._report_server_error(text)
        if not any(harmless in err_msg for harmless in HARMLESS):
            await self._process_op_err(errors.Error(f"nats: {text}"))

    async def _process_op_err(self, e: Exception) -> None:
        if not self.is_closed and not self.is_reconnecting:
            self.abandon_connection()
            self._report_loss(e)
        await super()._process_op_err(e)

    async def force_reconnect(self) -> None:
        self.abandon_connection()
        await super().force_reconnect()


def check_seams(client: Client) -> None:
    """ConfigurationError when this version of nats-py lacks what OrderedClient builds on."""
    found = list(inspect.signature(Client._process_msg).parameters)
    missing = [name for name in _SEAMS if not hasattr(client, name)]
    if found != _EXPECTED_PARAMETERS or missing:
        raise ConfigurationError(
            f"nats-py {getattr(nats, '__version__', '')} is not one that Letrade knows (its client lacks "
            f"{', '.join(missing) or 'the expected _process_msg'}): install nats-py 2.16"
        )
