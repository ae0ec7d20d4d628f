"""What status and requests may know of the engine that hosts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from letrade.core.config.desk import DeskConfig
from letrade.core.engine.driver import Driver
from letrade.core.engine.network import DeskNetwork
from letrade.core.engine.supervisor import Worker


class Host(Protocol):
    """The running engine of a desk."""

    @property
    def config(self) -> DeskConfig: ...

    @property
    def network(self) -> DeskNetwork: ...

    @property
    def workers(self) -> Sequence[Worker]: ...

    @property
    def driver(self) -> Driver | None: ...

    def status(self) -> dict[str, Any]: ...

    def stop(self) -> None: ...
