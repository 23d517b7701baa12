"""`portalwatch baseline`: captures that are kept whole or not at all."""

import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from monitor.embedded import EmbeddedServer
from tests.acceptance.running import eventually
from tests.monitor.cli.commands import (
    NOWHERE,
    PASSWORD,
    PATIENCE_SECONDS,
    configuration,
    portalwatch,
    run_process,
    sql_probes,
    started,
)
from tests.monitor.cli.stored import in_store, made, names_in, save

# The machine that tests may be as busy as it likes.
QUICKLY = ("--quick", "--sessions", 2, "--samples", 3, "--force", "a test")


@pytest.fixture
def config(store: str, empty_database: str, tmp_path: Path) -> Path:
    """Two queries on a database of its own."""
    return configuration(tmp_path, store, **sql_probes(empty_database, fast="SELECT 1", faster="SELECT 2"))


def test_a_capture_is_taken_kept_and_shown(config: Path) -> None:
    """As a process, without progress in a pipe; then it is listed as active, with its sessions and series."""
    captured = run_process("baseline", "capture", "first", *QUICKLY, "--release", "v41", "--config", config)
    assert (captured.code, captured.out) == (0, "first: 2 series, 2 sessions, v41\n")
    (told,) = captured.err.splitlines()
    assert told.startswith("the workload of db is not watched: the database has no pg_stat_statements")
    (listed,) = portalwatch("baseline", "list", "--format", "json", "--config", config).json()
    assert (listed["name"], listed["release"], listed["environment"]) == ("first", "v41", "test")
    assert (listed["sessions"], listed["series"], listed["active"]) == (2, 2, True)
    shown = portalwatch("baseline", "show", "first", "--format", "json", "--config", config).json()
    assert set(shown["series"]) == {"database_queries.fast", "database_queries.faster"}
    assert all(one["n"] <= 6 and one["failed"] == 0 for one in shown["series"].values())
    assert [one["conditions"]["spacing"] for one in shown["sessions"]] == ["burst", "burst"]


def test_a_name_is_given_once(config: Path, store: str) -> None:
    """2 before anything is measured, and the baseline there was is untouched."""
    save(store, made("taken", 40))
    before = portalwatch("baseline", "show", "taken", "--config", config).out
    refused = portalwatch("baseline", "capture", "taken", *QUICKLY, "--config", config)
    assert (refused.code, refused.out) == (2, "")
    assert "there is a baseline 'taken' already, and baselines never change" in refused.err
    assert portalwatch("baseline", "show", "taken", "--config", config).out == before


def test_live_is_no_name(config: Path, store: str) -> None:
    """A comparison takes it for the last hour, so that a baseline of that name could never be compared."""
    refused = portalwatch("baseline", "capture", "live", *QUICKLY, "--config", config)
    assert (refused.code, "choose another name" in refused.err) == (2, True)
    assert names_in(store) == []


def test_only_the_probes_that_were_asked_for_are_captured(config: Path) -> None:
    """A glob chooses by name; one that fits none is wrong usage and told with the names there are."""
    chosen = portalwatch("baseline", "capture", "one", *QUICKLY, "--probe", "*er", "--config", config)
    assert chosen.out.startswith("one: 1 series")
    none = portalwatch("baseline", "capture", "two", *QUICKLY, "--probe", "slow*", "--config", config)
    assert none.code == 2
    assert "the configured ones are: fast, faster" in none.err


@pytest.mark.parametrize("option", ["--sessions", "--samples"])
def test_a_capture_of_nothing_is_wrong_usage(config: Path, option: str) -> None:
    """0 sessions or samples make none."""
    answer = portalwatch("baseline", "capture", "none", "--quick", "--force", "a test", option, 0, "--config", config)
    assert answer.code == 2
    assert "at least one session and one sample" in answer.err


def test_an_unreachable_target_is_4(store: str, tmp_path: Path) -> None:
    """The target and the reason are named, the password is not, and nothing is kept."""
    path = configuration(tmp_path, store, **sql_probes(NOWHERE, a="SELECT 1"))
    answer = run_process("baseline", "capture", "never", *QUICKLY, "--config", path)
    assert (answer.code, answer.out) == (4, "")
    assert "target db can't be measured: every probe of it failed (refused)" in answer.err
    assert "Traceback" not in answer.err
    assert PASSWORD not in answer.err
    assert names_in(store) == []


@pytest.fixture(scope="module")
def guarded(reachable_directory: Path) -> Iterator[str]:
    """The DSN of a server that asks `stranger` for a password, with a wrong one."""
    with EmbeddedServer.start(reachable_directory / "guarded", durable=False) as server:
        dsn = server.dsn("postgres")

        async def hba_file(pool: asyncpg.Pool) -> Path:
            await pool.execute("CREATE ROLE stranger LOGIN PASSWORD 'right'")
            return Path(await pool.fetchval("SHOW hba_file"))

        async def reload(pool: asyncpg.Pool) -> None:
            await pool.execute("SELECT pg_reload_conf()")

        rules = in_store(dsn, hba_file)
        rules.write_text("local all stranger scram-sha-256\n" + rules.read_text("utf-8"), encoding="utf-8")
        in_store(dsn, reload)
        yield urlunsplit(urlsplit(dsn)._replace(netloc=f"stranger:{PASSWORD}@"))


def test_a_wrong_password_of_the_target_is_4(guarded: str, store: str, tmp_path: Path) -> None:
    """Told as what it is, without the password, and nothing is kept."""
    path = configuration(tmp_path, store, **sql_probes(guarded, a="SELECT 1"))
    answer = portalwatch("baseline", "capture", "never", *QUICKLY, "--config", path)
    assert answer.code == 4
    assert "(permission)" in answer.err
    assert PASSWORD not in answer.err
    assert names_in(store) == []


