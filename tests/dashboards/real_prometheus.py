"""A real Prometheus with an exported configuration, and what it answers to the questions of the dashboards."""

import json
import math
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.dashboards.expressions import (
    Expression,
    annotation_expressions,
    boards,
    expanded,
    panel_expressions,
    variable_selectors,
)
from tests.dashboards.promtool import tool

# The budgets of errors are reckoned once a minute.
PATIENCE_SECONDS = 150.0


class Prometheus:
    """A server of its own below a directory, scraping and evaluating every second."""

    def __init__(self, directory: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [
                tool("prometheus"),
                f"--config.file={directory / 'prometheus' / 'prometheus.yml'}",
                f"--storage.tsdb.path={directory / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--enable-feature=exemplar-storage",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """Ends it and waits until it has gone."""
        self._process.terminate()
        self._process.wait(timeout=20)

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The result of an instant query now."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': expr})}"
        with urllib.request.urlopen(address, timeout=5) as response:
            result: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return result

    def get(self, path: str) -> Any:
        """What its API answers at that path."""
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}", timeout=5) as response:
            return json.load(response)["data"]

    def wait_for(self, expr: str, deadline: float | None = None) -> list[dict[str, Any]]:
        """The result as soon as there is one; the last, empty one when patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS if deadline is None else deadline
        while True:
            try:
                if found := self.query(expr):
                    return found
            except OSError:
                pass
            if time.monotonic() > deadline:
                return []
            time.sleep(0.5)


@contextmanager
def running_prometheus(directory: Path) -> Iterator[Prometheus]:
    """One with what was exported to that directory."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = Prometheus(directory, port)
    try:
        yield running
    finally:
        running.stop()


def asked(directory: Path) -> list[Expression]:
    """Everything a dashboard asks: panels, annotations and variables."""
    exported = boards(directory)
    return [*panel_expressions(exported), *annotation_expressions(exported), *variable_selectors(exported)]


def unanswered(prometheus: Prometheus, questions: list[Expression], patience: float = PATIENCE_SECONDS) -> list[str]:
    """Those that find no point, one that is no finite number, or one without a label that the legend names."""
    told, deadline = [], time.monotonic() + patience
    for one in questions:
        found = prometheus.wait_for(expanded(one.expr), deadline)
        wanted = set(re.findall(r"{{(\w+)}}", one.legend))
        if not found:
            told.append(f"{one.where}: nothing for {one.expr}")
        elif not all(math.isfinite(float(each["value"][1])) for each in found):
            told.append(f"{one.where}: no finite number for {one.expr}")
        elif any(wanted - set(each["metric"]) for each in found):
            told.append(f"{one.where}: the legend {one.legend} has a hole for {one.expr}")
    return told
