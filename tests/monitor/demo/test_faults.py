"""Every fault, on and off again, on the running portal and its database."""

import asyncio
import json
import time
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from monitor.demo.faults import Fault, switch
from monitor.demo.portal import LARGE, install
from monitor.demo.portal.misbehaviour import SLOW_SECONDS, Misbehaviour
from monitor.demo.probes import probes
from tests.monitor.demo.deployed_portal import ask, migrate_quietly, rows, value
from tests.monitor.demo.served_portal import PASSWORD, eventually


def turn(dsn: str, fault: Fault, on: bool, size: float | None = None) -> None:
    asyncio.run(switch(dsn, fault, on, size))


@pytest.fixture
def large_database(empty_database: str) -> str:
    """A portal in the size of the demo, migrated in good health."""
    asyncio.run(install(empty_database, adviser_password=PASSWORD, volume=LARGE))
    migrate_quietly(empty_database)
    return empty_database


def plan_of(dsn: str, name: str) -> dict[str, Any]:
    """How a probe's query runs, with the buffers it touches, as its prepared statement with the first arguments."""
    probe = probes(migrated=False)[name]
    arguments = ", ".join(map(str, probe["arguments"][0]))

    async def explain(connection: asyncpg.Connection) -> Any:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE probe AS {probe['query']}")
        call = f"EXECUTE probe({arguments})" if arguments else "EXECUTE probe"
        return await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {call}")

    plan: dict[str, Any] = json.loads(ask(dsn, explain))[0]["Plan"]
    return plan


def pages(plan: dict[str, Any]) -> int:
    """The pages of eight kilobytes that a plan looked at."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def nodes(plan: dict[str, Any]) -> list[str]:
    """The kinds and relations of a plan's nodes, from the top down."""
    here = f"{plan['Node Type']} {plan.get('Relation Name', '')} {plan.get('Index Name', '')}".strip()
    return [here, *(node for child in plan.get("Plans", []) for node in nodes(child))]


BY_INDEX = "Index Scan portfolio_valuations portfolio_valuations_by_date"


@pytest.mark.parametrize("fault", [Fault.MISSING_INDEX, Fault.INVALID_INDEX, Fault.MISSING_ANALYZE])
def test_valuations_are_read_one_and_all(large_database: str, fault: Fault) -> None:
    """Without a valid index, or without statistics, five times the pages are read for one group; the other four
    queries run as before, and the end of the fault brings the old plan back."""
    names = [name for name, probe in probes(migrated=True).items() if probe["kind"] == "sql"]
    healthy = {name: plan_of(large_database, name) for name in names}
    turn(large_database, fault, True)
    turn(large_database, fault, True)
    faulty = {name: plan_of(large_database, name) for name in names}
    turn(large_database, fault, False)

    hurt = "portfolio_valuation_aggregation"
    assert BY_INDEX in nodes(healthy[hurt])
    assert "Seq Scan portfolio_valuations" in nodes(faulty[hurt])
    assert pages(faulty[hurt]) > 5 * pages(healthy[hurt])
    assert {name: nodes(faulty[name]) for name in names if name != hurt} == {
        name: nodes(healthy[name]) for name in names if name != hurt
    }
    assert BY_INDEX in nodes(plan_of(large_database, hurt))


def test_a_changed_setting_makes_the_planner_read_all(large_database: str) -> None:
    """Where jumps are held to be dear, all valuations are read for one group, until the setting is taken back."""
    hurt = "portfolio_valuation_aggregation"
    healthy = plan_of(large_database, hurt)
    turn(large_database, Fault.CHANGED_SETTING, True)
    faulty = plan_of(large_database, hurt)
    turn(large_database, Fault.CHANGED_SETTING, False)

    assert pages(faulty) > 5 * pages(healthy)
    assert nodes(plan_of(large_database, hurt)) == nodes(healthy)


def test_a_failed_build_leaves_an_invalid_index(portal_database: str) -> None:
    """It has the name of the one it was to replace, and goes with the fault, as does the valuation that stood in its
    way."""
    is_valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'portfolio_valuations_by_date'::regclass"
    count = "SELECT count(*) FROM portfolio_valuations"
    valuations = value(portal_database, count)
    migrate_quietly(portal_database, Fault.INVALID_INDEX)

    assert value(portal_database, is_valid) is False
    turn(portal_database, Fault.INVALID_INDEX, False)
    assert value(portal_database, is_valid) is True
    assert value(portal_database, count) == valuations


def test_a_changed_setting_reaches_the_portal_that_runs(portal: httpx.Client, portal_database: str) -> None:
    """Its connections are made anew, so the setting holds for all of them, and then no longer."""

    connections = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'portal'"
    for setting in ("100", "4"):
        old = set(rows(portal_database, connections))
        turn(portal_database, Fault.CHANGED_SETTING, setting == "100")
        assert value(portal_database, "SHOW random_page_cost") == setting
        assert eventually(lambda: answers(portal, "/dashboard"))
        assert old
        assert old.isdisjoint(rows(portal_database, connections))