def test_a_wrong_password_of_the_store_is_4(guarded: str, tmp_path: Path) -> None:
    """The server's own words and where to look, without the password."""
    answer = portalwatch("baseline", "list", "--config", configuration(tmp_path, guarded))
    assert (answer.code, answer.out) == (4, "")
    assert 'password authentication failed for user "stranger"' in answer.err
    assert "store.url" in answer.err
    assert PASSWORD not in answer.err


def test_an_interrupted_capture_keeps_nothing(store: str, empty_database: str, tmp_path: Path) -> None:
    """Ctrl-C in the middle ends it with 130, without a traceback, and no half of it is in the store."""
    path = configuration(tmp_path, store, **sql_probes(empty_database, nap="SELECT pg_sleep(0.3)"))
    napping = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE state = 'active' AND query LIKE '%sleep(0.3)%' AND pid <> pg_backend_pid()"
    )

    async def is_napping(pool: asyncpg.Pool) -> bool:
        found: int = await pool.fetchval(napping)
        return found > 0

    with started(
        "baseline", "capture", "half", "--quick", "--samples", 1000, "--force", "a test", "--config", path
    ) as process:
        eventually(lambda: in_store(empty_database, is_napping), "a query of the capture runs")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert "Interrupted: nothing of 'half' is kept." in err
    assert names_in(store) == []


def test_without_a_baseline_the_list_is_empty(config: Path) -> None:
    """0 in both formats, and a person is told what to do, on standard error."""
    table = portalwatch("baseline", "list", "--config", config)
    assert (table.code, table.out) == (0, "")
    assert "portalwatch baseline capture NAME" in table.err
    assert portalwatch("baseline", "list", "--format", "json", "--config", config).json() == []


def test_tables_show_names_as_they_are(config: Path, store: str) -> None:
    """Brackets are no markup, neither in the list nor in what shows one baseline."""
    save(store, made("[bold]odd[/x]", 40, release="[v1]"))
    listed = portalwatch("baseline", "list", "--config", config)
    shown = portalwatch("baseline", "show", "[bold]odd[/x]", "--config", config)
    assert "[bold]odd[/x]" in listed.out
    assert "[v1]" in listed.out
    assert "database_queries.a" in shown.out
    assert "40.0" in shown.out or "39." in shown.out


@pytest.mark.parametrize("command", [("show",), ("approve",), ("delete", "--yes")])
def test_an_unknown_baseline_is_wrong_usage(config: Path, store: str, command: tuple[str, ...]) -> None:
    """2, with the names there are."""
    save(store, made("first", 40))
    answer = portalwatch("baseline", *command, "never", "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert "there is no baseline 'never'; there are: first" in answer.err


def test_half_of_the_probes_failing_is_told_and_kept(store: str, empty_database: str, tmp_path: Path) -> None:
    """0, with every call in the store, and on standard error which series failed how often."""
    path = configuration(tmp_path, store, **sql_probes(empty_database, good="SELECT 1", bad="SELECT 1 / 0"))
    captured = portalwatch("baseline", "capture", "half", *QUICKLY, "--config", path)
    assert (captured.code, captured.out) == (0, "half: 2 series, 2 sessions, v1\n")
    assert "1 of 2 series failed in more than half of their calls: database_queries.bad" in captured.err
    shown = portalwatch("baseline", "show", "half", "--format", "json", "--config", path).json()["series"]
    assert shown["database_queries.bad"]["failed"] == shown["database_queries.bad"]["n"] == 6
    assert shown["database_queries.good"]["failed"] == 0


def test_outdated_statistics_stand_in_the_way(store: str, empty_database: str, tmp_path: Path) -> None:
    """4 before anything is measured, with the table; with a reason the capture is taken, and both are kept with it."""

    async def fill(pool: asyncpg.Pool) -> None:
        await pool.execute("CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id")
        async with pool.acquire() as connection:
            await connection.execute("SELECT pg_stat_force_next_flush()")

    in_store(empty_database, fill)
    path = configuration(tmp_path, store, **sql_probes(empty_database, count="SELECT count(*) FROM orders"))
    quick = ("--quick", "--sessions", 1, "--samples", 1)
    refused = portalwatch("baseline", "capture", "pre", *quick, "--config", path)
    assert (refused.code, refused.out) == (4, "")
    assert "db plans by outdated statistics of orders (1,000 rows changed, never analyzed)" in refused.err
    assert names_in(store) == []
    taken = portalwatch("baseline", "capture", "pre", *quick, "--force", "it is always so", "--config", path)
    assert taken.code == 0
    shown = portalwatch("baseline", "show", "pre", "--config", path).out
    assert "captured although db plans by outdated statistics of orders" in shown
    assert "because: it is always so" in shown


def test_a_capture_of_minutes_says_how_long_it_will_take(store: str, empty_database: str, tmp_path: Path) -> None:
    """Before the first session, on standard error; it need not come to its end for that."""
    path = configuration(tmp_path, store, **sql_probes(empty_database, a="SELECT 1", b="SELECT 2"))
    with started("baseline", "capture", "long", "--force", "a test", "--config", path) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)
    assert said == "This takes about 9 minutes: 5 sessions of 20 samples of 2 probes, a minute apart.\n"


def test_who_captured_is_kept(config: Path) -> None:
    """You, unless another name is given."""
    portalwatch("baseline", "capture", "pre", *QUICKLY, "--by", "the night shift", "--config", config)
    assert "captured by the night shift" in portalwatch("baseline", "show", "pre", "--config", config).out
