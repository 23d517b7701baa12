"""`portalwatch baseline approve`: nobody vouches for a regression without saying why."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from baselines import Approval, Baseline
from baselines.postgres import PostgresBaselines
from tests.baselines.made import baseline
from tests.monitor.cli.commands import Answer, configuration, portalwatch
from tests.monitor.cli.stored import SERIES, in_store, made, save


@pytest.fixture
def approve(store: str, tmp_path: Path) -> Callable[..., Answer]:
    """Keeps the captures that are given, the first of which is active, and approves the one that is named."""
    path = configuration(tmp_path, store)

    def act(name: str, *options: object, captures: tuple[Baseline, ...] = ()) -> Answer:
        save(store, *captures)
        return portalwatch("baseline", "approve", name, *options, "--config", path)

    return act


@pytest.fixture
def listed(store: str, tmp_path: Path) -> Callable[[], dict[str, Any]]:
    """What the list says, by name."""

    def act() -> dict[str, Any]:
        found = portalwatch("baseline", "list", "--format", "json", "--config", configuration(tmp_path, store)).json()
        return {one["name"]: one for one in found}

    return act


def test_approving_makes_a_baseline_active(
    approve: Callable[..., Answer], listed: Callable[[], dict[str, Any]]
) -> None:
    """The first one was by itself; after the approval the second is, and the list says by whom and when."""
    begun = datetime.now(UTC)
    approved = approve("second", "--by", "ann", captures=(made("first", 40), made("second", 41)))
    assert (approved.code, approved.out, approved.err) == (0, "second is approved by ann and active.\n", "")
    found = listed()
    assert (found["first"]["active"], found["first"]["approval"]) == (False, None)
    assert found["second"]["active"]
    approval = found["second"]["approval"]
    assert (approval["by"], approval["expires_at"], approval["forced"]) == ("ann", None, None)
    assert begun <= datetime.fromisoformat(approval["at"]) <= datetime.now(UTC)


def test_a_regression_is_refused(approve: Callable[..., Answer], listed: Callable[[], dict[str, Any]]) -> None:
    """1 with the series and its ratio, and what was active stays so; with a reason it is approved, and that is kept."""
    refused = approve("slow", captures=(made("first", 40), made("slow", 80)))
    assert (refused.code, refused.out) == (1, "")
    assert f"worse than the active baseline 'first': {SERIES} takes 2.00 times as long (tolerance 1.25)" in refused.err
    assert "--force REASON" in refused.err
    assert [name for name, one in listed().items() if one["active"]] == ["first"]
    forced = approve("slow", "--force", "encryption is on now", "--by", "ann")
    assert forced.code == 0
    approval = listed()["slow"]["approval"]
    assert approval["forced"] == {
        "reason": "encryption is on now",
        "against": [f"{SERIES} takes 2.00 times as long (tolerance 1.25)"],
    }


def test_show_and_list_tell_why_it_was_forced(approve: Callable[..., Answer], store: str, tmp_path: Path) -> None:
    """To a person: the reason in the list, and beside it what it was forced against where one baseline is shown."""
    approve("slow", "--force", "encryption", "--by", "ann", captures=(made("first", 40), made("slow", 80)))
    path = configuration(tmp_path, store)
    assert "forced: encryption" in portalwatch("baseline", "list", "--config", path).out
    shown = portalwatch("baseline", "show", "slow", "--config", path).out
    assert "approved by ann on" in shown
    assert f"approved although {SERIES} takes 2.00 times as long" in shown
    assert "because: encryption" in shown


def test_a_missing_series_is_a_regression(approve: Callable[..., Answer]) -> None:
    """A capture of a part can't replace the whole unnoticed."""
    both = [{SERIES: [0.04] * 20, "database_queries.b": [0.04] * 20}] * 5
    refused = approve("part", captures=(baseline("whole", both), made("part", 40)))
    assert refused.code == 1
    assert "database_queries.b is missing" in refused.err


def test_what_is_undecided_is_said_and_no_refusal(approve: Callable[..., Answer]) -> None:
    """One session a side says nothing of a difference of 40 %."""
    approved = approve("thin", captures=(made("first", 40), made("thin", 55, sessions=1)))
    assert approved.code == 0
    assert f"Whether it is worse than 'first' is undecided for: {SERIES}" in approved.err


def test_there_may_be_nothing_to_compare_with(approve: Callable[..., Answer]) -> None:
    """Another system altogether, and the active one itself, are approved as they are, with a reason or without."""
    captures = (made("first", 40), made("other", 400, series="database_queries.b"))
    assert approve("first", captures=captures).code == 0
    assert approve("other", "--force", "nothing").code == 0


def test_an_approval_may_expire(
    approve: Callable[..., Answer], listed: Callable[[], dict[str, Any]], store: str, tmp_path: Path
) -> None:
    """So long after it was given; the list says so, and whether it did."""
    approved = approve("first", "--expires", "30d", captures=(made("first", 40), made("copy", 40)))
    approval = listed()["first"]["approval"]
    lifetime = datetime.fromisoformat(approval["expires_at"]) - datetime.fromisoformat(approval["at"])
    assert lifetime == timedelta(days=30)
    assert f"active until {approval['expires_at'][:10]}" in approved.out
    path = configuration(tmp_path, store)
    assert "expired" not in portalwatch("baseline", "list", "--config", path).out

    expire(store, "first")
    assert "active, expired" in portalwatch("baseline", "list", "--config", path).out
    assert "(expired)" in portalwatch("baseline", "show", "first", "--config", path).out
    compared = portalwatch("compare", "first", "copy", "--config", path)
    assert compared.code == 0
    assert "first expired at 2026-01-02 00:00 UTC" in compared.err
    assert approve("first").code == 0
    assert "expired" not in portalwatch("baseline", "list", "--config", path).out


def expire(store: str, name: str) -> None:
    """Let its approval have ended at the beginning of the year."""

    async def act(pool: asyncpg.Pool) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        await PostgresBaselines(pool).approve(name, Approval(by="ann", at=at, expires_at=at + timedelta(days=1)))

    in_store(store, act)


@pytest.mark.parametrize("given", ["soon", "30 days", "-1d", "0", "1e999d"])
def test_what_is_no_duration_is_wrong_usage(approve: Callable[..., Answer], given: str) -> None:
    """2, and what can be written instead."""
    answer = approve("first", f"--expires={given}")
    assert answer.code == 2
    assert "is no duration: write it as 30d" in answer.err
