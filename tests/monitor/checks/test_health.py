"""One validation of everything: always the five components, and how each of them is."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from baselines import Measurement, Outcome, Reason
from monitor.checks.run import run_check
from monitor.clock import SystemClock
from monitor.configuration import load_configuration
from probes import ProbeSet
from tests.monitor.checks.secured import GUARDED, certificate, secured_server
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration
from tests.probes.web_server import web_server
from thresholds import CheckKind, CheckLine, CheckReport, CheckStatus

COMPONENTS = ["database", "backend API", "front end", "performance", "security"]
# What the prober's own delays on a busy machine do not disturb: a tenth of it is long.
UNDISTURBED = "SELECT pg_sleep(0.2)"
LOGIN = {"path": "/auth/login", "username": "probe", "password": PASSWORD}


def validated(
    directory: Path,
    targets: Mapping[str, Mapping[str, Any]],
    probes: Mapping[str, Mapping[str, Any]],
    *,
    kind: CheckKind = CheckKind.SYSTEM_HEALTH,
    **sections: object,
) -> CheckReport:
    """One check. A target of kind http without a URL is a web server that runs."""

    async def run() -> CheckReport:
        async with web_server() as server:
            given = {
                name: {"url": server.url, **one} if one["kind"] == "http" else one for name, one in targets.items()
            }
            path = configuration(directory, NOWHERE, targets=given, probes=dict(probes), **sections)
            return await run_check(kind, load_configuration(path, {}), SystemClock())

    return asyncio.run(run())


def database(url: str) -> dict[str, dict[str, str]]:
    """One target."""
    return {"db": {"kind": "postgresql", "url": url}}


WEB: dict[str, dict[str, Any]] = {"web": {"kind": "http"}}


def sql(target: str = "db", query: str = "SELECT 1") -> dict[str, Any]:
    """A query."""
    return {"kind": "sql", "target": target, "category": "database_queries", "query": query}


def page(path: str, target: str = "web", category: str = "api_endpoints", status: int = 200) -> dict[str, Any]:
    """A request, and the status it has to be answered with."""
    return {"kind": "http", "target": target, "category": category, "path": path, "expect": {"status": status}}


def line(report: CheckReport, name: str) -> CheckLine:
    """The one of that name."""
    (found,) = [one for one in report.lines if one.name == name]
    return found


def test_lines_are_gathered_by_what_they_look_at(empty_database: str, tmp_path: Path) -> None:
    """A database, an API and this host by their kind; the front end and the security checks by their category."""
    report = validated(
        tmp_path,
        database(empty_database) | WEB,
        {
            "query": sql(query=UNDISTURBED),
            "endpoint": page("/good"),
            "reachable": page("/good", category="reachability"),
            "front": page("/good", category="frontend_performance"),
            "anonymous": page("/secured", category="security", status=401),
            "host": {"kind": "host", "category": "system_resources"},
        },
    )
    names = {name: [one.name for one in lines] for name, lines in report.components.items()}
    assert list(names) == COMPONENTS
    assert names["database"] == ["db.connect", "db.version", "db.query_time", "database_queries.query"]
    assert names["backend API"] == ["web.login", "api_endpoints.endpoint", "reachability.reachable"]
    assert names["front end"] == ["frontend_performance.front"]
    assert {"security.anonymous", "db.encryption", "web.certificate", "web.headers"} == set(names["security"])
    assert {"cpu_usage", "memory_usage", "disk_usage", "system_resources.cpu_usage"} <= set(names["performance"])
    assert report.statuses["database"] is CheckStatus.PASS
    assert report.unreachable == []


def test_without_anything_to_look_at_a_component_says_so(empty_database: str, tmp_path: Path) -> None:
    """A database alone: there is no PASS without data, but a warning that names what is missing."""
    report = validated(tmp_path, database(empty_database), {})
    assert list(report.components) == COMPONENTS
    assert report.statuses["database"] is CheckStatus.PASS
    for component in ("backend API", "front end"):
        assert report.statuses[component] is CheckStatus.WARNING
        assert all("not looked at: no web server" in one.detail for one in report.components[component])
    alone = validated(tmp_path, WEB, {})
    assert "not looked at: no database" in line(alone, "connect").detail


def test_what_no_probe_tells_is_looked_at_directly(empty_database: str, tmp_path: Path) -> None:
    """Version and times of a database, health endpoint, log-in, page and host, each with its figure."""
    report = validated(tmp_path, database(empty_database) | {"web": {"kind": "http", "login": LOGIN}}, {})
    assert "PostgreSQL" in line(report, "db.version").detail
    for name in ("db.connect", "db.query_time", "web.health", "web.login", "web.page"):
        found = line(report, name)
        assert (found.status, found.unit) == (CheckStatus.PASS, "seconds")
        assert found.value is not None
        assert found.value > 0
    assert [one.name for one in report.components["performance"]] == ["cpu_usage", "memory_usage", "disk_usage"]
    assert PASSWORD not in repr(report)


def test_a_page_that_lets_anybody_in_fails_security(tmp_path: Path) -> None:
    """The check fails though the server answered 200, and the API is not blamed for it."""
    probes = {"endpoint": page("/good"), "anonymous": page("/good", category="security", status=401)}
    report = validated(tmp_path, WEB, probes)
    assert report.statuses["backend API"] is CheckStatus.WARNING  # there is no log-in to look at
    assert report.statuses["security"] is CheckStatus.FAIL
    assert "answered, but not as it should (status)" in line(report, "security.anonymous").detail


@pytest.mark.parametrize(
    ("path", "status"), [("/secured", CheckStatus.PASS), ("/good", CheckStatus.FAIL), ("/broken", CheckStatus.WARNING)]
)
def test_protected_endpoints_are_asked_without_credentials(path: str, status: CheckStatus, tmp_path: Path) -> None:
    """Refused is well, answered is a failure, and a 500 says nothing."""
    report = validated(tmp_path, {"web": {"kind": "http", "login": LOGIN}}, {"groups": page(path)})
    assert line(report, "web.anonymous.groups").status is status


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ({"warning": "60 s", "critical": "90 s"}, CheckStatus.PASS),
        ({"warning": "10 ms", "critical": "90 s"}, CheckStatus.WARNING),
        ({"warning": "5 ms", "critical": "10 ms"}, CheckStatus.FAIL),
    ],
)
def test_a_figure_is_held_against_its_limits(
    empty_database: str, tmp_path: Path, limits: dict[str, str], status: CheckStatus
) -> None:
    """200 ms and more: within, beyond the warning, beyond the critical limit."""
    report = validated(
        tmp_path,
        database(empty_database),
        {"slow": sql(query=UNDISTURBED)},
        thresholds={"database_queries.slow": limits},
    )
    found = line(report, "database_queries.slow")
    assert found.status is status
    assert ("limit of" in found.detail) == (status is not CheckStatus.PASS)


def test_a_target_nobody_answers_for_is_unreachable(empty_database: str, tmp_path: Path) -> None:
    """Database and web server by name, probed or not; one good answer is enough for a target."""
    away = {"away": {"kind": "postgresql", "url": NOWHERE}, "gone": {"kind": "http", "url": "http://127.0.0.1:1"}}
    report = validated(
        tmp_path, database(empty_database) | WEB | away, {"lost": sql("away"), "dropped": page("/dropped")}
    )
    assert report.unreachable == ["away", "gone"]
    assert PASSWORD not in repr(report)
    assert {report.statuses[name] for name in ("database", "backend API")} == {CheckStatus.FAIL}


def test_a_target_that_answers_wrongly_was_reached(empty_database: str, tmp_path: Path) -> None:
    """A query that is refused and a 500 are failed checks of something that is there."""
    report = validated(
        tmp_path,
        database(empty_database) | WEB,
        {"bad": sql(query="SELECT * FROM missing"), "broken": page("/broken")},
    )
    assert report.unreachable == []
    assert {report.statuses[name] for name in ("database", "backend API")} == {CheckStatus.FAIL}


def test_what_this_process_disturbed_is_not_passed(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy prober can't hold a figure against its limits, and says so instead of PASS."""
    monkeypatch.setattr(ProbeSet, "run", _disturbed_run(ProbeSet.run))
    report = validated(tmp_path, database(empty_database), {"query": sql()})
    found = line(report, "database_queries.query")
    assert found.status is CheckStatus.WARNING
    assert "not judged: this machine is too busy" in found.detail


