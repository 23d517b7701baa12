"""`probe suggest` and `probe coverage` against the demo portal: a first configuration takes a minute."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import yaml

from monitor.clock import SystemClock
from monitor.configuration import load_configuration
from monitor.demo.portal import ADVISERS, SMALL, count_statements, install
from probes import ProbeSet
from probes.database.connection import Connection
from probes.database.sql import statement
from probes.kinds.sql import SqlSettings
from probes.workload.database import read_workload
from probes.workload.statement import Workload
from tests.monitor.cli.commands import NOWHERE, portalwatch
from tests.monitor.cli.commands import PASSWORD as SECRET
from tests.monitor.demo.served_portal import PASSWORD, logged_in, served

# What its users ask for: how often each path is requested.
TRAFFIC = {
    "/": 5,
    "/health": 10,
    "/dashboard": 20,
    "/portfolios": 10,
    "/portfolios?after=100": 10,
    "/api/client_groups": 20,
    "/api/client_groups/3/products": 10,
    "/api/client_groups/40/products": 10,
    "/api/analytics/portfolio_summary": 10,
    "/api/reports/irr_analysis": 3,
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A portal that was worked with; `configuration` has its targets and no probe."""

    url: str
    dsn: str
    watched_dsn: str
    directory: Path
    configuration: Path

    def suggest(self, *arguments: object) -> Path:
        """The file that was suggested."""
        output = self.directory / "suggested.yml"
        answer = portalwatch("probe", "suggest", "--config", self.configuration, "--output", output, *arguments)
        assert (answer.code, answer.out) == (0, ""), answer.err
        return output


