"""`/errors` and one group, as a person meets them."""

from pathlib import Path

import httpx

from tests.monitor.tracking.made import RISING
from tests.pages.scenes import FEW, NOTHING
from tests.pages.shown import shown


def test_the_list_tells_the_hour_and_leads_on(store: str, tmp_path: Path) -> None:
    """How many, what to look at, the cluster with its id, the groups; from there to one group and its log lines."""
    with shown(FEW, store, tmp_path) as served, httpx.Client(base_url=served.url) as client:
        page = client.get("/errors").text.replace("<wbr>", "")
        assert "19 errors in the last hour, 1 in that hour a day before." in page
        assert "3 errors share the id fe_17_2: look at the first of them" in page
        assert f'href="/errors/{RISING}"' in page
        group = client.get(f"/errors/{RISING}").text
        assert "17 errors in 48 hours" in group
        assert "https://logs.example/?q=fe_17_2&amp;from=" in group
        shared = client.get("/errors?id=fe_17_2").text.replace("<wbr>", "")
        assert "3 errors of one correlation id." in shared
        assert "AsyncpgError" in shared
        of_class = client.get("/errors?class=authorization").text.replace("<wbr>", "")
        assert "PermissionError" in of_class
        assert "ValidationError" not in of_class


def test_addresses_of_nothing_are_told_so(store: str, tmp_path: Path) -> None:
    """An unknown group is not there, an id with markup in it is a mistake, and an empty list says so."""
    with shown(NOTHING, store, tmp_path) as served, httpx.Client(base_url=served.url) as client:
        assert "No error in the last hour" in client.get("/errors").text
        assert client.get("/errors/" + "0" * 16).status_code == 404
        assert client.get("/errors/x").status_code == 422
        assert client.get("/errors?id=<script>").status_code == 422


def test_they_are_the_operators(store: str, tmp_path: Path) -> None:
    """They tell how the portal is built."""
    with shown(FEW, store, tmp_path, operators_need_token=True) as served, httpx.Client(base_url=served.url) as client:
        assert client.get("/errors").status_code == 401
        assert client.get(f"/errors/{RISING}").status_code == 401
