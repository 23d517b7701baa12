"""The command line as a test calls it: in this process, or as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

from monitor.cli import main

# Nobody listens there, and the password must never be shown.
PASSWORD = "geheim"
NOWHERE = f"postgresql://nobody:{PASSWORD}@127.0.0.1:1/none"
# Far more than anything here takes: only a hang reaches it.
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output, all of it, as one JSON document."""
        return json.loads(self.out)


def portalwatch(*arguments: object, stdin: str = "") -> Answer:
    """Run a command in this process, with its streams kept apart."""
    code = 0
    with CliRunner().isolation(stdin) as (out, err, _):
        try:
            main([str(one) for one in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        sys.stdout.flush()
        sys.stderr.flush()
        return Answer(code, out.getvalue().decode(), err.getvalue().decode())


@contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A command as a process of its own, its three streams in our hands; killed where the test leaves it running."""
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
        preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - one call, before anything else runs
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _hear_ctrl_c() -> None:
    """A shell starts what runs in its background deaf to Ctrl-C, and the tests may run there."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run_process(*arguments: object, stdin: str = "") -> Answer:
    """Run a command as a process of its own to its end."""
    with started(*arguments) as process:
        out, err = process.communicate(stdin, PATIENCE_SECONDS)
    return Answer(process.returncode, out, err)


def configuration(directory: Path, store: str, **sections: object) -> Path:
    """A configuration file for the environment `test` on that store; further sections as given."""
    path = directory / "portalwatch.yml"
    document = {
        "environment": "test",
        "release": "v1",
        "store": {"url": store, "directory": str(directory / "data")},
        **sections,
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path


def sql_probes(dsn: str, **queries: str) -> dict[str, object]:
    """The sections of a configuration that asks one database these queries, by the name of the probe."""
    return {
        "targets": {"db": {"kind": "postgresql", "url": dsn}},
        "probes": {
            name: {"kind": "sql", "target": "db", "category": "database_queries", "query": query}
            for name, query in queries.items()
        },
    }
