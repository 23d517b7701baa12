"""From a person's error in a real browser to everything that shares its id: no step is told by a double."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import yaml
from playwright.sync_api import Browser

from monitor.demo.faults import Fault, switch
from monitor.demo.portal import ADVISERS, SMALL, install
from tests.acceptance.running import Service, eventually, free_port, serving
from tests.monitor.cli.commands import portalwatch
from tests.monitor.demo.served_portal import PASSWORD, SECRET, SERVICE_PASSWORD
from tests.monitor.visits.test_beacon import CHROME
from tests.pages.conftest import chromium

__all__ = ["chromium"]

pytestmark = pytest.mark.xdist_group("chromium")

# What the page does: it logs in, asks for what answers and for what fails, both under the id of the visit and as a part
# of a trace that is sampled, and then its own code throws.
_VISIT = """async ([name, password]) => {
    const answer = await fetch('/auth/login', {method: 'POST', headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({username: name, password})});
    const headers = {'Authorization': 'Bearer ' + (await answer.json()).access_token,
        'X-Correlation-ID': window.portalwatch.correlationId,
        'traceparent': '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'};
    const groups = await fetch('/api/client_groups', {headers});
    const products = await fetch('/api/client_groups/1/products', {headers});
    setTimeout(() => { throw new Error('Permission to open group 1 was denied'); }, 0);
    return [groups.status, products.status, products.headers.get('X-Correlation-ID')];
}"""


@dataclass(frozen=True, slots=True)
class House:
    """A portal and the service that is told of it, each a process with its log."""

    url: str
    log: Path
    service: Service


@pytest.fixture
def house(empty_database: str, store: str, tmp_path: Path) -> Iterator[House]:
    """One endpoint always fails; PostgreSQL logs every statement of the portal's."""
    asyncio.run(_prepared(empty_database))
    port, portal_port = free_port(), free_port()
    url = f"http://127.0.0.1:{portal_port}"
    path = tmp_path / "portalwatch.yml"
    document = {
        "store": {"url": store, "directory": str(tmp_path)},
        "http": {"port": port},
        "ingest": {"origins": [url]},
        "links": {"logs": "https://logs.example/?id={correlation_id}&from={from}&to={to}"},
        "probes": {"host": {"kind": "host", "category": "system_resources", "every": "1s"}},
    }
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    token = portalwatch("token", "create", "portal", "--right", "ingest", "--config", path).out.strip()
    with serving(path, port, tmp_path / "service.log") as service:
        eventually(service.is_ready, "the service is ready")
        with _portal(empty_database, portal_port, service.url, token, tmp_path / "portal.log"):
            eventually(lambda: _answers(url), "the portal answers")
            yield House(url, tmp_path / "portal.log", service)


async def _prepared(database: str) -> None:
    await install(database, adviser_password=PASSWORD, service_password=SERVICE_PASSWORD, volume=SMALL)
    await switch(database, Fault.FAILING_ENDPOINT, on=True, size=1.0)
    connection = await asyncpg.connect(database)
    try:
        name = urlsplit(database).path.lstrip("/")
        await connection.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
    finally:
        await connection.close()


@contextmanager
def _portal(database: str, port: int, watch_url: str, token: str, log: Path) -> Iterator[None]:
    environment = {"DATABASE_URL": database, "JWT_SECRET": SECRET, "WATCH_URL": watch_url, "WATCH_TOKEN": token}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor.demo.portal", f"--port={port}"],
            env={**os.environ, **environment},
            stdout=output,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def errors_of(service: Service, correlation_id: str) -> str:
    """What is known under an id, as text."""
    return httpx.get(f"{service.url}/api/v1/errors", params={"id": correlation_id}, timeout=10).text


def alert_of(service: Service, series: str) -> dict[str, Any] | None:
    """The alert on that series that fired; nobody is on call here, so it may have told everybody there is."""
    found = httpx.get(f"{service.url}/api/v1/alerts", timeout=10).json()
    return next((one for one in found if one["series"] == series and one["fired_at"]), None)


def lines_of(log: Path, correlation_id: str) -> list[dict[str, Any]]:
    """The portal's log lines of that id."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
    return [one for one in lines if one.get("correlation_id") == correlation_id]


def test_an_error_in_a_browser_leads_to_log_line_statement_server_error_and_alert(
    house: House, chromium: Browser, reachable_directory: Path
) -> None:
    """All by the one id of the visit: the error of the page and the server's, the server's log line, the statement in
    PostgreSQL's own log, and the alert of the class, whose page leads back to the id; the vitals arrive as well."""
    page = chromium.new_context(user_agent=CHROME).new_page()
    page.goto(house.url)
    correlation_id: str = page.evaluate("() => window.portalwatch.correlationId")
    statuses = page.evaluate(_VISIT, [ADVISERS[0], PASSWORD])
    assert statuses == [200, 500, correlation_id]

    def both() -> bool:
        text = errors_of(house.service, correlation_id)
        return "Permission to open group" in text and "/api/client_groups/{group_id}/products answered" in text

    eventually(both, "the page's error and the server's")
    assert any("product service" in one["event"] for one in lines_of(house.log, correlation_id))
    server_log = (reachable_directory / "server" / "server.log").read_text(encoding="utf-8", errors="replace")
    statements = [line for line in server_log.splitlines() if f"correlation_id='{correlation_id}'" in line]
    assert any("client_groups" in line and "route='%2Fapi%2Fclient_groups'" in line for line in statements)

    eventually(lambda: alert_of(house.service, "errors.authorization"), "the alert of the class fires")
    alert = alert_of(house.service, "errors.authorization")
    assert alert is not None
    shown = house.service.get(f"/alerts/{alert['id']}")
    assert shown is not None
    assert f"/errors?id={correlation_id}" in shown.text
    assert f"https://logs.example/?id={correlation_id}" in shown.text.replace("&amp;", "&")
    page.goto("about:blank")
    accepted = 'portalwatch_ingest_requests_total{kind="vitals",outcome="accepted"}'
    eventually(lambda: house.service.metric(accepted) == 1, "the vitals of the visit arrive")
