"""Prometheus' own tools, from Debian's packages `prometheus` and `prometheus-alertmanager`."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def tool(name: str, package: str = "prometheus") -> str:
    """The path of the program; the test is skipped without it, and fails where CI is set."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed (Debian package {package})"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


def promtool(*arguments: str, directory: Path | None = None, text: str | None = None) -> None:
    """Runs promtool and fails with what it says unless it is content."""
    _run([tool("promtool"), *arguments], directory, text)


def amtool(*arguments: str, directory: Path) -> None:
    """The same of amtool."""
    _run([tool("amtool", "prometheus-alertmanager"), *arguments], directory)


def _run(command: list[str], directory: Path | None, text: str | None = None) -> None:
    done = subprocess.run(command, cwd=directory, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{Path(command[0]).name} {' '.join(command[1:])}:\n{done.stdout}{done.stderr}"
