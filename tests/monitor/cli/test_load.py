"""`portalwatch load` against the demo portal: what it says of a portal that is well, and of one that is not."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.demo.faults import Fault, switch
from tests.baselines.made import baseline
from tests.monitor.cli.commands import NOWHERE, PASSWORD, PATIENCE_SECONDS, configuration, portalwatch
from tests.monitor.cli.stored import save
from tests.monitor.demo.conftest import portal_database
from tests.monitor.demo.served_portal import eventually, served
from tests.monitor.load.portal import begun, load, loading, step

__all__ = ["portal_database"]

HURRIED = {"think": "100 ms", "ramp": "0 s"}
PORTFOLIOS = {"kind": "http", "target": "portal", "category": "api_endpoints", "path": "/portfolios"}


def scenarios(**given: Mapping[str, object]) -> dict[str, object]:
    """The section of a configuration with these scenarios."""
    return {"load": {"scenarios": given}}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A configuration whose portal is on another machine, which is never to be asked anything."""
    return loading(tmp_path, "http://portal.invalid", password=PASSWORD)


def dashboards(url: str) -> int:
    """How many dashboards the portal has answered, as it counts them itself."""
    found = re.search(r'^http_requests_total\{[^}]*"/dashboard"[^}]*\} (\d+)', httpx.get(f"{url}/metrics").text, re.M)
    return int(found[1]) if found else 0


def test_four_users_of_a_portal_that_is_well(portal_database: str, tmp_path: Path) -> None:
    """0; each logged in, every step has its distribution, throughput and limit, and the file has the same."""
    with served(portal_database) as url:
        path = loading(tmp_path, url, scenarios(full_capacity=HURRIED))
        answer = load(path, "--users", 4, "--duration", "5s", "--output", tmp_path / "load.json")
    document = answer.json()
    assert (answer.code, document["verdict"]) == (0, "well"), answer
    assert (document["scenario"], document["users"], document["interrupted"]) == ("full_capacity", 4, False)
    assert document["degradation"] is None
    assert json.loads((tmp_path / "load.json").read_text(encoding="utf-8")) == document
    (stage,) = document["stages"]
    assert [one["step"] for one in stage["steps"]] == ["log_in", "dashboard", "portfolios"]
    assert step(document, "log_in")["n"] == 4
    for name in ("dashboard", "portfolios"):
        one = step(document, name)
        assert one["n"] > 10
        assert one["failed"] == one["timed_out"] == one["cut_off"] == 0
        assert 0 < one["median"] <= one["p95"] <= one["p99"] <= one["max"]
        low, high = one["p95_interval"]
        assert low <= one["p95"] <= high
        assert one["per_second"] == pytest.approx(one["n"] / 5, rel=0.25)
        assert one["p95_since_due"] >= one["p95"]
        assert (one["series"], one["baseline"], one["verdict"], one["at_least"]) == (None, None, "well", [])
    assert PASSWORD not in answer.out + answer.err


def test_steps_are_held_against_the_baseline(store: str, portal_database: str, tmp_path: Path) -> None:
    """The active baseline's series of the same request, by an interval; a hundred times as slow is a finding."""
    slow = {**PORTFOLIOS, "path": "/api/analytics/portfolio_summary"}
    series = ("api_endpoints.portfolios", "api_endpoints.summary")
    save(store, baseline("pre", [dict.fromkeys(series, [0.0015] * 20) for _ in range(5)]))
    asyncio.run(switch(portal_database, Fault.SLOW_ENDPOINT, True))
    pages = [{"name": "list", "path": PORTFOLIOS["path"]}, {"name": "totals", "path": slow["path"]}]
    with served(portal_database) as url:
        probes = {"portfolios": PORTFOLIOS, "summary": slow}
        sections = scenarios(pages={**HURRIED, "users": 2, "steps": pages})
        path = loading(tmp_path, url, {**sections, "probes": probes}, store=store)
        answer = load(path, "--scenario", "pages", "--duration", "4s")
        unknown = load(path, "--scenario", "pages", "--duration", "4s", "--baseline", "never")
    document = answer.json()
    assert (answer.code, document["baseline"], answer.err) == (1, "pre", "")
    listed, totals = step(document, "list"), step(document, "totals")
    assert (listed["series"], totals["series"]) == series
    assert listed["baseline"]["ci_low"] < listed["baseline"]["ratio"] < listed["baseline"]["ci_high"]
    assert totals["baseline"]["ratio"] > 50
    assert totals["verdict"] == "broken"
    assert "times as slow as in the baseline, surely more than 1.25" in totals["reasons"][-1]["reason"]
    assert (unknown.code, unknown.out) == (2, "")
    assert "never" in unknown.err


