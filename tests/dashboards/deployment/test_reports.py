"""A deployment in files: one HTML page, Markdown, and the document for scripts."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from html import unescape

import pytest

from dashboards import deployment_document, render_deployment_html, render_deployment_markdown
from monitor.deployment.postgres import PostgresDeployments
from tests.dashboards.html_checks import read
from tests.deployments.migration import (
    ADVICE,
    CLOSED,
    KEPT,
    NASTY,
    play_to_a_closed_gate,
    play_to_a_rollback,
    play_to_a_running_phase,
    play_to_the_end,
    play_to_the_recovery,
)
from tests.deployments.stories import story_from

Play = Callable[[PostgresDeployments, datetime], Awaitable[object]]
EVERY = (
    play_to_a_closed_gate,
    play_to_a_running_phase,
    play_to_a_rollback,
    play_to_the_recovery,
    play_to_the_end,
)


def plain(markdown: str) -> str:
    """As a reader of the rendered Markdown sees it."""
    return unescape(re.sub(r"\\(.)", r"\1", markdown))


@pytest.mark.parametrize("play", EVERY, ids=lambda one: one.__name__)
def test_a_report_is_one_file_and_tells_everything(play: Play, store: str) -> None:
    """Well-formed, alone, with each phase, gate, override, message and event; what people typed stays text."""
    story = story_from(store, play)
    page = read(render_deployment_html(story))
    assert page.tags.count("h1") == 1
    markdown = render_deployment_markdown(story)
    for told in (page.text, plain(markdown)):
        for phase in story.phases:
            assert phase.name in told
        for each in story.timeline:
            assert each.sentence.split(":")[0] in told
        assert "Zero data loss: every check of integrity held" in told
        assert all(" ".join(line.split()) in told for line in KEPT)
        assert "restored on the standby" in told
    assert NASTY in page.text
    assert "b" not in page.tags
    assert "<b>" not in markdown
    assert not re.search(r"\bNone\b|\bnan\b", page.text)


def test_the_closing_report_has_outcome_plan_and_actual(store: str) -> None:
    """How it ended and why, what took too long, the overrides with their reasons, the watch by day."""
    text = plain(render_deployment_markdown(story_from(store, play_to_the_end)))
    assert "It succeeded: live, and watched to the end." in text
    assert "Closing note: handed over to operations" in text
    assert "| phase_4: index optimisation | completed | 1 h to 3 h | 3 h 30 min, 30 min too long |" in text
    assert text.count("**Overridden**") == 2
    assert "the index comes back in phase_5" in text
    assert "hours: 3 within, 2 degraded" in text
    assert "it-management (by email-ops-team); it did not arrive at slack-alerts" in text
    assert ADVICE["reason"] in text


def test_a_recovery_is_told_with_the_time_it_took(store: str) -> None:
    """Against the limit of the rollback matrix."""
    text = render_deployment_markdown(story_from(store, play_to_the_recovery))
    assert "Recovered after 35 min, 20 min over its limit." in text
    assert "It was rolled back, and the recovery was validated." in text


@pytest.mark.parametrize("play", EVERY, ids=lambda one: one.__name__)
def test_the_document_is_a_contract(play: Play, store: str) -> None:
    """The same keys whatever has happened, in JSON that a script takes."""
    document = json.loads(json.dumps(deployment_document(story_from(store, play)), allow_nan=False))
    assert list(document) == [
        "name", "title", "environment", "stage", "outcome", "standing", "standing_reasons", "as_of", "opened_at",
        "opened_by", "day", "window_ends_at", "before", "profile", "running_phase", "next_phase", "gate", "phases",
        "advice", "rollback", "live_at", "watched_until", "finished_at", "gates", "integrity", "checklist", "health",
        "sign_offs", "watch", "messages", "events",
    ]  # fmt: skip
    assert [list(one) for one in document["phases"][:1]] == [[
        "name", "title", "status", "expected_seconds", "started_at", "ended_at", "elapsed_seconds", "overdue", "users",
        "by", "attempts", "ungated", "operations",
    ]]  # fmt: skip


def test_a_script_reads_the_gate_from_the_document(store: str) -> None:
    """State, reasons and conditions of the one that is due; null while a phase runs."""
    gate = deployment_document(story_from(store, play_to_a_closed_gate))["gate"]
    assert isinstance(gate, dict)
    assert (gate["gate"], gate["state"]) == ("after phase_4", "closed")
    assert gate["reasons"][0] == CLOSED[0]
    assert {one["state"] for one in gate["conditions"]} == {"open", "closed", "inconclusive"}