def test_a_busy_host_has_neighbours_at_work(portal: httpx.Client, portal_database: str) -> None:
    """While it is on, there are more of them than processors; they end with the fault."""

    def neighbours() -> int:
        return sum(map(_is_neighbour, psutil.Process().children()))

    turn(portal_database, Fault.BUSY_HOST, True)
    assert eventually(lambda: neighbours() > (psutil.cpu_count() or 1))
    assert answers(portal, "/health")
    turn(portal_database, Fault.BUSY_HOST, False)
    assert eventually(lambda: neighbours() == 0)


def _is_neighbour(process: psutil.Process) -> bool:
    try:
        return "sum(range" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def test_the_index_is_used_before_the_migration_too(empty_database: str) -> None:
    """On the old schema the valuations of one group are read through the index."""
    asyncio.run(install(empty_database, adviser_password=PASSWORD, volume=LARGE))

    assert BY_INDEX in nodes(plan_of(empty_database, "portfolio_valuation_aggregation"))
    assert value(empty_database, "SELECT count(*) > 10000 FROM client_products") is True


def test_the_queries_answer_alike_on_both_schemas(portal_database: str) -> None:
    """The five database probes run unchanged before and after the migration, with the same rows for all arguments."""

    async def answers(connection: asyncpg.Connection) -> dict[str, list[list[tuple[object, ...]]]]:
        queries = {name: probe for name, probe in probes(migrated=False).items() if probe["kind"] == "sql"}
        return {
            name: [[rounded(row) for row in await connection.fetch(probe["query"], *a)] for a in probe["arguments"]]
            for name, probe in queries.items()
        }

    before = ask(portal_database, answers)
    migrate_quietly(portal_database)

    assert ask(portal_database, answers) == before
    assert len(before) == 5
    for name, probe in probes(migrated=False).items():
        if probe["kind"] == "sql":
            assert all(len(rows) >= probe["minimum_rows"] for rows in before[name]), name


def rounded(row: asyncpg.Record) -> tuple[object, ...]:
    """A row without the last digits of its floats, which depend on the order in which rows are added up."""
    return tuple(float(f"{one:.9g}") if isinstance(one, float) else one for one in row)


def test_a_grown_table_has_ten_times_its_rows_and_shrinks_again(portal_database: str) -> None:
    """The import that ran again makes 5,200 products of 520, once however often it is asked for, and goes again."""
    count = "SELECT count(*) FROM client_products"
    migrate_quietly(portal_database)
    for _ in range(2):
        turn(portal_database, Fault.GROWN_TABLE, True)
    grown = value(portal_database, count)
    turn(portal_database, Fault.GROWN_TABLE, False)

    assert (grown, value(portal_database, count)) == (5200, 520)


def test_a_slow_endpoint_waits_for_its_dependency(portal: httpx.Client, portal_database: str) -> None:
    """While it is on, no summary comes before the dependency's delay is over; afterwards one does."""

    def seconds() -> float:
        started = time.monotonic()
        assert portal.get("/api/analytics/portfolio_summary").status_code == 200
        return time.monotonic() - started

    turn(portal_database, Fault.SLOW_ENDPOINT, True)
    assert eventually(lambda: seconds() >= SLOW_SECONDS)
    assert min(seconds() for _ in range(5)) >= SLOW_SECONDS
    turn(portal_database, Fault.SLOW_ENDPOINT, True, size=3 * SLOW_SECONDS)
    assert eventually(lambda: seconds() >= 3 * SLOW_SECONDS)
    turn(portal_database, Fault.SLOW_ENDPOINT, False)
    assert eventually(lambda: seconds() < SLOW_SECONDS)


def test_a_failing_endpoint_fails_for_a_share_of_its_calls(portal: httpx.Client, portal_database: str) -> None:
    """While it is on, some of forty calls answer 500 and some 200; the other endpoints all answer 200."""

    def statuses(path: str) -> set[int]:
        return {portal.get(path).status_code for _ in range(40)}

    assert statuses("/api/client_groups/5/products") == {200}
    turn(portal_database, Fault.FAILING_ENDPOINT, True)
    assert eventually(lambda: statuses("/api/client_groups/5/products") == {200, 500})
    assert statuses("/api/client_groups") == {200}
    turn(portal_database, Fault.FAILING_ENDPOINT, True, size=1.0)
    assert eventually(lambda: statuses("/api/client_groups/5/products") == {500})
    turn(portal_database, Fault.FAILING_ENDPOINT, False)
    assert eventually(lambda: statuses("/api/client_groups/5/products") == {200})


def test_most_endpoints_fail_and_not_all(portal: httpx.Client, portal_database: str) -> None:
    """While it is on, five of the seven that are probed answer 500 each time; a caller without a token gets 401."""
    asked = {name: one["path"] for name, one in probes(migrated=False).items() if one["kind"] == "http"}

    def failing() -> set[str]:
        return {name for name, path in asked.items() if portal.get(path).status_code == 500}

    assert failing() == set()
    turn(portal_database, Fault.FAILING_ENDPOINTS, True)
    assert eventually(lambda: failing() == set(asked) - {"health", "dashboard"})
    assert httpx.get(portal.base_url.join("/portfolios")).status_code == 401
    turn(portal_database, Fault.FAILING_ENDPOINTS, False)
    assert eventually(lambda: failing() == set())


