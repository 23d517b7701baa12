"""The browser that pages are loaded in: the system's own Chromium, driven by Playwright's Python package."""

import shutil
from importlib.util import find_spec
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# It reaches for nothing but the page, needs no screen and no graphics card, and has a bounded heap.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=2",
    "--js-flags=--max-old-space-size=512",
)


def executable(configured: Path | None) -> str | None:
    """Where the browser is: what is configured, else the first one of its names on the search path."""
    if configured is not None:
        return shutil.which(configured)
    return next((found for name in _NAMES if (found := shutil.which(name)) is not None), None)


def missing(configured: Path | None) -> str | None:
    """What a page probe needs and this machine does not have, with what to do; None where all is there."""
    if find_spec("playwright") is None:
        return "a page probe needs Playwright's Python package: pip install 'portalwatch[page]'"
    if executable(configured) is None:
        where = f"at {configured}" if configured is not None else f"on the path ({', '.join(_NAMES)})"
        return f"a page probe needs Chromium, and there is none {where}; on Debian: apt-get install chromium"
    return None
