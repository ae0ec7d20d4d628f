"""nats-py's client, but messages are handled in the order of the wire, and no server error closes it for good.

nats-py gives each subscription a queue and a task, which lose the order between subscriptions and cost a task switch
for each message. Here a routed subscription is handled where the parser found it. The names that start with an
underscore are nats-py's own; `check_seams` says so clearly when a version of it moved them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable

import nats
from nats import errors
from nats.aio.client import Client
from nats.aio.subscription import Subscription

from letrade.core.errors import ConfigurationError, NatsError

Route = Callable[[bytes, bytes, bytes, bytes | None], None]
"""Takes (subject, payload, reply, header block or None)."""

_EXPECTED_PARAMETERS = ["self", "sid", "subject", "reply", "data", "headers"]


class OrderedClient(Client):
    """A client whose routed subscriptions are handled at once, in the order of the wire."""

    def __init__(self, report_server_error: Callable[[str], None]) -> None:
        super().__init__()
        check_seams(self)
        self._routes: dict[int, Route] = {}
        self._report_server_error = report_server_error

    def add_route(self, subject: str, queue: str, route: Route) -> int:
        """Remember a subscription, to be replayed on reconnects, and return its number; SUB is the caller's to send."""
        self._sid += 1
        self._subs[self._sid] = Subscription(self, self._sid, subject, queue=queue)
        self._routes[self._sid] = route
        return self._sid

    def remove_route(self, sid: int) -> None:
        self._routes.pop(sid, None)
        self._subs.pop(sid, None)

    def routed(self) -> list[int]:
        """The numbers of all routed subscriptions."""
        return list(self._routes)

    def write(self, data: bytes) -> int:
        """Hand bytes to the socket; returns how many bytes the kernel has not taken yet."""
        if self._transport is None:
            raise NatsError("not connected to NATS: nothing was sent")
        self._transport.write(data)
        return self.unwritten_bytes()

    def unwritten_bytes(self) -> int:
        writer = getattr(self._transport, "_io_writer", None)
        return int(writer.transport.get_write_buffer_size()) if writer is not None else 0

    @property
    def server_info(self) -> dict[str, object]:
        return dict(self._server_info)

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        route = self._routes.get(sid)
        if route is not None:
            route(subject, data, reply, headers)

    async def _process_err(self, err_msg: str) -> None:
        """Report; then, unless the server only refused a subject, reconnect, where nats-py would close for ever."""
        text = err_msg.strip("'")
        self._report_server_error(text)
        if "permissions violation" not in text:
            await self._process_op_err(errors.Error(f"nats: {text}"))


def check_seams(client: Client) -> None:
    """ConfigurationError when this version of nats-py lacks what OrderedClient builds on."""
    found = list(inspect.signature(Client._process_msg).parameters)
    missing = [name for name in ("_sid", "_subs", "_transport", "_server_info") if not hasattr(client, name)]
    if found != _EXPECTED_PARAMETERS or missing:
        raise ConfigurationError(
            f"nats-py {getattr(nats, '__version__', '')} is not one that Letrade knows (its client lacks "
            f"{', '.join(missing) or 'the expected _process_msg'}): install nats-py 2.16"
        )
