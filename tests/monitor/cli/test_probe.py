"""`portalwatch probe NAME`: one probe now, and what a script makes of it."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from monitor.errors import ExitCode
from tests.monitor.cli.commands import (
    NOWHERE,
    PASSWORD,
    Answer,
    configuration,
    portalwatch,
    run_process,
    sql_probes,
)

# Slow enough that a busy machine does not disturb it.
ROWS = "SELECT relname FROM pg_class, pg_sleep(0.3) WHERE relnamespace = 11 ORDER BY relname LIMIT 3"


def configured(directory: Path, dsn: str, entry: dict[str, Any], **sections: Any) -> Path:
    """One SQL probe `list` with that entry."""
    document = sql_probes(dsn, list=ROWS)
    document["probes"]["list"] |= entry  # type: ignore[index]
    return configuration(directory, NOWHERE, **document, **sections)


def undisturbed(*words: object) -> Answer:
    """What the command says once this machine has left it alone: what it disturbed is 3, and judged by nobody."""
    for _ in range(50):
        answer = portalwatch(*words)
        if answer.code != ExitCode.INCONCLUSIVE:
            return answer
    raise AssertionError(f"always disturbed: {answer.out}")


def test_a_healthy_target_is_shown_in_full(empty_database: str, tmp_path: Path) -> None:
    """0; value, phases, plan, the prober's own delay and the settings, within 80 columns; no store is asked."""
    answer = undisturbed("probe", "list", "--config", configured(tmp_path, empty_database, {}))
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0].startswith("database_queries.list  ✓ ")
    assert lines[0].endswith(" ms")
    assert max(map(len, lines)) <= 80
    labels = [line.split()[0] for line in lines[1:] if line and not line.startswith(" ")]
    assert labels[0] == "phases"
    assert {"plan", "prober", "settings"} <= set(labels)
    assert "connect" in answer.out
    assert "pg_class" in answer.out


@pytest.mark.parametrize(
    ("entry", "shown", "code"),
    [
        ({"minimum_rows": 5}, "✗ assertion", 1),
        ({"query": "SELECT * FROM nowhere"}, "✗ sql error", 1),
        ({"query": "SELECT pg_sleep(60)", "timeout": "200ms"}, "(deadline)", 1),
    ],
)
def test_a_failure_is_a_finding(
    entry: dict[str, Any], shown: str, code: int, empty_database: str, tmp_path: Path
) -> None:
    """1, with the reason in the first line and a sentence below."""
    answer = portalwatch("probe", "list", "--config", configured(tmp_path, empty_database, entry))
    first, second, *_ = answer.out.splitlines()
    assert (answer.code, shown in first) == (code, True)
    assert second.strip()


@pytest.mark.parametrize(("limits", "code"), [({"warning": "1 ms"}, 0), ({"critical": "2 ms"}, 1)])
def test_a_broken_critical_limit_is_a_finding(
    limits: dict[str, str], code: int, empty_database: str, tmp_path: Path
) -> None:
    """The warning limit is told as well, and is none, as in `check`."""
    limits = {"warning": "1 ms", "critical": "60 s"} | limits
    path = configured(
        tmp_path,
        empty_database,
        {},
        thresholds={"database_queries.list": limits},
    )
    answer = undisturbed("probe", "list", "--config", path)
    assert (answer.code, "limit of" in " ".join(answer.out.split())) == (code, True)


def test_a_target_out_of_reach_is_4(tmp_path: Path) -> None:
    """Refused, and the password of its URL is shown nowhere, in neither format, and with --debug."""
    path = configured(tmp_path, NOWHERE, {})
    answer = run_process("probe", "list", "--debug", "--config", path)
    assert (answer.code, "✗ refused" in answer.out) == (4, True)
    assert "probe list failed (refused)" in answer.err
    as_json = portalwatch("probe", "list", "--format", "json", "--config", path)
    assert (as_json.code, as_json.json()["inspection"]) == (4, None)
    assert PASSWORD not in answer.out + answer.err + as_json.out


def test_a_locked_table_is_a_time_out_that_leaves_nothing_behind(empty_database: str, tmp_path: Path) -> None:
    """1 after the lock timeout; several runs back off, and no connection of ours stays."""
    path = configured(tmp_path, empty_database, {"query": "SELECT * FROM locked"})

    async def use() -> None:
        holder = await asyncpg.connect(empty_database)
        await holder.execute("CREATE TABLE locked (id int)")
        async with holder.transaction():
            await holder.execute("LOCK TABLE locked")
            answer = await asyncio.to_thread(run_process, "probe", "list", "--count", "6", "--config", path)
            assert answer.code == 1
            assert answer.out.count("(lock timeout)") == 4
            assert answer.out.count("skipped (backing off)") == 2
            assert "6 runs, 4 failed, 2 skipped or disturbed" in answer.out
        ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()"
        assert await holder.fetchval(ours, "portalwatch") == 0
        await holder.close()

    asyncio.run(use())


def test_many_runs_are_a_line_each_and_the_figures_of_all(empty_database: str, tmp_path: Path) -> None:
    """Options may stand before the name, which may be that of the series."""
    path = configured(tmp_path, empty_database, {})
    answer = undisturbed("probe", "--count", "3", "database_queries.list", "--config", path)
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.splitlines()[:3]] == ["1", "2", "3"]
    assert "database_queries.list  3 runs, 0 failed" in answer.out
    assert all(word in answer.out.splitlines()[-1] for word in ("min", "median", "p95", "max"))


def test_a_script_gets_everything(empty_database: str, tmp_path: Path) -> None:
    """JSON alone on standard output: runs, summary, plan and masked settings."""
    path = configured(tmp_path, empty_database, {})
    answer = undisturbed("probe", "list", "--count", "2", "--format", "json", "--config", path)
    document = answer.json()
    assert (answer.code, answer.err, document["probe"]) == (0, "", "list")
    assert [one["series"][0]["outcome"] for one in document["runs"]] == ["ok", "ok"]
    assert document["runs"][0]["phases"].keys() >= {"connect"}
    assert document["summary"]["database_queries.list"]["n"] in (1, 2)  # what this machine disturbed is left out
    assert document["inspection"]["plan"]["nodes"]
    assert document["settings"]["query"] == ROWS


def test_an_unknown_name_is_wrong_usage_that_names_the_closest(tmp_path: Path) -> None:
    """2, with the one that was probably meant."""
    answer = portalwatch("probe", "lits", "--config", configured(tmp_path, NOWHERE, {}))
    assert (answer.code, answer.out) == (2, "")
    assert "did you mean list?" in answer.err


@pytest.mark.parametrize("name", ["suggest", "coverage"])
def test_a_probe_is_not_called_like_a_command(name: str, tmp_path: Path) -> None:
    """The configuration is refused: it could never be run by hand."""
    path = configuration(tmp_path, NOWHERE, **sql_probes(NOWHERE, **{name: ROWS}))
    answer = portalwatch("config", "check", "--config", path)
    assert answer.code == 2
    assert f"a probe can't be called {name}: `portalwatch probe {name}` is a command" in answer.err


def test_a_name_has_the_help_of_the_run() -> None:
    """`portalwatch probe NAME --help` shows --count and --debug, with an example."""
    answer = portalwatch("probe", "anything", "--help")
    assert (answer.code, answer.err) == (0, "")
    assert all(word in answer.out for word in ("--count", "--debug", "Example: portalwatch probe"))