def test_a_healthy_portal_degrades_gracefully(portal_database: str, tmp_path: Path) -> None:
    """Its pool queues: twice the users get their answers, and afterwards it is as it was. Log-ins are there anew."""
    with served(portal_database) as url:
        path = loading(tmp_path, url, scenarios(stress=HURRIED))
        answer = load(path, "--scenario", "stress", "--duration", "9s")
    document = answer.json()
    assert [(one["name"], one["users"]) for one in document["stages"]] == [("before", 4), ("stress", 8), ("after", 4)]
    assert all(one["failed"] == 0 < one["calls"] for one in document["stages"]), document["reasons"]
    # A machine that is busy with other things may leave it open; it never is held against the portal.
    assert document["degradation"] in ("graceful", "inconclusive"), document["reasons"]
    assert answer.code == (0 if document["degradation"] == "graceful" else 3)
    assert step(document, "log_in", stage=1)["n"] == 8


@pytest.mark.parametrize("fault", [Fault.HANGING_ENDPOINT, Fault.EXHAUSTED_POOL])
def test_a_portal_that_hangs_degrades_ungracefully(portal_database: str, tmp_path: Path, fault: Fault) -> None:
    """1; each call that hung is counted, and stands in the figures as at least as long as was waited."""
    with served(portal_database) as url:
        path = loading(tmp_path, url, scenarios(stress={**HURRIED, "timeout": "1 s"}))
        asyncio.run(switch(portal_database, fault, True))
        time.sleep(1)  # until the portal has taken it up
        answer = load(path, "--scenario", "stress", "--duration", "9s")
        asyncio.run(switch(portal_database, fault, False))
    document = answer.json()
    assert (answer.code, document["degradation"]) == (1, "degraded ungracefully")
    hung = step(document, "portfolios" if fault is Fault.HANGING_ENDPOINT else "log_in", stage=1)
    # Calls that hang are waited for at the end of a stage, so there are few of them.
    assert hung["timed_out"] == hung["n"] >= 8
    assert hung["at_least"] == ["median", "p95", "p99", "max"]
    assert hung["median"] >= 1000
    assert any("calls hung" in one["reason"] for one in document["reasons"])
    assert "no answer within 1 s" in hung["failures"]


def test_calls_that_fail_are_a_finding(portal_database: str, tmp_path: Path) -> None:
    """Three in ten: 1, counted, with what was expected of them; the table says the same to people."""
    asyncio.run(switch(portal_database, Fault.FAILING_ENDPOINT, True))
    steps = [{"name": "products", "path": "/api/client_groups/5/products"}]
    with served(portal_database) as url:
        path = loading(tmp_path, url, scenarios(products={**HURRIED, "users": 4, "steps": steps}))
        answer = load(path, "--scenario", "products", "--duration", "4s")
        shown = portalwatch("load", "--scenario", "products", "--duration", "2s", "--config", path)
    products = step(answer.json(), "products")
    assert (answer.code, products["verdict"]) == (1, "broken")
    assert 0.1 < products["failed"] / products["n"] < 0.5
    assert products["failures"] == ["expected status 2xx, found 500"]
    assert shown.code in (1, 3)
    for word in ("products", "95 % interval", "failure: expected status 2xx, found 500", "started at most"):
        assert word in shown.out


def test_ctrl_c_reports_what_there_is(portal_database: str, tmp_path: Path) -> None:
    """The calls up to then, and that it was interrupted: inconclusive where nothing speaks against the portal."""
    with served(portal_database) as url:
        path = loading(tmp_path, url, scenarios(full_capacity=HURRIED))
        process = begun(path, "--users", 4, "--duration", "10min")
        assert eventually(lambda: dashboards(url) >= 9)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    document: dict[str, Any] = json.loads(out)
    assert (process.returncode, document["verdict"], document["interrupted"]) == (3, "inconclusive", True), err
    assert step(document, "dashboard")["n"] > 0
    assert document["stages"][0]["seconds"] < 10
    assert "of 600 s" in document["reasons"][-1]["reason"]
    assert "Traceback" not in err


