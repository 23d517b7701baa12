"""`portalwatch duel`: two databases and two web servers side by side, and what stands in the way of a duel."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from rich.console import Console
from rich.table import Table

from baselines import Case, Look, Samples
from baselines.duel import BLOCK_PAIRS, judge_duel
from monitor.cli.duel_screen import duel_table
from monitor.dueling import Standing
from tests.baselines.sessions import session
from tests.monitor.cli.commands import NOWHERE, PASSWORD, configuration, portalwatch, sql_probes
from tests.probes.raw_server import Answer, RawServer, raw_server, saying

QUERY = "SELECT count(*) FROM visits WHERE visitor = 4711"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
FAILED = b"HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"
# Nobody is at home in the store: a duel must not need one.
NO_STORE = NOWHERE
SETUP = """
CREATE TABLE visits AS SELECT n AS id, n % 5000 AS visitor FROM generate_series(1, 150000) AS n;
CREATE INDEX visits_by_visitor ON visits (visitor);
ANALYZE visits;
"""


@pytest.fixture
def databases(postgres_server: str, empty_database: str) -> Iterator[tuple[str, str]]:
    """The DSNs of a database, and of a copy of it whose index is gone."""
    name = urlsplit(empty_database).path.strip("/")
    execute(empty_database, SETUP)
    execute(postgres_server, f"CREATE DATABASE {name}_new TEMPLATE {name}")
    new = urlunsplit(urlsplit(empty_database)._replace(path=f"/{name}_new"))
    execute(new, "DROP INDEX visits_by_visitor")
    yield empty_database, new
    execute(postgres_server, f"DROP DATABASE {name}_new WITH (FORCE)")


def execute(dsn: str, statements: str) -> None:
    """Carry out some SQL."""

    async def act() -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(statements)
        await connection.close()

    asyncio.run(act())


@contextmanager
def serving(answer: Answer) -> Iterator[RawServer]:
    """A web server in a thread of its own, since the command has a loop of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = raw_server(answer)
    try:
        yield asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def end(server: object) -> None:
    """Stop listening, and leave no connection behind."""
    await server.__aexit__(None, None, None)  # type: ignore[attr-defined]
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def web_probes(url: str, **paths: str) -> dict[str, object]:
    """The sections of a configuration that asks one web server for these paths."""
    return {
        "targets": {"portal": {"kind": "http", "url": url, "bearer": "s3cret-token"}},
        "probes": {
            name: {"kind": "http", "target": "portal", "category": "api_endpoints", "path": path}
            for name, path in paths.items()
        },
    }


def test_a_database_without_its_index_is_degraded_and_why(databases: tuple[str, str], tmp_path: Path) -> None:
    """1; the ratio with its interval, decided before the last pair, and the plan or the index as its cause."""
    old, new = databases
    config = configuration(tmp_path, NO_STORE, **sql_probes(NOWHERE, visits=QUERY))
    answer = portalwatch("duel", old, new, "--format", "json", "--config", config)
    assert answer.code == 1, answer.err
    document = answer.json()
    (one,) = document["series"]
    assert (one["series"], one["verdict"]) == ("database_queries.visits", "degraded")
    assert 1.25 < one["ci_low"] < one["ratio"] < one["ci_high"]
    assert 0 < one["before"]["n"] == one["after"]["n"] <= 40
    assert {each["kind"] for each in one["explanations"]} & {"plan_change", "index_gone"}
    assert any("visits_by_visitor" in change["item"] and change["after"] is None for change in document["changes"])
    assert answer.err == ""


def test_a_database_is_within_tolerance_of_itself(databases: tuple[str, str], tmp_path: Path) -> None:
    """0, after two thirds of the pairs; nothing is held to have changed."""
    old, _ = databases
    config = configuration(tmp_path, NO_STORE, **sql_probes(NOWHERE, visits=QUERY))
    answer = portalwatch("duel", old, old, "--tolerance", 400, "--format", "json", "--config", config)
    assert (answer.code, answer.json()["overall"]["verdict"]) == (0, "within"), answer.err
    assert answer.json()["changes"] == []


def test_a_web_server_that_became_slower_is_found(tmp_path: Path) -> None:
    """Half on top of 20 ms: 1, in every call the target's own log-in, and the report names both addresses."""
    with serving(saying(0.020, OK, keep=True)) as old, serving(saying(0.030, OK, keep=True)) as new:
        config = configuration(tmp_path, NO_STORE, **web_probes("http://portal.invalid", groups="/groups"))
        answer = portalwatch("duel", old.url, new.url, "--config", config)
        assert answer.code == 1, answer.err
        for word in ("api_endpoints.groups", "degraded"):
            assert word in answer.out
        assert "s3cret-token" not in answer.out + answer.err
        assert all(b"Bearer s3cret-token" in one for server in (old, new) for one in server.requests)
        # One to see that it answers, ten to warm up, and four blocks; pairs that were disturbed are made again.
        assert len(old.requests) == len(new.requests) >= 1 + 10 + 4 * BLOCK_PAIRS


def test_calls_that_fail_on_one_side_only_are_a_finding(tmp_path: Path) -> None:
    """Every fourth call to NEW answers 503: availability, critical, 1."""
    calls = iter(range(10_000))

    async def every_fourth(_: bytes, writer: asyncio.StreamWriter) -> bool:
        writer.write(FAILED if next(calls) % 4 == 3 else OK)
        return True

    with serving(saying(OK, keep=True)) as old, serving(every_fourth) as new:
        config = configuration(tmp_path, NO_STORE, **web_probes("http://portal.invalid", groups="/groups"))
        answer = portalwatch("duel", old.url, new.url, "--format", "json", "--config", config)
    assert answer.code == 1, answer.err
    (one,) = answer.json()["series"]
    assert {each["question"]: each["verdict"] for each in one["questions"]}["availability"] == "degraded"
    assert [each["level"] for each in one["findings"]] == ["critical"]


