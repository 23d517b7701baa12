"""A demo portal to be loaded: the sections of a configuration that know it, and calls of the command."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monitor.demo.portal import ADVISERS
from tests.monitor.cli.commands import NOWHERE, PATIENCE_SECONDS, Answer, configuration
from tests.monitor.demo.served_portal import PASSWORD


def loading(
    directory: Path,
    url: str,
    sections: Mapping[str, object] | None = None,
    *,
    store: str = NOWHERE,
    password: str = PASSWORD,
) -> Path:
    """A configuration file whose one target is the portal at that URL; further sections as given."""
    login = {"path": "/auth/login", "username": ADVISERS[0], "password": password}
    target = {"kind": "http", "url": url, "login": login}
    return configuration(directory, store, targets={"portal": target}, **(sections or {}))


def load(path: Path, *arguments: object) -> Answer:
    """`portalwatch load` in a process of its own, as it is run: a portal in the same process would slow it down."""
    process = begun(path, *arguments)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return Answer(process.returncode, out, err)


def begun(path: Path, *arguments: object) -> "subprocess.Popen[str]":
    """The same, while it runs. It hears Ctrl-C even where the tests were started deaf to it.

    Without a `preexec_fn`: the portal is a thread of the tests, beside which nothing of Python may run in a fork.
    """
    command = [sys.executable, "-m", "monitor", "load", "--format", "json", "--config", path, *arguments]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        signal.signal(signal.SIGINT, before)


def step(document: dict[str, Any], name: str, stage: int = 0) -> dict[str, Any]:
    """What a step of a stage came to."""
    found: dict[str, Any] = next(one for one in document["stages"][stage]["steps"] if one["step"] == name)
    return found
