"""Fixtures of this package."""

import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from alerts.channels import open_channels
from alerts.incidents.opsgenie import NotifyOpsgenieAlerts
from alerts.incidents.pagerduty import NotifyPagerDutyEvents
from alerts.incidents.plugin import register_plugins
from tests.alerts.house import RecordingObserver


@pytest.fixture(scope="session", autouse=True)
def incident_plugins(apprise_plugins: None) -> None:  # noqa: ARG001
    """Apprise knows our plugins."""
    register_plugins()


@pytest.fixture(autouse=True)
def no_throttle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages go out as fast as they come."""
    for plugin in (NotifyPagerDutyEvents, NotifyOpsgenieAlerts):
        monkeypatch.setattr(plugin, "request_rate_per_sec", 0)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What the program's log gets at the finest level, of what channels leave in it, and of all that httpx says."""
    open_channels({}, RecordingObserver())
    monkeypatch.setattr(logging.getLogger("httpx"), "propagate", True)
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    loggers = [logging.getLogger(name) for name in ("", "httpx", "httpcore", "urllib3", "alerts")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(1)
    loggers[0].addHandler(handler)
    yield stream
    loggers[0].removeHandler(handler)
    for one, level in zip(loggers, levels, strict=True):
        one.setLevel(level)