@pytest.mark.parametrize(
    ("fault", "size"),
    [
        (Fault.FAILING_ENDPOINT, 1.1),
        (Fault.FAILING_ENDPOINT, 0.0),
        (Fault.SLOW_ENDPOINT, -1.0),
        (Fault.SLOW_ENDPOINT, float("inf")),
        (Fault.HELD_LOCK, 1.0),
    ],
)
def test_a_fault_can_not_have_any_size(portal_database: str, fault: Fault, size: float) -> None:
    """Seconds and shares above nothing, and only where there is something to measure; nothing is switched on."""
    with pytest.raises(ValueError, match=f"{fault} can't have the size"):
        turn(portal_database, fault, True, size)
    assert value(portal_database, "SELECT count(*) FROM demo_faults") == 0


def answers(portal: httpx.Client, path: str) -> bool:
    """Whether a request is answered with 200 before its caller's patience of half a second is over."""
    try:
        return portal.get(path, timeout=0.5).status_code == 200
    except httpx.ReadTimeout:
        return False


@pytest.mark.parametrize(
    ("fault", "hanging", "unharmed"),
    [
        (Fault.HANGING_ENDPOINT, "/portfolios", "/api/client_groups"),
        (Fault.HELD_LOCK, "/api/client_groups", "/portfolios"),
        (Fault.EXHAUSTED_POOL, "/portfolios", "/openapi.json"),
    ],
)
def test_a_hanging_portal_gives_no_answer_until_the_fault_ends(
    portal: httpx.Client, portal_database: str, fault: Fault, hanging: str, unharmed: str
) -> None:
    """While it is on, what waits gets no answer and what does not wait gets one; afterwards all is answered again."""
    assert answers(portal, hanging)
    turn(portal_database, fault, True)
    assert eventually(lambda: not answers(portal, hanging))
    assert eventually(lambda: not answers(portal, hanging))
    assert eventually(lambda: portal.get(unharmed, timeout=5).status_code in (200, 404))
    turn(portal_database, fault, False)
    assert eventually(lambda: answers(portal, hanging))


def test_a_wrong_body_comes_with_status_200(portal: httpx.Client, portal_database: str) -> None:
    """While it is on, the client list is answered with 200 and nobody in it, which the probe's expectation catches."""
    expected = probes(migrated=False)["client_groups"]["expect"]["json"]

    def is_as_expected() -> bool:
        answer = portal.get("/api/client_groups")
        assert answer.status_code == 200
        return bool(answer.json()["count"] == expected["count"])

    assert is_as_expected()
    turn(portal_database, Fault.WRONG_BODY, True)
    assert eventually(lambda: not is_as_expected())
    turn(portal_database, Fault.WRONG_BODY, False)
    assert eventually(is_as_expected)


def test_the_probes_get_what_they_expect(portal: httpx.Client, portal_database: str) -> None:
    """Every request of the configuration is answered as expected, the four new ones with 404 before the migration."""

    def found(migrated: bool) -> dict[str, object]:
        answered: dict[str, object] = {}
        for name, probe in probes(migrated=migrated).items():
            if probe["kind"] == "http":
                answer = portal.request(probe["method"], probe["path"], json=probe.get("json"))
                assert answer.status_code == probe["expect"]["status"], name
                answered |= {f"{name} {key}": at(answer.json(), key) for key in probe["expect"]["json"]}
        return answered

    def expected(migrated: bool) -> dict[str, object]:
        requests = {name: probe for name, probe in probes(migrated=migrated).items() if probe["kind"] == "http"}
        return {
            f"{name} {key}": wanted for name, one in requests.items() for key, wanted in one["expect"]["json"].items()
        }

    assert found(migrated=False) == expected(migrated=False)
    new = {name: probe for name, probe in probes(migrated=True).items() if name not in probes(migrated=False)}
    assert {
        name: portal.request(one["method"], one["path"], json=one.get("json")).status_code for name, one in new.items()
    } == dict.fromkeys(new, 404)
    migrate_quietly(portal_database)
    assert found(migrated=True) == expected(migrated=True)


def at(document: Any, path: str) -> object:
    for step in path.split("."):
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def test_a_fault_of_the_deployment_is_there_when_a_portal_starts(portal_database: str) -> None:
    """A migration with a fault of the portal leaves it on, for the portal that runs and for the next one."""
    migrate_quietly(portal_database, Fault.SLOW_ENDPOINT)

    assert value(portal_database, "SELECT name FROM demo_faults") == "slow-endpoint"


def test_every_misbehaviour_is_a_fault() -> None:
    """What the portal can do wrong by itself can be switched, and everything else has its statements."""
    assert {fault.value for fault in Fault if not fault.is_of_database} == {one.value for one in Misbehaviour}
