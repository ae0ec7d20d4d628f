"""A nats-server of the test's own, outside any desk, that can be killed and started again on its store."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from letrade.core.network.server_files import any_free_port, find_binary


class NatsServer:
    """No users, JetStream on a store that survives; always on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = any_free_port("127.0.0.1")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "nats.log").open("ab") as log:
            self.process = subprocess.Popen(
                [find_binary(None), "-js", "-a", "127.0.0.1", "-p", str(self.port), "-sd", str(self.folder / "js")],
                stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def bounce(self, away_seconds: float) -> None:
        """Gone for a while."""
        self.kill()
        time.sleep(away_seconds)
        self.start()