def test_what_had_nothing_to_judge_is_not_looked_at(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that was skipped says nothing of the target: neither PASS nor FAIL, but why."""

    def skipped(run: Any) -> Any:
        async def skip(*arguments: Any) -> list[Measurement]:
            left_out = {"outcome": Outcome.SKIPPED, "reason": Reason.TOO_LITTLE, "value": None, "detail": "2 calls"}
            return [replace(one, **left_out) for one in await run(*arguments)]

        return skip

    monkeypatch.setattr(ProbeSet, "run", skipped(ProbeSet.run))
    found = line(validated(tmp_path, database(empty_database), {"query": sql()}), "database_queries.query")
    assert (found.status, found.detail) == (CheckStatus.WARNING, "not looked at: 2 calls")


def test_what_everybody_may_ask_is_not_taken_for_protected(tmp_path: Path) -> None:
    """The health endpoint, what is probed without credentials, and what asks whether the portal is there."""
    targets: dict[str, dict[str, Any]] = {"anonymous": {"kind": "http"}, "web": {"kind": "http", "login": LOGIN}}
    probes = {
        "health": page("/health"),
        "open": page("/good"),
        "open_too": page("/good", "anonymous"),
        "there": page("/other", category="reachability"),
    }
    report = validated(tmp_path, targets, probes)
    assert line(report, "web.anonymous").status is CheckStatus.WARNING
    assert [one.name for one in report.lines if ".certificate" in one.name] == ["web.certificate"]


def _disturbed_run(run: Any) -> Any:
    async def disturbed(*arguments: Any) -> list[Measurement]:
        return [replace(one, prober_delay_seconds=1.0) for one in await run(*arguments)]

    return disturbed


@pytest.mark.parametrize(
    ("days", "status", "says"),
    [(91, CheckStatus.PASS, "valid for 90 days"), (30, CheckStatus.FAIL, "not for more than 90 days")],
)
def test_a_certificate_that_ends_soon_fails(days: int, status: CheckStatus, says: str, tmp_path: Path) -> None:
    """A real one over TLS: more than 90 days are well, 30 are not."""
    report = over_tls(tmp_path, ends=timedelta(days=days))
    found = line(report, "web.certificate")
    assert (found.status, says in found.detail) == (status, True)


def test_an_expired_certificate_fails_and_the_server_was_reached(tmp_path: Path) -> None:
    """The handshake that breaks is a finding of security, and not a server that is away."""
    report = over_tls(tmp_path, ends=timedelta(days=-1))
    assert line(report, "web.certificate").status is CheckStatus.FAIL
    assert "has expired" in line(report, "web.certificate").detail
    assert report.unreachable == []


def test_a_certificate_that_is_not_verified_is_no_pass(tmp_path: Path) -> None:
    """`verify: false` takes any; nothing is known of it then."""
    report = over_tls(tmp_path, ends=timedelta(days=400), trusted={"verify": False})
    assert line(report, "web.certificate").status is CheckStatus.WARNING


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        (GUARDED, CheckStatus.PASS, "all 5 security headers"),
        ({}, CheckStatus.WARNING, "without X-Content-Type-Options, Strict-Transport-Security"),
        ({**GUARDED, "X-Content-Type-Options": "yes"}, CheckStatus.WARNING, "without X-Content-Type-Options"),
    ],
)
def test_security_headers_are_looked_for(
    headers: dict[str, str], status: CheckStatus, says: str, tmp_path: Path
) -> None:
    """On the loopback something in front may add them: what is missing is a warning there."""
    report = over_tls(tmp_path, ends=timedelta(days=400), headers=headers)
    found = line(report, "web.headers")
    assert (found.status, says in found.detail) == (status, True)


def test_plain_http_on_the_loopback_is_a_warning_with_words(tmp_path: Path) -> None:
    """Nobody is between."""
    found = line(validated(tmp_path, WEB, {}), "web.certificate")
    assert (found.status, "stays on this machine" in found.detail) == (CheckStatus.WARNING, True)


def over_tls(
    directory: Path,
    *,
    ends: timedelta,
    headers: Mapping[str, str] = GUARDED,
    trusted: Mapping[str, Any] | None = None,
) -> CheckReport:
    """The validation of a server with a certificate that ends then, trusted unless told otherwise."""
    file = certificate(directory, ends=ends)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(file)

    async def run() -> CheckReport:
        async with secured_server(headers, tls) as url:
            target = {"kind": "http", "url": url, **(trusted or {"ca_file": str(file)})}
            path = configuration(directory, NOWHERE, targets={"web": target}, probes={})
            return await run_check(CheckKind.SYSTEM_HEALTH, load_configuration(path, {}), SystemClock())

    return asyncio.run(run())
