"""`portalwatch check`: every component now, and what a script makes of it."""

from pathlib import Path

import asyncpg
import pytest

from monitor.checks.postgres import PostgresCheckRuns
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch, run_process, sql_probes
from tests.monitor.cli.stored import in_store
from thresholds import CheckKind, CheckReport


def kept(store: str) -> dict[CheckKind, CheckReport]:
    """The latest runs of the environment `test`."""

    async def act(pool: asyncpg.Pool) -> dict[CheckKind, CheckReport]:
        return dict(await PostgresCheckRuns(pool).latest("test"))

    return in_store(store, act)


def test_a_system_without_a_failure_is_well(empty_database: str, tmp_path: Path) -> None:
    """0; always five components, every check with its figure, in both formats, and the store is not asked."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(empty_database, a="SELECT pg_sleep(0.2)"))
    answer = run_process("check", "--format", "json", "--config", path)
    components = {one["name"]: one for one in answer.json()["components"]}
    assert (answer.err, answer.json()["unreachable"]) == ("", [])
    assert list(components) == ["database", "backend API", "front end", "performance", "security"]
    # How busy the machine of the test is, is the one thing that the test does not know.
    failing = {name for name, one in components.items() if one["status"] == "FAIL"}
    assert failing <= {"performance"}
    assert answer.code == (1 if failing else 0)
    (query,) = [one for one in components["database"]["checks"] if one["name"] == "database_queries.a"]
    assert query["detail"].endswith("ms")
    assert (query["status"], query["unit"]) == ("PASS", "seconds")
    assert answer.json()["check"] == "system_health_check"
    assert "database: " in portalwatch("check", "--config", path).out


def test_a_failing_check_is_a_finding(empty_database: str, tmp_path: Path) -> None:
    """1, and the one that failed says why while the other passes."""
    path = configuration(
        tmp_path, NOWHERE, **sql_probes(empty_database, good="SELECT pg_sleep(0.2)", bad="SELECT * FROM missing")
    )
    answer = portalwatch("check", "--format", "json", "--config", path)
    statuses = {one["name"]: one["status"] for one in answer.json()["components"][0]["checks"]}
    assert (answer.code, answer.json()["components"][0]["status"], answer.json()["status"]) == (1, "FAIL", "FAIL")
    assert (statuses["database_queries.good"], statuses["database_queries.bad"]) == ("PASS", "FAIL")
    assert answer.json()["unreachable"] == []


def test_a_warning_alone_is_no_finding(empty_database: str, tmp_path: Path) -> None:
    """What only warns is told as WARNING, with 0."""
    path = configuration(tmp_path, NOWHERE, targets={"db": {"kind": "postgresql", "url": empty_database}})

    async def unprove(pool: asyncpg.Pool) -> None:
        await pool.execute("CREATE TABLE t (a int)")
        await pool.execute("ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID")

    in_store(empty_database, unprove)
    answer = portalwatch("check", "constraint_validation", "--config", path)
    assert (answer.code, "not validated constraints: WARNING" in answer.out) == (0, True)


def test_an_unreachable_target_is_4(empty_database: str, tmp_path: Path) -> None:
    """The answer is printed all the same, and the target is named without its password."""
    sections = sql_probes(empty_database, a="SELECT 1")
    away = sql_probes(NOWHERE, b="SELECT 1")
    path = configuration(
        tmp_path,
        NOWHERE,
        targets={**sections["targets"], "away": away["targets"]["db"]},  # type: ignore[dict-item, index]
        probes={**sections["probes"], "b": {**away["probes"]["b"], "target": "away"}},  # type: ignore[dict-item, index]
    )
    answer = portalwatch("check", "--format", "json", "--config", path)
    assert (answer.code, answer.json()["unreachable"]) == (4, ["away"])
    assert "can't be reached: away" in answer.err
    assert PASSWORD not in answer.out + answer.err


@pytest.mark.parametrize("kind", CheckKind)
def test_each_check_is_kept_where_it_is_asked_for(
    kind: CheckKind, store: str, empty_database: str, tmp_path: Path
) -> None:
    """Without --keep nothing is; with it the store has what was printed."""
    path = configuration(tmp_path, store, **sql_probes(empty_database, a="SELECT 1"))
    portalwatch("check", kind, "--config", path)
    assert kept(store) == {}
    answer = portalwatch("check", kind, "--keep", "--format", "json", "--config", path)
    assert kept(store)[kind].document() == answer.json()


def test_a_suite_without_a_store_is_judged_by_limits(empty_database: str, tmp_path: Path) -> None:
    """It says so; keeping it is not possible then, which is 4."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(empty_database, a="SELECT 1"))
    answer = portalwatch("check", "performance_test_suite", "--config", path)
    assert (answer.code, "Not held against a baseline" in answer.err) == (0, True)
    answer = portalwatch("check", "performance_test_suite", "--keep", "--config", path)
    assert (answer.code, answer.out) == (4, "")
    assert PASSWORD not in answer.err


def test_nothing_to_check_is_wrong_usage(tmp_path: Path) -> None:
    """A configuration without probes and targets can't be well; nor is there a check of any other name."""
    answer = portalwatch("check", "--config", configuration(tmp_path, NOWHERE))
    assert (answer.code, answer.out) == (2, "")
    assert "the configuration has no probes and no targets" in answer.err
    answer = portalwatch("check", "portfolio", "--config", configuration(tmp_path, NOWHERE))
    assert (answer.code, "system_health_check" in answer.err) == (2, True)
