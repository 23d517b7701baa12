"""Prometheus' own tools, from Debian's package `prometheus`."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def tool(name: str) -> str:
    """The path of the program; the test is skipped without it, and fails where CI is set."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed (Debian package prometheus)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path


def promtool(*arguments: str, directory: Path | None = None, text: str | None = None) -> None:
    """Runs promtool and fails with what it says unless it is content."""
    done = subprocess.run(
        [tool("promtool"), *arguments], cwd=directory, input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"promtool {' '.join(arguments)}:\n{done.stdout}{done.stderr}"
