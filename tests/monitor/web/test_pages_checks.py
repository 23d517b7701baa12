"""`/checks` and `/api/v1/checks`: the same runs for a person and for a script."""

from pathlib import Path

import httpx

from tests.pages.scenes import FEW, NOTHING
from tests.pages.shown import shown
from thresholds import CheckKind


def test_both_have_the_latest_run_of_each(store: str, tmp_path: Path) -> None:
    """Four checks, the failing one first in words, with a chart of the week for each component."""
    with shown(FEW, store, tmp_path) as served, httpx.Client(base_url=served.url) as client:
        documents = client.get("/api/v1/checks").json()
        assert [one["check"] for one in documents] == [*CheckKind]
        assert documents[0]["status"] == "FAIL"
        page = client.get("/checks").text
        assert "1 fails and 1 warns, of 4 checks." in page
        assert page.count('class="runs" viewBox="0 0 1000') == 5 + 2 + 4 + 3
        assert "last seven days, security: " in page


def test_without_a_run_the_page_says_how_to_make_one(store: str, tmp_path: Path) -> None:
    """And the interface has an empty list."""
    with shown(NOTHING, store, tmp_path) as served, httpx.Client(base_url=served.url) as client:
        assert client.get("/api/v1/checks").json() == []
        assert "portalwatch check constraint_validation --keep" in client.get("/checks").text


def test_they_are_the_operators(store: str, tmp_path: Path) -> None:
    """They tell hosts, tables and releases."""
    with (
        shown(NOTHING, store, tmp_path, operators_need_token=True) as served,
        httpx.Client(base_url=served.url) as client,
    ):
        assert client.get("/checks").status_code == 401
        assert client.get("/api/v1/checks").status_code == 401
        assert client.get("/api/v1/checks", headers={"Authorization": f"Bearer {served.token}"}).status_code == 200
