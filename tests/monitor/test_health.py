"""One validation of everything: which part of the system a check belongs to, and how it is."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baselines import Measurement
from monitor.clock import SystemClock
from monitor.comparing import Figures
from monitor.configuration import load_configuration
from monitor.health import Check, Component, Health, Status, validate
from probes import ProbeSet, series_of
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration
from tests.probes.web_server import web_server


def validated(directory: Path, database: str, probes: dict[str, dict[str, Any]], **sections: object) -> Health:
    """One validation of probes on `db`, `web` (a web server that runs), `away` and `gone` (where nobody listens)."""

    async def run() -> Health:
        async with web_server() as server:
            targets = {
                "db": {"kind": "postgresql", "url": database},
                "web": {"kind": "http", "url": server.url},
                "away": {"kind": "postgresql", "url": NOWHERE},
                "gone": {"kind": "http", "url": "http://127.0.0.1:1"},
            }
            path = configuration(directory, NOWHERE, targets=targets, probes=probes, **sections)
            configured = load_configuration(path, {})
            settings, clock = configured.settings, SystemClock()
            figures = Figures.load(configured, series_of(settings.probes))
            async with ProbeSet(settings.probes, settings.targets, clock) as probe_set:
                return await validate(settings, figures, probe_set, clock)

    return asyncio.run(run())


def sql(target: str = "db", query: str = "SELECT 1") -> dict[str, Any]:
    """A query."""
    return {"kind": "sql", "target": target, "category": "database_queries", "query": query}


def page(path: str, target: str = "web", category: str = "api_endpoints", status: int = 200) -> dict[str, Any]:
    """A request, and the status it has to be answered with."""
    return {"kind": "http", "target": target, "category": category, "path": path, "expect": {"status": status}}


def statuses(health: Health) -> dict[str, str]:
    """Component and status."""
    return {one.name: one.status for one in health.components}


def test_checks_are_gathered_by_what_they_look_at(empty_database: str, tmp_path: Path) -> None:
    """A database, an API and this host by their kind; the front end and the security checks by their category."""
    health = validated(
        tmp_path,
        empty_database,
        {
            "query": sql(),
            "endpoint": page("/good"),
            "reachable": page("/good", category="reachability"),
            "front": page("/good", category="frontend_performance"),
            "anonymous": page("/secured", category="security", status=401),
            "host": {"kind": "host", "category": "system_resources"},
        },
    )
    names = {one.name: [check.name for check in one.checks] for one in health.components}
    assert set(names) == {"database", "backend API", "front end", "security", "performance"}
    assert names["database"] == ["database_queries.query"]
    assert names["backend API"] == ["api_endpoints.endpoint", "reachability.reachable"]
    assert names["front end"] == ["frontend_performance.front"]
    assert names["security"] == ["security.anonymous"]
    assert all(name.startswith("system_resources.") for name in names["performance"])
    assert (statuses(health)["security"], statuses(health)["database"]) == ("PASS", "PASS")
    assert health.unreachable == []


def test_a_page_that_lets_anybody_in_fails_security(empty_database: str, tmp_path: Path) -> None:
    """The check fails though the server answered 200, and the API is not blamed for it."""
    probes = {"endpoint": page("/good"), "anonymous": page("/good", category="security", status=401)}
    health = validated(tmp_path, empty_database, probes)
    assert statuses(health) == {"backend API": "PASS", "security": "FAIL"}
    assert "answered, but not as it should (status)" in health.components[1].checks[0].detail


@pytest.mark.parametrize(
    ("limits", "status"),
    [
        ({"warning": "60 s", "critical": "90 s"}, Status.PASS),
        ({"warning": "10 ms", "critical": "90 s"}, Status.WARNING),
        ({"warning": "5 ms", "critical": "10 ms"}, Status.FAIL),
    ],
)
def test_a_figure_is_held_against_its_limits(
    empty_database: str, tmp_path: Path, limits: dict[str, str], status: Status
) -> None:
    """20 ms and more: within, beyond the warning, beyond the critical limit."""
    health = validated(
        tmp_path,
        empty_database,
        {"slow": sql(query="SELECT pg_sleep(0.02)")},
        thresholds={"database_queries.slow": limits},
    )
    (check,) = health.components[0].checks
    assert check.status is status
    assert ("limit of" in check.detail) == (status is not Status.PASS)


def test_a_target_nobody_answers_for_is_unreachable(empty_database: str, tmp_path: Path) -> None:
    """Database and web server by name; one good probe is enough for a target, and one that nobody asks is not named."""
    probes = {"query": sql(), "lost": sql("away"), "endpoint": page("/good"), "dropped": page("/dropped")}
    health = validated(tmp_path, empty_database, probes)
    assert health.unreachable == ["away"]
    assert PASSWORD not in repr(health)
    assert statuses(health) == {"database": "FAIL", "backend API": "FAIL"}
    health = validated(tmp_path, empty_database, {"lost": page("/", "gone")})
    assert health.unreachable == ["gone"]


def test_a_target_that_answers_wrongly_was_reached(empty_database: str, tmp_path: Path) -> None:
    """A query that is refused and a 500 are failed checks of something that is there."""
    health = validated(tmp_path, empty_database, {"bad": sql(query="SELECT * FROM missing"), "broken": page("/broken")})
    assert health.unreachable == []
    assert set(statuses(health).values()) == {"FAIL"}


def test_what_this_process_disturbed_is_not_passed(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy prober can't hold a figure against its limits, and says so instead of PASS."""
    monkeypatch.setattr(ProbeSet, "run", _disturbed_run(ProbeSet.run))
    health = validated(tmp_path, empty_database, {"query": sql()})
    assert statuses(health) == {"database": "WARNING"}
    assert "not judged: this machine is too busy" in health.components[0].checks[0].detail


def _disturbed_run(run: Any) -> Any:
    async def disturbed(*arguments: Any) -> list[Measurement]:
        return [replace(one, prober_delay_seconds=1.0) for one in await run(*arguments)]

    return disturbed


@pytest.mark.parametrize(
    ("checks", "worst"), [("PASS", "PASS"), ("PASS WARNING", "WARNING"), ("WARNING FAIL PASS", "FAIL")]
)
def test_a_component_is_as_good_as_its_worst_check(checks: str, worst: str) -> None:
    """Whatever the order."""
    component = Component("x", [Check("c", Status(one), "") for one in checks.split()])
    assert component.status == worst
