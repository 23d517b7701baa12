"""The probes section of the configuration: what is right, and where a mistake is said to be."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes import Duration
from tests.probes.watched import watched

TARGETS: dict[str, Any] = {
    "database": {"kind": "postgresql", "url": "postgresql://u:hunter2@localhost/portal"},
    "portal": {
        "kind": "http",
        "url": "http://localhost:8001",
        "login": {"path": "/auth/login", "username": "probe", "password": "hunter2"},
    },
}
SQL = {"kind": "sql", "target": "database", "category": "database_queries", "query": "SELECT 1"}
HTTP = {"kind": "http", "target": "portal", "category": "api_endpoints", "path": "/"}
HOST = {"kind": "host", "category": "system_resources"}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("500ms", 0.5), ("30s", 30), ("5m", 300), ("1.5 h", 5400), ("1d", 86400), (2, 2), (0.5, 0.5)],
)
def test_a_duration_is_written_as_people_do(written: object, seconds: float) -> None:
    """A number is seconds; a text has its unit."""
    assert TypeAdapter(Duration).validate_python(written) == seconds


@pytest.mark.parametrize("written", ["30", "s", "-5s", "5 minutes", "", 0, -1, True, float("inf"), float("nan"), None])
def test_what_is_no_duration_is_refused(written: object) -> None:
    """No unit, nothing, less than nothing and anything that is no number are mistakes."""
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(written)


@pytest.mark.parametrize(
    ("entry", "interval", "timeout"),
    [
        (SQL, 30, 5),
        (HTTP, 60, 30),
        (HOST, 30, 5),
        ({**SQL, "every": "2s"}, 2, 2),
        ({**HTTP, "every": "10s"}, 10, 10),
        ({**HTTP, "every": "10s", "timeout": "10s"}, 10, 10),
    ],
)
def test_each_kind_has_its_cadence_and_its_deadline(entry: dict[str, Any], interval: float, timeout: float) -> None:
    """Intervals and deadlines have a default by kind, and a default deadline is cut to the interval."""
    probe = watched(TARGETS, {"probe": entry}).probes["probe"]
    assert (probe.interval_seconds, probe.timeout_seconds) == (interval, timeout)


def test_a_series_knows_the_calls_of_the_portal_and_whether_it_is_a_control() -> None:
    """Both come from the probe; without them calls are unknown and nothing is a control."""
    probe = watched(TARGETS, {"probe": {**SQL, "calls_per_hour": 1200, "control": True}}).probes["probe"]
    assert [(one.calls_per_hour, one.is_control) for one in probe.series()] == [(1200.0, True)]
    plain = watched(TARGETS, {"probe": SQL}).probes["probe"]
    assert [(one.calls_per_hour, one.is_control) for one in plain.series()] == [(None, False)]


@pytest.mark.parametrize(
    ("entry", "place", "message"),
    [
        ({**SQL, "kind": "sequel"}, ("probes", "probe", "kind"), "the kind of a probe is one of: host, http"),
        ({**SQL, "kind": ["sql"]}, ("probes", "probe", "kind"), "the kind of a probe is one of: host, http"),
        ("SELECT 1", ("probes", "probe"), "a probe is a mapping"),
        ({**SQL, "name": "other"}, ("probes", "probe", "name"), "the name of a probe is its key"),
        ({**SQL, "querry": "SELECT 1"}, ("probes", "probe", "querry"), "Extra inputs"),
        ({**SQL, "query": ""}, ("probes", "probe", "query"), "at least 1 character"),
        ({**SQL, "arguments": []}, ("probes", "probe", "arguments"), "at least 1 item"),
        ({**SQL, "timeout": "31s"}, ("probes", "probe", "timeout"), "longer than the interval"),
        ({**SQL, "category": "Data base"}, ("probes", "probe", "category"), "match pattern"),
        ({**SQL, "target": None}, ("probes", "probe", "target"), "needs a target"),
        ({**SQL, "target": "datebase"}, ("probes", "probe", "target"), "no target of that name; there are: database"),
        ({**SQL, "target": "portal"}, ("probes", "probe", "target"), "of kind http"),
        ({**HOST, "target": "portal"}, ("probes", "probe", "target"), "has no target"),
        ({**HTTP, "path": "api"}, ("probes", "probe", "path"), "match pattern"),
        ({**HTTP, "expect": {"body": "x"}}, ("probes", "probe", "expect", "body"), "Extra inputs"),
    ],
)
def test_a_mistake_is_said_at_its_place(entry: Any, place: tuple[str, ...], message: str) -> None:
    """The error's place is the very key, and its message says what to do."""
    with pytest.raises(ValidationError) as caught:
        watched(TARGETS, {"probe": entry})
    (error,) = caught.value.errors()
    assert error["loc"] == place
    assert message in error["msg"]


def test_all_mistakes_are_said_at_once() -> None:
    """Two wrong entries are two errors."""
    with pytest.raises(ValidationError) as caught:
        watched(TARGETS, {"one": {**SQL, "every": "soon"}, "two": {**HTTP, "method": "get"}})
    assert [error["loc"] for error in caught.value.errors()] == [
        ("probes", "one", "every"),
        ("probes", "two", "method"),
    ]


def test_one_series_has_one_probe() -> None:
    """Two host probes would measure the same series; the second one is the mistake."""
    with pytest.raises(ValidationError) as caught:
        watched(TARGETS, {"host": HOST, "again": HOST})
    assert {error["loc"] for error in caught.value.errors()} == {("probes", "again")}


@pytest.mark.parametrize(
    ("name", "wrong", "place"),
    [
        ("database", {"url": "mysql://u:hunter2@localhost/x"}, "url"),
        ("database", {"lock_timeout": "2s"}, "lock_timeout"),
        ("portal", {"url": "http://u:hunter2@localhost"}, "url"),
        ("portal", {"url": "http://localhost/?key=hunter2"}, "url"),
        ("portal", {"login": {"path": "/auth/login", "password": "hunter2"}}, "username"),
    ],
)
def test_no_mistake_shows_a_secret(name: str, wrong: dict[str, Any], place: str) -> None:
    """A wrong target is refused at its key, and the text of the error has no password in it."""
    with pytest.raises(ValidationError) as caught:
        watched({**TARGETS, name: {**TARGETS[name], **wrong}}, {})
    assert caught.value.errors()[0]["loc"][-1] == place
    assert "hunter2" not in str(caught.value)


def test_no_setting_shows_a_secret() -> None:
    """Passwords, database URLs and headers are not in the text of the settings."""
    configuration = watched(TARGETS, {"probe": {**HTTP, "headers": {"X-Key": "hunter2"}}})
    assert "hunter2" not in repr(configuration)
    assert "hunter2" not in configuration.model_dump_json()
