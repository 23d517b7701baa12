"""`portalwatch serve` as a process of its own, watched from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

# Far more than anything here takes: only a hang reaches it.
PATIENCE_SECONDS = 60.0


def eventually(what: Callable[[], Any], says: str) -> Any:
    """What `what` answers as soon as that is true; fails with `says` where it never is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = what()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"never: {says}")


def free_port() -> int:
    """A port of loopback that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@dataclass(slots=True)
class Service:
    """A running service."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def get(self, path: str) -> httpx.Response | None:
        """The answer, None where nobody answers."""
        try:
            return httpx.get(f"{self.url}{path}", timeout=10)
        except httpx.TransportError:
            return None

    def is_ready(self) -> bool:
        """Whether /ready says so."""
        answer = self.get("/ready")
        return answer is not None and answer.status_code == 200

    def metric(self, name: str) -> float:
        """The value of a metric with its labels as it stands in /metrics, 0 where it does not."""
        answer = self.get("/metrics")
        lines = answer.text.splitlines() if answer else []
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)

    def family(self) -> list[psutil.Process]:
        """This process and everything below it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def child(self, module: str) -> psutil.Process:
        """The child that runs that module."""
        return next(one for one in self.family() if f"monitor.{module}" in one.cmdline())

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def serving(configuration: Path, port: int, log: Path, **environment: str) -> Iterator[Service]:
    """The service on that configuration; whatever the test did to it, nothing of it is left afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor", "serve", "--config", configuration],
            stdout=output,
            env={**os.environ, **environment},
        )
    service = Service(process, f"http://127.0.0.1:{port}", log)
    family: list[psutil.Process] = []
    try:
        yield service
    finally:
        if process.poll() is None:
            family = service.family()
            process.kill()
            process.wait()
        psutil.wait_procs(family, timeout=PATIENCE_SECONDS)
