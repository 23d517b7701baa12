"""The real parts of the demo: an embedded PostgreSQL with two databases, the portal, and the sink for its alerts."""

import asyncio
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import yaml

from monitor.demo import probes as demo_probes
from monitor.demo.portal import SERVICE, count_statements, install
from monitor.demo.sink import Sink, running_sink
from monitor.demo.traffic import PASSWORD_VARIABLE, URL_VARIABLE
from monitor.embedded import EmbeddedServer, EmbeddedServerError
from monitor.errors import CannotRunError
from monitor.lifetime import die_with_parent
from probes.database.sql import statement
from thresholds import load_routing

SIGNING_KEY_VARIABLE = "DEMO_SIGNING_KEY"
SERVICE_PASSWORD_VARIABLE = "DEMO_PROBE_PASSWORD"
_START_SECONDS = 30.0
# The portal works as a role of its own, as it should anywhere; what only a superuser may is done beforehand.
_PORTAL_ROLE = "portal"
_OWNED_BY_THE_PORTAL = (
    f"CREATE ROLE {_PORTAL_ROLE} LOGIN",
    f"ALTER DATABASE portal OWNER TO {_PORTAL_ROLE}",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything is. `directory` is where the demo leaves what it makes.

    `portal_dsn` is the portal's own, `watched_dsn` that of the role which the service watches it as.
    """

    directory: Path
    portal_dsn: str
    watched_dsn: str
    store_dsn: str
    portal_url: str
    service_port: int
    sink: Sink
    environment: Mapping[str, str]

    @property
    def configuration_path(self) -> Path:
        """The configuration that the demo runs on: a file like anybody's."""
        return self.directory / "portalwatch.yml"

    @property
    def service_url(self) -> str:
        """Where the service will listen."""
        return f"http://127.0.0.1:{self.service_port}"

    def configure(self, release: str, *, migrated: bool) -> None:
        """Write the configuration for one release of the portal."""
        channels = {channel for tier in load_routing().tiers.values() for channel in tier.channels}
        document: dict[str, Any] = {
            "environment": "demo",
            "release": release,
            "public_url": self.service_url,
            "store": {"url": self.store_dsn, "directory": str(self.directory / "spool")},
            "http": {"port": self.service_port},
            "log": {"level": "WARNING"},
            "targets": {
                demo_probes.DATABASE_TARGET: {"kind": "postgresql", "url": self.watched_dsn},
                demo_probes.FIGURES_TARGET: {"kind": "http", "url": self.portal_url},
                demo_probes.API_TARGET: {
                    "kind": "http",
                    "url": self.portal_url,
                    "login": {
                        "path": "/auth/login",
                        "username": SERVICE,
                        # It never stands in the configuration that the demo leaves behind.
                        "password": f"${{{SERVICE_PASSWORD_VARIABLE}}}",
                    },
                },
            },
            "probes": demo_probes.probes(migrated=migrated),
            # A laptop is busy with other things: its figures are shown, and nobody is told.
            "thresholds": {"system_resources.*": {"dry_run": True}},
            # Nor does this key.
            "signing_key": f"${{{SIGNING_KEY_VARIABLE}}}",
            "alerts": {
                "channels": {name: {"url": self.sink.url(name)} for name in sorted(channels)},
                # Nobody wants to watch half a minute pass.
                "tiers": {name: {"group_wait": "1 s"} for name in load_routing().tiers},
            },
        }
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
        self.configuration_path.write_text("# Made by `portalwatch demo`.\n" + text, encoding="utf-8")


@contextmanager
def stage(directory: Path) -> Iterator[Stage]:
    """Everything started and filled, and gone afterwards. Raises CannotRunError."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotRunError(f"{directory} can't be made: {error.strerror}; choose another with --directory") from error
    password, service_password = secrets.token_urlsafe(18), secrets.token_urlsafe(18)
    secret = secrets.token_urlsafe(32)
    with _server_directory() as data, _started(data) as server, running_sink() as sink:
        for database in ("portal", "portalwatch"):
            server.create_database(database)
        portal_dsn = server.dsn("portal", _PORTAL_ROLE)
        asyncio.run(_administer(server.dsn("portal"), *_OWNED_BY_THE_PORTAL))
        asyncio.run(install(portal_dsn, adviser_password=password, service_password=service_password))
        asyncio.run(count_statements(server.dsn("portal")))
        asyncio.run(_administer(server.dsn("portal"), statement("grants")))
        with running_portal(portal_dsn, secret) as portal_url, _running_traffic(portal_url, password):
            yield Stage(
                directory=directory,
                portal_dsn=portal_dsn,
                watched_dsn=server.dsn("portal", "portalwatch_probe"),
                store_dsn=server.dsn("portalwatch"),
                portal_url=portal_url,
                service_port=_free_port(),
                sink=sink,
                environment={
                    **os.environ,
                    PASSWORD_VARIABLE: password,
                    SERVICE_PASSWORD_VARIABLE: service_password,
                    SIGNING_KEY_VARIABLE: secret,
                },
            )


@contextmanager
def _server_directory() -> Iterator[Path]:
    """A folder that the server's user can reach also where we are root, and our home is private."""
    directory = Path(tempfile.mkdtemp(prefix="portalwatch-demo-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _started(directory: Path) -> Iterator[EmbeddedServer]:
    try:
        server = EmbeddedServer.start(directory / "postgresql", durable=False)
    except EmbeddedServerError as error:
        raise CannotRunError(str(error)) from error
    with server:
        yield server


async def _administer(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for one in statements:
            await connection.execute(one)
    finally:
        await connection.close()


@contextmanager
def running_portal(dsn: str, secret: str) -> Iterator[str]:
    """The portal in a process of its own; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "monitor.demo.portal", f"--fd={listener.fileno()}"],
            env={**os.environ, "DATABASE_URL": dsn, "JWT_SECRET": secret, "ACCESS_TOKEN_EXPIRE_MINUTES": "30"},
            pass_fds=(listener.fileno(),),
            stdout=subprocess.DEVNULL,  # its log, in JSON for a platform, would stand between the lines of the story
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - a bare system call
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with ended(process):
        wait_for(f"{url}/health", process, "the demo portal")
        yield url


@contextmanager
def _running_traffic(portal_url: str, password: str) -> Iterator[None]:
    """The advisers at work, as long as the portal runs."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "monitor.demo.traffic"],
        env={**os.environ, URL_VARIABLE: portal_url, PASSWORD_VARIABLE: password},
        process_group=0,
        preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - a bare system call
    )
    with ended(process):
        yield


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Ends a process with the context: asks first, then insists."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], what: str) -> None:
    """Wait until a page answers 200. Raises CannotRunError where the process ends, or does not answer in time."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CannotRunError(f"{what} ended with code {process.returncode} instead of starting")
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise CannotRunError(f"{what} did not answer {url} within {_START_SECONDS:.0f} s")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
