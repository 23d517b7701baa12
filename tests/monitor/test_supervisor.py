"""What `portalwatch serve` does before, and instead of, running: its life is followed in the acceptance tests."""

import socket
import subprocess
from pathlib import Path

import psutil
import pytest

import monitor.supervisor
from monitor.configuration import load_configuration
from monitor.errors import CannotRunError
from monitor.supervisor import serve
from tests.acceptance.running import PATIENCE_SECONDS, free_port
from tests.monitor.cli.commands import NOWHERE, PASSWORD, Answer, configuration, sql_probes, started


def run_to_its_end(path: Path) -> tuple[Answer, list[psutil.Process]]:
    """`serve` as a process that ends by itself, and what it left behind."""
    with started("serve", "--config", path) as process:
        try:
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    left = [one for one in psutil.process_iter(["cmdline"]) if f"--config={path}" in (one.info["cmdline"] or [])]
    return Answer(process.returncode, out, err), left


def test_a_taken_port_is_told(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a moment in which a former service may go, with address, reason and what to do."""
    monkeypatch.setattr(monitor.supervisor, "_BIND_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        configured = load_configuration(configuration(tmp_path, store, http={"port": port}), {})
        with pytest.raises(CannotRunError, match=f"can't listen on 127.0.0.1:{port}: .*http.port"):
            serve(configured)


def test_an_address_of_another_machine_is_told(store: str, tmp_path: Path) -> None:
    """192.0.2.1 belongs to nobody (RFC 5737)."""
    http = {"host": "192.0.2.1", "port": 0, "require_operator_token": True}
    configured = load_configuration(configuration(tmp_path, store, http=http), {})
    with pytest.raises(CannotRunError, match=r"can't listen on 192\.0\.2\.1:0"):
        serve(configured)


def test_an_unreachable_store_is_4(tmp_path: Path) -> None:
    """At the start the store must be there: one sentence, no password, and no process is left."""
    answer, left = run_to_its_end(configuration(tmp_path, NOWHERE, http={"port": free_port()}))
    assert (answer.code, answer.out, left) == (4, "", [])
    assert "the store can't be reached" in answer.err
    assert "Traceback" not in answer.err
    assert PASSWORD not in answer.err


def test_what_a_process_refuses_in_its_configuration_ends_the_service(store: str, tmp_path: Path) -> None:
    """2 and the reason, rather than starting again what can't start; nothing is left of the other process."""
    path = configuration(
        tmp_path,
        store,
        **sql_probes(store, a="SELECT 1"),
        http={"port": free_port()},
        thresholds={"database_queries.b": {"warning": "1 s"}},
    )
    answer, left = run_to_its_end(path)
    assert (answer.code, answer.out, left) == (2, "", [])
    assert "there is no series database_queries.b" in answer.err
