"""The portal as its callers see it, over a real socket."""

import os
import socket
import subprocess
import sys

import httpx
import numpy as np
import pytest

from monitor.demo.portal import ADVISERS, create_portal
from monitor.demo.portal.access import Bearer, bearer_of, issue_token
from monitor.demo.portal.returns import solve_rates
from tests.monitor.demo.deployed_portal import migrate_quietly, value
from tests.monitor.demo.served_portal import PASSWORD, SECRET, eventually, logged_in

PROTECTED = (
    "/",
    "/dashboard",
    "/portfolios",
    "/api/client_groups",
    "/api/client_groups/1/products",
    "/api/analytics/portfolio_summary",
    "/api/reports/irr_analysis",
    "/api/client_groups/1/information_items",
    "/api/client_groups/1/kyc_report",
)
AFTER_THE_MIGRATION = PROTECTED[-2:]


@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c", "Bearer", "é"])
def test_only_health_and_log_in_answer_without_a_valid_token(portal: httpx.Client, token: str | None) -> None:
    """Every endpoint but /health refuses a caller without a token, or with one that it did not sign."""
    header = b"" if token is None else f"Bearer {token}".encode()
    answers = {path: portal.get(path, headers={b"Authorization": header}).status_code for path in PROTECTED}

    assert answers == dict.fromkeys(PROTECTED, 401)
    assert portal.get("/health", headers={b"Authorization": header}).json() == {"status": "ok", "database": "ok"}


@pytest.mark.parametrize(("name", "password"), [(ADVISERS[0], "wrong"), ("nobody@portal.example", PASSWORD)])
def test_a_wrong_name_or_password_gets_no_token(portal: httpx.Client, name: str, password: str) -> None:
    """Neither an unknown adviser nor a wrong password logs in."""
    assert portal.post("/auth/login", json={"username": name, "password": password}).status_code == 401


def test_a_token_ends() -> None:
    """A token is worth its subject until it expires, and nothing under another secret."""
    token = issue_token(Bearer("me", "adviser"), SECRET, expires_at=1000)

    assert bearer_of(token, SECRET, now=999) == Bearer("me", "adviser")
    assert bearer_of(token, SECRET, now=1000) is None
    assert bearer_of(token, SECRET + "!", now=999) is None


def test_an_unmigrated_portal_has_no_information_items(portal: httpx.Client) -> None:
    """Before the migration the old endpoints answer and the new ones are not there."""
    expected = {path: 404 if path in AFTER_THE_MIGRATION else 200 for path in PROTECTED}

    assert {path: portal.get(path).status_code for path in PROTECTED} == expected
    assert portal.post("/api/client_groups/1/networth_statements").status_code == 404


def test_every_endpoint_answers_after_the_migration(portal: httpx.Client, portal_database: str) -> None:
    """A portal that keeps running through the migration has both the old endpoints and the new ones."""
    before = {path: portal.get(path).json() for path in PROTECTED if path not in {"/", *AFTER_THE_MIGRATION}}
    migrate_quietly(portal_database)

    assert {path: portal.get(path).status_code for path in PROTECTED} == dict.fromkeys(PROTECTED, 200)
    assert {path: portal.get(path).json() for path in before} == before
    statement = portal.post("/api/client_groups/1/networth_statements")
    assert (statement.status_code, statement.json()["total_assets"] > 0) == (201, True)
    assert portal.get("/api/client_groups/1/kyc_report").json()["information_items"] == 30


def test_an_information_item_lives_and_goes(portal: httpx.Client, portal_database: str) -> None:
    """What is added is listed, what is changed is listed so, what is removed is gone."""
    migrate_quietly(portal_database)
    items = "/api/client_groups/7/information_items"
    item = {"item_type": "protection", "priority": "high", "content": {"policy": "é"}}

    added = portal.post(items, json=item)
    assert added.status_code == 201
    changed = portal.put(items, json={**item, **added.json(), "content": {"policy": "lapsed"}})
    assert changed.json() == added.json()
    listed = portal.get(items).json()
    assert (listed["count"], listed["items"][0]["content"]) == (31, {"policy": "lapsed"})
    assert portal.delete(items, params={"item_id": added.json()["id"]}).status_code == 204
    assert portal.delete(items, params={"item_id": added.json()["id"]}).status_code == 404
    assert portal.get(items).json()["count"] == 30
    assert portal.post("/api/client_groups/9999/information_items", json=item).status_code == 404


