"""`portalwatch check`: every component now, and what a script makes of it."""

from pathlib import Path

from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch, run_process, sql_probes


def test_a_healthy_system_passes(empty_database: str, tmp_path: Path) -> None:
    """0; every check with its figure, in both formats, and the store is not asked."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(empty_database, a="SELECT 1"))
    answer = run_process("check", "--format", "json", "--config", path)
    (component,) = answer.json()["components"]
    assert (answer.code, answer.err, answer.json()["unreachable"]) == (0, "", [])
    assert (component["name"], component["status"]) == ("database", "PASS")
    assert component["checks"][0]["name"] == "database_queries.a"
    assert component["checks"][0]["detail"].endswith("ms")
    table = portalwatch("check", "--config", path)
    assert table.code == 0
    assert "database: PASS" in table.out


def test_a_failing_check_is_a_finding(empty_database: str, tmp_path: Path) -> None:
    """1, and the one that failed says why while the other passes."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(empty_database, good="SELECT 1", bad="SELECT * FROM missing"))
    answer = portalwatch("check", "--format", "json", "--config", path)
    statuses = {one["name"]: one["status"] for one in answer.json()["components"][0]["checks"]}
    assert (answer.code, answer.json()["components"][0]["status"]) == (1, "FAIL")
    assert statuses == {"database_queries.good": "PASS", "database_queries.bad": "FAIL"}


def test_a_warning_alone_is_no_finding(empty_database: str, tmp_path: Path) -> None:
    """What is beyond its warning limit is told as WARNING, with 0."""
    path = configuration(
        tmp_path,
        NOWHERE,
        **sql_probes(empty_database, slow="SELECT pg_sleep(0.02)"),
        thresholds={"database_queries.slow": {"warning": "10 ms", "critical": "60 s"}},
    )
    answer = portalwatch("check", "--config", path)
    assert (answer.code, "database: WARNING" in answer.out) == (0, True)
    assert "above its warning limit of 10 ms" in answer.out


def test_a_database_that_refuses_a_query_was_reached(empty_database: str, tmp_path: Path) -> None:
    """A query that is wrong is a failed check, 1, and not an unreachable target."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(empty_database, bad="SELECT * FROM missing"))
    answer = portalwatch("check", "--format", "json", "--config", path)
    assert (answer.code, answer.json()["unreachable"]) == (1, [])


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


def test_nothing_to_check_is_wrong_usage(tmp_path: Path) -> None:
    """A configuration without probes can't be well."""
    answer = portalwatch("check", "--config", configuration(tmp_path, NOWHERE))
    assert (answer.code, answer.out) == (2, "")
    assert "the configuration has no probes" in answer.err
