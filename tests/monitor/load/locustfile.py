"""The four-user scenario as Locust has it: log in, then two pages in turn with pauses; every call is kept.

Locust rounds the percentiles of its own reports to two digits, so each time goes into the file that CALLS_FILE names.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

from locust import FastHttpUser, SequentialTaskSet, between, events, task

_CALLS: list[dict[str, Any]] = []


class Pages(SequentialTaskSet):
    """The pages, one after the other, again and again."""

    def on_start(self) -> None:
        """A log-in of its own."""
        credentials = {"username": os.environ["ADVISER"], "password": os.environ["PASSWORD"]}
        answer = self.client.post("/auth/login", json=credentials, name="log_in")
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    @task
    def dashboard(self) -> None:
        """The page that is there at once."""
        self.client.get("/dashboard", headers=self.headers, name="dashboard")

    @task
    def summary(self) -> None:
        """The page with the slow dependency."""
        self.client.get("/api/analytics/portfolio_summary", headers=self.headers, name="summary")


class Adviser(FastHttpUser):
    """One virtual user."""

    tasks = [Pages]  # noqa: RUF012 - Locust's way
    wait_time = between(float(os.environ["LEAST_PAUSE"]), float(os.environ["LONGEST_PAUSE"]))


def keep(name: str, response_time: float, exception: Exception | None, **_: object) -> None:
    """Milliseconds, and when it ended."""
    _CALLS.append({"step": name, "ms": response_time, "ended": time.perf_counter(), "failed": exception is not None})


def write(**_: object) -> None:
    """All calls of the run."""
    Path(os.environ["CALLS_FILE"]).write_text(json.dumps(_CALLS), encoding="utf-8")


events.request.add_listener(keep)  # type: ignore[no-untyped-call]
events.quitting.add_listener(write)  # type: ignore[no-untyped-call]