def test_client_groups_come_in_pages_of_fifty(portal: httpx.Client) -> None:
    """The 130 client groups are on three pages, and each on one of them only."""
    pages = [portal.get("/api/client_groups", params={"page": number}).json() for number in (1, 2, 3)]

    assert [page["count"] for page in pages] == [50, 50, 30]
    assert len({group["id"] for page in pages for group in page["items"]}) == 130


def test_the_correlation_id_comes_back(portal: httpx.Client) -> None:
    """A caller's correlation id is echoed, also on a refusal; without one the portal makes one."""
    named = {"X-Correlation-ID": "fe_1700000000000_ab12"}

    assert portal.get("/health", headers=named).headers["X-Correlation-ID"] == "fe_1700000000000_ab12"
    assert portal.get("/no such page", headers=named).headers["X-Correlation-ID"] == "fe_1700000000000_ab12"
    assert portal.get("/health").headers["X-Correlation-ID"] != portal.get("/health").headers["X-Correlation-ID"]


def test_the_rate_of_return_is_the_one_at_which_flows_are_worth_nothing() -> None:
    """Known answers: 10 % a year, a doubling in two years, a loss; and the worth at the rate found is nothing."""
    flows = np.array([[-100.0, 0.0, 121.0], [-100.0, 0.0, 200.0], [-100.0, 0.0, 81.0], [-100.0, -50.0, 170.0]])
    years = np.array([0.0, 1.0, 2.0])

    rates = solve_rates(flows, years)

    assert rates[:3] == pytest.approx([0.1, 2**0.5 - 1, -0.1], abs=1e-8)
    assert (flows[3] / (1 + rates[3]) ** years).sum() == pytest.approx(0, abs=1e-6)


def test_the_rates_of_the_report_are_plausible(portal: httpx.Client) -> None:
    """Every client group has a rate, and portfolios that grow half a percent a month earn single digits a year."""
    report = portal.get("/api/reports/irr_analysis").json()

    assert report["count"] == 130
    assert all(0 < item["irr_percent"] < 15 for item in report["items"])


def test_a_portal_survives_its_database(portal: httpx.Client, portal_database: str, postgres_server: str) -> None:
    """With its database gone the portal answers 503 to everyone, and 200 again as soon as it is back."""
    name = value(portal_database, "SELECT current_database()")
    value(postgres_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    value(postgres_server, f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'")

    assert eventually(lambda: portal.get("/health").status_code == 503)
    assert portal.get("/dashboard").status_code == 503
    value(postgres_server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert eventually(lambda: {portal.get("/health").status_code for _ in range(20)} == {200})


def test_a_portal_needs_a_secret() -> None:
    """A portal that could not sign its tokens does not come into being."""
    with pytest.raises(ValueError, match="secret"):
        create_portal("postgresql://localhost/portal", secret="")


def test_the_portal_runs_by_itself_on_a_socket_it_is_given(portal_database: str) -> None:
    """The module serves on a passed-on socket, takes its secrets from the environment, and stops when told to."""
    environment = {**os.environ, "DATABASE_URL": portal_database, "JWT_SECRET": SECRET}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "monitor.demo.portal", "--fd", str(listener.fileno())],
            env=environment,
            pass_fds=[listener.fileno()],
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            with logged_in(url) as client:
                assert client.get("/dashboard").json()["adviser"] == ADVISERS[0]
        finally:
            process.terminate()
            process.wait(timeout=20)


def test_a_portal_without_its_environment_says_what_is_missing() -> None:
    """Started without DATABASE_URL and JWT_SECRET the module names both and ends with code 2."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "JWT_SECRET")}
    ended = subprocess.run(
        [sys.executable, "-m", "monitor.demo.portal"], env=environment, capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stderr) == (2, "the portal needs DATABASE_URL and JWT_SECRET in its environment\n")


def test_a_share_is_handed_over_once(portal: httpx.Client) -> None:
    """200 with the new owner; 404 where the giver has no share of it, 409 where the taker has one already."""

    def hand_over(product: int, giver: int, taker: int) -> int:
        body = {"from_owner": giver, "to_owner": taker}
        return portal.put(f"/api/products/{product}/owner", json=body).status_code

    assert hand_over(3, 1, 2) == 200
    assert hand_over(3, 1, 2) == 404
    assert hand_over(2, 1, 2) == 409
