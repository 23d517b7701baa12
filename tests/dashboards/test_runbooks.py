"""Runbooks: one for everything that can be told, each with its four parts."""

import re

import pytest

from dashboards.pages.frame import Frame
from dashboards.pages.runbooks import (
    OTHER,
    PARTS,
    render_runbook,
    render_runbook_list,
    runbook,
    runbook_names,
    runbook_of,
)
from dashboards.prometheus.alerting import alerting_rules
from tests.dashboards.html_checks import read_served
from thresholds import Rule, load_routing

FRAME = Frame(environment="test", path="/runbooks")
ROUTES = sorted(load_routing().alert_categories)
SHIPPED = [one.alert for one in alerting_rules("portalwatch")]


def html_of(name: str) -> str:
    """A runbook as HTML, without the page around it."""
    found = runbook(name)
    assert found is not None
    return str(found.html)


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("route", [*ROUTES, "a_category_of_the_user"])
def test_every_alert_has_a_runbook_with_all_its_parts(route: str, rule: Rule) -> None:
    """The path leads to a file, and its fragment to a heading below which all four parts have something to say."""
    path, _, fragment = runbook_of(route, rule).partition("#")
    name = path.removeprefix("/runbooks/")
    assert name == (route if route in ROUTES else OTHER)
    chapter = re.search(rf'<h2 id="{fragment}">(.*?)(?=<h2|\Z)', html_of(name), re.DOTALL)
    assert chapter, f"{name} has no chapter {fragment}"
    parts = re.findall(r"<h3>(.*?)</h3>\s*<(?:p|ul|ol)>", chapter[1])
    assert tuple(parts) == PARTS


@pytest.mark.parametrize("alert", SHIPPED)
def test_every_shipped_rule_of_prometheus_has_a_runbook(alert: str) -> None:
    """By its name, which is what its `runbook_url` ends with, with all four parts."""
    parts = re.findall(r"<h2 id=\"[\w-]+\">(.*?)</h2>\s*<(?:p|ul|ol)>", html_of(alert))
    assert tuple(parts) == PARTS


def test_a_name_leads_out_of_no_folder() -> None:
    """What stands in an address is looked up among the names, never opened."""
    assert runbook("../style") is None
    assert runbook("none") is None


@pytest.mark.parametrize("name", sorted(runbook_names()))
def test_every_runbook_begins_with_what_it_is_for(name: str) -> None:
    """A title and a first paragraph, which the list shows."""
    found = runbook(name)
    assert found is not None
    assert found.title
    assert found.summary.endswith(".")


def test_links_between_runbooks_lead_somewhere() -> None:
    """Each names a runbook and a chapter that it has."""
    for name in runbook_names():
        for target, fragment in re.findall(r'href="/runbooks/([^"#]+)(?:#([^"]*))?"', html_of(name)):
            found = runbook(target)
            assert found is not None, f"{name} links {target}"
            assert not fragment or fragment in {one.anchor for one in found.chapters}, f"{name} links {fragment}"


def test_the_pages_are_whole_and_alone() -> None:
    """The list and each page lead nowhere but to the service."""
    listed = read_served(render_runbook_list(FRAME))
    for name in runbook_names():
        found = runbook(name)
        assert found is not None
        assert found.title in listed.text
        assert found.title in read_served(render_runbook(found, FRAME)).text
