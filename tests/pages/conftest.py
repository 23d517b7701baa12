"""A real browser for the tests of pages: Debian's Chromium, without a window."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.pages.browser import NO_CHROMIUM, chromium_is_there, started


@pytest.fixture
def chromium(store: str) -> Iterator[Browser]:  # noqa: ARG001
    """A browser; one that is missing is a failure in CI.

    Playwright keeps an event loop running in this thread, in which nothing else may run one: so the store is made
    before, and goes afterwards.
    """
    if not chromium_is_there():
        if os.environ.get("CI") == "true":
            pytest.fail(NO_CHROMIUM)
        pytest.skip(NO_CHROMIUM)
    with started() as browser:
        yield browser