@pytest.mark.parametrize("output_format", ["table", "markdown", "html", "junit"])
def test_every_report_of_a_comparison_is_there(tmp_path: Path, output_format: str) -> None:
    """Written with --output, and then standard output is empty."""
    path = tmp_path / "report"
    with serving(saying(OK, keep=True)) as old:
        config = configuration(tmp_path, NO_STORE, **web_probes("http://portal.invalid", groups="/groups"))
        asked = ("duel", old.url, old.url, "--tolerance", 400, "--format", output_format, "--output", path)
        answer = portalwatch(*asked, "--config", config)
    assert (answer.code, answer.out) == (0, ""), answer.err
    assert "groups" in path.read_text()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("http://127.0.0.1:1", NOWHERE, "OLD is a web server and NEW is a database"),
        ("before", "after", "OLD is neither a URL (https://…) nor a DSN (postgresql://…)"),
        (NOWHERE, f"me:{PASSWORD}@127.0.0.1/db", "NEW is neither a URL (https://…) nor a DSN (postgresql://…)"),
        ("http://127.0.0.1:1", "http://127.0.0.1:2", "no probe is configured that times one"),
        ("http://127.0.0.1:1", "http://127.0.0.1:2", "portalwatch probe suggest"),
    ],
)
def test_two_that_do_not_fit_together_are_wrong_usage(tmp_path: Path, old: str, new: str, said: str) -> None:
    """2, with what to do, and no password on the screen."""
    config = configuration(tmp_path, NO_STORE, **sql_probes(NOWHERE, visits=QUERY))
    answer = portalwatch("duel", old, new, "--config", config)
    assert answer.code == 2
    assert said in answer.err
    assert PASSWORD not in answer.out + answer.err


def test_a_password_in_a_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    """2, as in the configuration."""
    config = configuration(tmp_path, NO_STORE, **web_probes("http://portal.invalid", groups="/groups"))
    answer = portalwatch("duel", "http://127.0.0.1:1", f"http://me:{PASSWORD}@127.0.0.1:1", "--config", config)
    assert (answer.code, answer.out) == (2, "")
    assert "NEW: a URL is no place for a password" in answer.err
    assert PASSWORD not in answer.err


def two_databases() -> dict[str, object]:
    """The sections of a configuration with a probe each for two databases."""
    probe = {"kind": "sql", "category": "database_queries", "query": "SELECT 1"}
    return {
        "targets": {name: {"kind": "postgresql", "url": NOWHERE} for name in ("main", "archive")},
        "probes": {"one": {**probe, "target": "main"}, "two": {**probe, "target": "archive"}},
    }


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "archive, main; choose one with --target NAME"),
        (("--target", "other"), "there are: one (target main), two (target archive)"),
        (("--probe", "three*"), "there are: one (target main), two (target archive)"),
    ],
)
def test_it_must_be_clear_which_target_is_meant(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    """2, with what there is."""
    config = configuration(tmp_path, NO_STORE, **two_databases())
    answer = portalwatch("duel", NOWHERE, NOWHERE, *options, "--config", config)
    assert (answer.code, said in answer.err) == (2, True), answer.err


@pytest.mark.parametrize("options", [("--target", "archive"), ("--probe", "two")])
def test_a_side_that_is_not_there_can_not_be_duelled(
    empty_database: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """4, with the side, the reason and the target, and without its password."""
    config = configuration(tmp_path, NO_STORE, **two_databases())
    answer = portalwatch("duel", empty_database, NOWHERE, *options, "--config", config)
    assert (answer.code, answer.out) == (4, "")
    assert "NEW (postgresql://127.0.0.1:1/none) can't be measured: every probe of it failed (refused)" in answer.err
    assert "targets.archive" in answer.err
    assert PASSWORD not in answer.err


def test_who_watches_sees_ratio_and_interval_before_the_verdict() -> None:
    """A line a series: nothing before the first block, the interval so far without a verdict, then with it."""
    (judgement,) = judge_duel(
        [Case(metric="a.b", before=lying(0.010), after=lying(0.013), tolerance=1.25)], Look.DUEL_END
    )
    tolerances = {"a.b": 1.25}
    started, running, ended = (
        shown(duel_table(Standing(pairs, 60, judgements, frozenset(undecided)), tolerances))
        for pairs, judgements, undecided in (
            (3, {}, tolerances),
            (20, {"a.b": judgement}, tolerances),
            (40, {"a.b": judgement}, ()),
        )
    )
    assert "3 of at most 60 pairs, 1 series undecided" in started
    assert "1.3" not in started
    assert "1.30" in running
    assert "degraded" not in running
    assert "1.30" in ended
    assert "degraded" in ended


def lying(level: float) -> list[Samples]:
    """Four blocks around that many seconds."""
    return [session([level * (1 + 0.001 * (i + number)) for i in range(BLOCK_PAIRS)]) for number in range(4)]


def shown(table: Table) -> str:
    """As text."""
    console = Console(width=120)
    with console.capture() as capture:
        console.print(table)
    return capture.get()