@pytest.fixture
def watched(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A demo portal with its traffic, and a role of our own."""
    asyncio.run(install(empty_database, adviser_password=PASSWORD, volume=SMALL))
    asyncio.run(count_statements(empty_database))
    asyncio.run(execute(empty_database, statement("grants")))
    watched_dsn = empty_database.replace("portalwatch@", "portalwatch_probe@")
    configuration = tmp_path / "targets.yml"
    with served(empty_database) as url, logged_in(url) as client:
        for path, times in TRAFFIC.items():
            for _ in range(times):
                assert client.get(path).status_code == httpx.codes.OK
        login = {"path": "/auth/login", "username": ADVISERS[0], "password": "${PORTAL_LOGIN_PASSWORD}"}
        targets: dict[str, Any] = {
            "portal_database": {"kind": "postgresql", "url": "${PORTAL_DATABASE_URL}"},
            "anonymous": {"kind": "http", "url": url},
            "portal": {"kind": "http", "url": url, "login": login},
        }
        configuration.write_text(yaml.safe_dump({"targets": targets}))
        monkeypatch.setenv("PORTAL_DATABASE_URL", watched_dsn)
        monkeypatch.setenv("PORTAL_LOGIN_PASSWORD", PASSWORD)
        yield Watched(url, empty_database, watched_dsn, tmp_path, configuration)
    asyncio.run(execute(empty_database, "DROP OWNED BY portalwatch_probe"))


async def execute(dsn: str, query: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(query)
    await connection.close()


async def covered_by_ids(watched: Watched, suggested: Path, environment: dict[str, str]) -> float:
    """Measured without any of our own matching: the time of the portal's statements that the probes' runs, counted
    by the server for our role, share their id with."""
    settings = load_configuration(suggested, environment).settings
    connection = await asyncpg.connect(watched.dsn)
    portal = await connection.fetch(
        "SELECT queryid, sum(total_exec_time) AS time FROM pg_stat_statements JOIN pg_roles AS r ON r.oid = userid"
        " WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND rolname <> 'portalwatch_probe' AND query ~* '^\\s*(select|with|insert|update|delete)' GROUP BY queryid"
    )
    await connection.execute("SELECT pg_stat_statements_reset(0, 0, 0)")
    queries = {name: one for name, one in settings.probes.items() if isinstance(one, SqlSettings)}
    async with ProbeSet(queries, settings.targets, SystemClock()) as probes:
        for name in queries:
            (measurement,) = await probes.run(name, SystemClock().now())
            assert measurement.reason is None, measurement
    ours = {row["queryid"] for row in await connection.fetch("SELECT queryid FROM pg_stat_statements")}
    await connection.close()
    shared: float = sum(one["time"] for one in portal if one["queryid"] in ours)
    whole: float = sum(one["time"] for one in portal)
    return shared / whole


def test_the_suggested_configuration_is_valid_and_stands_for_most_of_the_time(watched: Watched) -> None:
    """`config check` takes it, and its probes run statements that the server knows for 80 % of the portal's time."""
    suggested = watched.suggest()
    check = portalwatch("config", "check", "--config", suggested)
    assert check.code == 0, check.err
    environment = {"PORTAL_DATABASE_URL": watched.watched_dsn, "PORTAL_LOGIN_PASSWORD": PASSWORD}
    assert asyncio.run(covered_by_ids(watched, suggested, environment)) >= 0.8


def test_queries_have_the_calls_of_an_hour_once_an_hour_was_counted(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as the server counted, by the hours it counted; nothing while it has not counted for one."""
    queries = [one for one in probes_of(watched.suggest()) if one["kind"] == "sql"]
    assert not any("calls_per_hour" in one for one in queries)

    async def read_after_two_hours(connection: Connection) -> Workload:
        workload = await read_workload(connection)
        assert workload.counted_hours is not None
        assert workload.counted_hours >= 0
        return replace(workload, counted_hours=2.0)

    monkeypatch.setattr("probes.workload.suggestion.read_workload", read_after_two_hours)
    (watched.directory / "suggested.yml").unlink()
    queries = [one for one in probes_of(watched.suggest()) if one["kind"] == "sql"]
    assert all(one["calls_per_hour"] > 0 for one in queries)
    # Each of the 20 requests asked for one page of the list.
    assert max(one["calls_per_hour"] for one in queries) >= 10


def probes_of(suggested: Path) -> list[dict[str, Any]]:
    """The suggested probes."""
    return list(yaml.safe_load(suggested.read_text())["probes"].values())


def test_coverage_says_what_the_suggested_probes_stand_for(watched: Watched) -> None:
    """By database and portal, each portal once; what is left are writes, log-ins and what was not asked for."""
    suggested = watched.suggest()
    answer = portalwatch("probe", "coverage", "--config", suggested, "--format", "json").json()
    (database,) = answer["databases"]
    assert database["share"] >= 0.85
    assert sum(database["probes"].values()) == pytest.approx(database["share"])
    assert 0 < database["own_share"] < 1
    assert database["troubles"] == {}
    assert {one["nature"] for one in database["uncovered"]} <= {"read", "write"}
    (portal,) = answer["portals"]
    assert (portal["target"], portal["counted"]) == ("portal", True)
    assert portal["share"] >= 0.85
    assert portal["probes"]["get_client_groups_products"] > 0.1
    # Nothing of what its users ask for: the log-in, and what `suggest` itself tried that is not there yet.
    assert {one["route"] for one in portal["uncovered"]} == {
        "/auth/login",
        "/api/client_groups/{group_id}/information_items",
        "/api/client_groups/{group_id}/kyc_report",
        "/api/client_groups/{group_id}/kyc_report.{form}",
    }
    assert answer["unreadable"] == {}
    table = portalwatch("probe", "coverage", "--config", suggested)
    assert table.code == 0
    assert "portal_database: the probes stand for" in table.out
    assert "get_client_groups_products" in table.out


def test_secrets_stay_in_the_environment(watched: Watched) -> None:
    """Neither the database's URL nor a password is written; the people in the data are not either."""
    text = watched.suggest("--cover", 1).read_text()
    assert "url: ${PORTAL_DATABASE_URL}" in text
    assert "password: ${PORTAL_LOGIN_PASSWORD}" in text
    assert PASSWORD not in text
    assert watched.watched_dsn not in text
    assert not [one for one in ADVISERS if f"[{one}]" in text]
    assert "its values may be personal" in text


def test_as_many_probes_as_asked_for(watched: Watched) -> None:
    """--top bounds the queries, and what was left out is said with its share."""
    text = watched.suggest("--database", "portal_database", "--top", 2).read_text()
    probes = yaml.safe_load(text)["probes"]
    assert [one["kind"] for one in probes.values()] == ["sql", "sql", "postgresql_server", "host"]
    assert "further statements: the others stand for enough" in text
    assert "% of the execution time, " in text


def test_what_writes_and_what_fails_is_left_out_with_its_reason(watched: Watched) -> None:
    """Endpoints that change something, and those that do not answer before the migration."""
    text = watched.suggest("--portal", "portal").read_text()
    assert "POST /auth/login: it changes something" in text
    assert "kyc_report: tried once: expected status 2xx, found 404" in text
    paths = [one.get("path") for one in yaml.safe_load(text)["probes"].values()]
    assert "/api/client_groups/{group_id}/products" not in paths
    assert "/metrics" in paths


def test_urls_do_without_a_configuration(watched: Watched) -> None:
    """A first configuration out of two URLs; what needs a log-in is left out and says so."""
    answer = portalwatch("probe", "suggest", "--database", watched.watched_dsn, "--portal", watched.url)
    assert answer.code == 0
    document = yaml.safe_load(answer.out)
    assert document["targets"]["portal_database"] == {"kind": "postgresql", "url": "${PORTAL_DATABASE_URL}"}
    assert [name for name in document["probes"] if name.startswith("get_")] == ["get_health"]
    assert "found 401" in answer.out


def test_nothing_is_overwritten(watched: Watched) -> None:
    """A file that is there may be somebody's configuration."""
    answer = portalwatch("probe", "suggest", "--config", watched.configuration, "--output", watched.configuration)
    assert (answer.code, "is there already" in answer.err) == (2, True)


@pytest.mark.parametrize("command", ["suggest", "coverage"])
def test_targets_that_tell_nothing_end_in_four(tmp_path: Path, command: str) -> None:
    """Nobody listens: said for each target, and without the password."""
    configuration = tmp_path / "targets.yml"
    targets = {
        "database": {"kind": "postgresql", "url": NOWHERE},
        "portal": {"kind": "http", "url": "http://127.0.0.1:1"},
    }
    configuration.write_text(yaml.safe_dump({"targets": targets}))
    answer = portalwatch("probe", command, "--config", configuration)
    assert (answer.code, answer.out) == (4, "")
    assert "database: the database: " in answer.err
    assert "portal: the portal: " in answer.err
    assert SECRET not in answer.err


@pytest.mark.parametrize("given", ["nowhere", "postgresql://"])
def test_a_target_that_is_none_is_wrong_usage(given: str, tmp_path: Path) -> None:
    """Neither a name of the configuration nor a URL of a portal."""
    configuration = tmp_path / "empty.yml"
    configuration.write_text("{}")
    assert portalwatch("probe", "suggest", "--config", configuration, "--portal", given).code == 2


def test_a_database_that_counts_nothing_is_said_beside_the_rest(watched: Watched, postgres_server: str) -> None:
    """The portal's part is answered all the same."""
    document = yaml.safe_load(watched.configuration.read_text())
    document["targets"]["portal_database"]["url"] = postgres_server.replace("/postgres", "/template1")
    watched.configuration.write_text(yaml.safe_dump(document))
    answer = portalwatch("probe", "coverage", "--config", watched.configuration)
    assert answer.code == 0
    assert "CREATE EXTENSION pg_stat_statements" in answer.err
    assert "portal: the probes stand for 0.0% of its requests" in answer.out
