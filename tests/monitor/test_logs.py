"""Logs: structured, and without passwords."""

import json
import logging
import subprocess
import sys

import pytest

from monitor.logs import without_credentials


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://u:geheim@h/x", "postgresql://***@h/x"),
        ("tried http://a:b@h then https://c:d@i/p", "tried http://***@h then https://***@i/p"),
        ("http://127.0.0.1:9464/metrics", "http://127.0.0.1:9464/metrics"),
        ("mail me@example.org: no", "mail me@example.org: no"),
    ],
)
def test_credentials_of_urls_are_masked(text: str, masked: str) -> None:
    """User and password go, host and path stay."""
    assert without_credentials(text) == masked


def test_a_service_logs_json() -> None:
    """In a pipe every line is JSON with level, time and what was bound; also what a library logs, masked."""
    script = (
        "import logging, structlog, sys; from monitor.logs import configure_logs;"
        "configure_logs(sys.stdout, process='p');"
        "structlog.get_logger('ours').info('happened', series='q.a');"
        "logging.getLogger('theirs').warning('lost postgresql://u:geheim@h/x', extra={'correlation_id': 'c1'})"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    ours, theirs = [json.loads(line) for line in done.stdout.splitlines()]
    assert (ours["event"], ours["series"], ours["level"], ours["process"]) == ("happened", "q.a", "info", "p")
    assert theirs["event"] == "lost postgresql://***@h/x"
    assert (theirs["logger"], theirs["correlation_id"]) == ("theirs", "c1")
    assert logging.getLevelName(theirs["level"].upper()) == logging.WARNING
