"""Real nats-servers for tests, of any configuration: killed, restarted, reloaded and clustered on command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from letrade.core.clock import SECOND, monotonic_ns, sleep
from letrade.core.network.server_files import any_free_port, find_binary

READY_SECONDS = 30


class NatsServer:
    """One nats-server process; it keeps its port and its store over `kill` and `start`."""

    def __init__(self, directory: Path, body: str = "", name: str = "s1", host: str = "127.0.0.1") -> None:
        self.directory = directory
        self.name = name
        self.host = host
        self.port = any_free_port(host if ":" not in host else "127.0.0.1")
        self.monitor_port = any_free_port("127.0.0.1")
        self.body = body
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"nats://{self.place}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, wait: bool = True) -> NatsServer:
        self._write_configuration()
        self._log.write_bytes(b"")
        command = [find_binary(), "-c", str(self._configuration)]
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self) -> None:
        self.wait_for_log("Server is ready", 1)

    def kill(self) -> None:
        """As a crash: nothing is said to anybody."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._end(signal.SIGKILL)

    def lame_duck(self) -> None:
        """Ask its clients to go; it takes no new ones."""
        os.kill(self.pid, signal.SIGUSR2)

    def reload(self, body: str) -> None:
        """Take another configuration while running."""
        self.body = body
        self._write_configuration()
        before = self._log.read_text().count("Reloaded server configuration")
        os.kill(self.pid, signal.SIGHUP)
        self.wait_for_log("Reloaded server configuration", before + 1)

    def monitor(self, path: str) -> dict[str, Any]:
        """The server's own numbers, such as `varz`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor_port}/{path}", timeout=5) as answer:
            return dict(json.load(answer))

    @property
    def _log(self) -> Path:
        return self.directory / f"{self.name}.log"

    @property
    def _errors(self) -> Path:
        return self.directory / f"{self.name}.err"

    @property
    def _configuration(self) -> Path:
        return self.directory / f"{self.name}.conf"

    def _write_configuration(self) -> None:
        self._configuration.write_text(
            f'server_name: {self.name}\nlisten: "{self.place}"\nhttp: "127.0.0.1:{self.monitor_port}"\n'
            f'log_file: "{self._log}"\nno_fast_producer_stall: true\nwrite_deadline: 2s\n{self.body}\n'
        )

    def wait_for_log(self, words: str, times: int = 1) -> None:
        """Wait until the server has said so."""
        assert self._process is not None
        give_up_ns = monotonic_ns() + READY_SECONDS * SECOND
        while self._log.read_text().count(words) < times:
            code = self._process.poll()
            if code is not None or monotonic_ns() > give_up_ns:
                said = f"{self._errors.read_text()} {self._log.read_text()}"
                raise AssertionError(f"nats-server ({code}) did not say {words!r}: {said}")
            sleep(0.005)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


class Servers:
    """Starts servers for one test, and ends them with it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._started: list[NatsServer] = []

    def start(self, body: str = "", name: str = "s1", host: str = "127.0.0.1") -> NatsServer:
        server = NatsServer(self._directory / name, body, name, host)
        self._started.append(server)
        return server.start()

    def start_cluster(self, count: int, body: str = "", *, jetstream: bool = False) -> list[NatsServer]:
        """So many servers that know each other, named n1, n2, ..."""
        names = [f"n{number}" for number in range(1, count + 1)]
        ports = [any_free_port("127.0.0.1") for _ in names]
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports)
        servers = []
        for name, port in zip(names, ports, strict=True):
            directory = self._directory / name
            store = f'jetstream {{ store_dir: "{directory}/js", max_mem: 64MB, max_file: 1GB }}\n' if jetstream else ""
            cluster = f'cluster {{ name: c1, listen: "127.0.0.1:{port}", routes: [{routes}] }}\n'
            servers.append(NatsServer(directory, cluster + store + body, name).start(wait=False))
        self._started += servers
        for server in servers:
            server.wait_ready()
        self._wait_until_joined(servers)
        return servers

    def _wait_until_joined(self, servers: list[NatsServer]) -> None:
        """Each names all the others to its clients."""
        give_up_ns = monotonic_ns() + READY_SECONDS * SECOND
        while any(len(server.monitor("varz").get("connect_urls", [])) < len(servers) for server in servers):
            assert monotonic_ns() < give_up_ns, "the servers did not find each other"
            sleep(0.02)

    def stop(self) -> None:
        for server in self._started:
            server.stop()