def test_a_portal_that_is_not_there(tmp_path: Path) -> None:
    """4 before any load, with the target, where it is and why."""
    answer = portalwatch("load", "--users", 4, "--duration", "60s", "--config", loading(tmp_path, "http://127.0.0.1:1"))
    assert (answer.code, answer.out) == (4, "")
    assert "target portal (http://127.0.0.1:1) can't be loaded" in answer.err
    assert "127.0.0.1:1 can't be reached: nobody listens" in answer.err


def test_who_is_not_let_in_loads_nothing(portal_database: str, tmp_path: Path) -> None:
    """A wrong password: 4, and where to look; the password is never shown."""
    with served(portal_database) as url:
        answer = portalwatch("load", "--config", loading(tmp_path, url, password="wrong-word"))
    assert (answer.code, answer.out) == (4, "")
    assert "the log-in at /auth/login answered 401" in answer.err
    assert "targets.portal" in answer.err
    assert "wrong-word" not in answer.err


def test_another_machine_is_never_loaded_by_accident(elsewhere: Path) -> None:
    """2, with the host, how many and how long; with --yes it goes there (and finds nobody)."""
    answer = portalwatch("load", "--users", 4, "--duration", "60s", "--config", elsewhere)
    assert (answer.code, answer.out) == (2, "")
    assert "this would load portal.invalid (target portal) with 4 users for 60 s; say --yes" in answer.err
    meant = portalwatch("load", "--users", 1, "--yes", "--config", elsewhere)
    assert meant.code == 4
    assert "the host name portal.invalid can't be resolved" in meant.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--users", 17], "17 users are more than the 16 that one process generates honestly"),
        (
            ["--users", 500],
            "distributed over several machines (`locust --headless --users 500 --master`",
        ),
        (["--scenario", "nonsense"], "there is no scenario 'nonsense'; there are: single_user, half_capacity"),
        (["--scenario", "stress", "--users", 4], "a stress test goes beyond the capacity of 4 users, and 4 do not"),
        (["--target", "nobody"], "there is no web server 'nobody' among the targets; web servers: portal"),
        (["--duration", "soon"], "'soon' is no duration"),
        (["--users", 0], "0 is not in the range"),
        (["--output", "/nowhere/load.json"], "/nowhere/load.json can't be written"),
    ],
)
def test_wrong_usage(tmp_path: Path, arguments: list[object], message: str) -> None:
    """2, with what can be done, before anybody is asked anything."""
    answer = portalwatch("load", *arguments, "--config", loading(tmp_path, "http://127.0.0.1:1"))
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ({}, "no target has a log-in"),
        (
            {"a": True, "b": True},
            "several targets have a log-in: name one with --target or load.target; web servers",
        ),
    ],
)
def test_whom_to_load_must_be_clear(tmp_path: Path, targets: dict[str, bool], message: str) -> None:
    """2, with the targets there are."""
    login = {"path": "/auth/login", "username": "u", "password": "p"}
    given = {name: {"kind": "http", "url": "http://127.0.0.1:1", "login": login} for name in targets}
    answer = portalwatch("load", "--config", configuration(tmp_path, NOWHERE, targets=given))
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err


def test_mistakes_in_the_configuration_name_their_place(tmp_path: Path) -> None:
    """File, line and key, as everywhere; steps are checked as those of a journey are."""
    path = tmp_path / "portalwatch.yml"
    path.write_text(
        """\
targets:
  portal: {kind: http, url: "http://127.0.0.1:1"}
load:
  target: portl
  scenarios:
    pages:
      users: 0
      thinks: 3 s
      target: nobody
      steps:
        - {name: group, path: "/groups/{id}"}
""",
        encoding="utf-8",
    )
    answer = portalwatch("config", "check", "--offline", "--config", path)
    assert answer.code == 2
    for line in (
        f"{path}:7: load.scenarios.pages.users: Input should be greater than or equal to 1",
        f"{path}:8: load.scenarios.pages.thinks: there is no such key",
        f"{path}:11: load.scenarios.pages.steps.0: no earlier step saves {{id}}; saved by then: none",
    ):
        assert line in answer.err
    path.write_text(
        """\
targets:
  portal: {kind: http, url: "http://127.0.0.1:1"}
load:
  target: portl
  scenarios:
    pages: {target: nobody}
""",
        encoding="utf-8",
    )
    told = "there is no web server of that name among the targets; there are: portal"
    answer = portalwatch("config", "check", "--offline", "--config", path)
    assert f"{path}:4: load.target: {told}" in answer.err
    assert f"{path}:6: load.scenarios.pages.target: {told}" in answer.err
