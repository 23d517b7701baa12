"""`portalwatch drift`: how the watched series stand, who vouches for what they are held against, and a new one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from baselines.postgres_drift import PostgresDrift
from baselines.reference import ARMED_CALLS, FrozenReference
from baselines.watcher import Drift
from monitor.errors import ExitCode
from tests.monitor.cli.commands import Answer, configuration, portalwatch, sql_probes
from tests.monitor.cli.stored import SERIES, creeping, hold, in_store, keep, measure

OTHER = "database_queries.b"
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
AGAIN = ("renew", SERIES, "--reason", "v42")


@pytest.fixture
def path(store: str, tmp_path: Path) -> Path:
    """A configuration with two queries."""
    return configuration(tmp_path, store, **sql_probes(NOWHERE, a="SELECT 1", b="SELECT 2"))


@pytest.fixture
def drift(path: Path) -> Callable[..., Answer]:
    """Calls a command of the group."""
    return lambda *words: portalwatch("drift", *words, "--config", path)


@pytest.fixture
def listed(drift: Callable[..., Answer]) -> Callable[[], dict[str, Any]]:
    """What the list says of each series."""
    return lambda: {one["series"]: one for one in drift("list", "--format", "json").json()}


def references(store: str) -> dict[str, FrozenReference]:
    """What the two series are held against."""

    async def act(pool: asyncpg.Pool) -> dict[str, FrozenReference]:
        return await PostgresDrift(pool).references([SERIES, OTHER])

    return in_store(store, act)


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (Drift.QUIET, Drift.QUIET, ExitCode.WELL),
        (Drift.QUIET, Drift.SUSPECTED, ExitCode.INCONCLUSIVE),
        (Drift.DEGRADED, Drift.SUSPECTED, ExitCode.FINDING),
    ],
)
def test_the_exit_code_is_that_of_the_worst(
    store: str, path: Path, drift: Callable[..., Answer], one: Drift, other: Drift, code: ExitCode
) -> None:
    """1 as soon as one is degraded, 3 where one is only suspected, else 0."""
    hold(store, path, 40, one, ratio=1.6)
    hold(store, path, 10, other, ratio=1.6, series=OTHER)
    assert drift("list").code == code


def test_the_list_tells_how_each_series_stands(store: str, path: Path, drift: Callable[..., Answer]) -> None:
    """Its state, its ratio, since when, and against what; of one without a reference how far it is."""
    frozen = hold(store, path, 40, Drift.DEGRADED, ratio=1.6)
    measure(store, path, [0.01] * 100, OTHER)
    answer = drift("list")
    assert answer.err == ""
    watched, unarmed = (" ".join(line.split()) for line in answer.out.splitlines() if "database_queries" in line)
    assert watched.startswith(f"{SERIES} degraded 1.6 × 1.25 20")
    assert f"40 ms, {frozen.taken_from:%Y-%m-%d %H:%M} to {frozen.taken_until:%Y-%m-%d %H:%M} UTC, v1: the f" in watched
    assert watched.endswith("not approved")
    assert unarmed == (
        f"{OTHER} no reference yet 100 of 2,500 healthy calls, taken in about 20 hours while the service runs"
    )


def test_the_document_has_the_same(store: str, path: Path, listed: Callable[[], dict[str, Any]]) -> None:
    """In base units; a quiet series has no instant since which it would not be."""
    frozen = hold(store, path, 40, ratio=1.1)
    measure(store, path, [0.01] * 100, OTHER)
    told = listed()
    assert told[OTHER] == {
        "series": OTHER,
        "state": "no_reference",
        "calls": 100,
        "calls_needed": 2500,
        "seconds_left": 2400 * 30.0,
        "forecast": [],
    }
    watched = told[SERIES]
    assert (watched["state"], watched["since"], watched["ratio"]) == ("quiet", None, pytest.approx(1.1))
    assert (watched["level"], watched["limit"]) == (pytest.approx(0.04), pytest.approx(0.05))
    assert datetime.fromisoformat(watched["taken_until"]) == frozen.taken_until
    assert (watched["approved_by"], watched["release"]) == (None, "v1")


def test_calls_that_time_out_are_no_number(store: str, path: Path, drift: Callable[..., Answer]) -> None:
    """Infinitely slow is said in words, and stands in no document."""
    hold(store, path, 40, Drift.DEGRADED, ratio=float("inf"))
    assert "degraded timed out" in " ".join(drift("list").out.split())
    answer = drift("list", "--format", "json")
    assert (answer.json()[0]["ratio"], "Infinity" in answer.out) == (None, False)


def test_what_creeps_is_told(
    store: str, path: Path, drift: Callable[..., Answer], listed: Callable[[], dict[str, Any]]
) -> None:
    """No tolerance is broken yet, and it is said when it will be."""
    hold(store, path, 40)
    keep(store, path, creeping(SERIES, 0.04, 0.01, days=28))
    told = {one["limit"]: one["days"]["earliest"] for one in listed()[SERIES]["forecast"]}
    # log(1.25) / 0.01, and log(500 / 40) / 0.01.
    assert told == {"tolerance": pytest.approx(22, abs=2), "warning": pytest.approx(253, abs=2)}
    answer = drift("list")
    assert (answer.code, "the tolerance of 50 ms in 2" in answer.out) == (0, True)


def test_what_was_remembered_of_another_reference_is_forgotten(
    store: str, path: Path, listed: Callable[[], dict[str, Any]], drift: Callable[..., Answer]
) -> None:
    """A renewed series is quiet at once, though the service has not taken that up yet."""
    hold(store, path, 40, Drift.SUSPECTED, ratio=1.3)
    measure(store, path, [0.052] * ARMED_CALLS)
    assert drift(*AGAIN).code == 0
    assert (listed()[SERIES]["state"], listed()[SERIES]["ratio"]) == ("quiet", None)


def test_approving(store: str, path: Path, drift: Callable[..., Answer]) -> None:
    """Those that fit, by whom; one that has no reference is named."""
    hold(store, path, 40)
    begun = datetime.now(UTC)
    answer = drift("approve", "database_queries.*", "--by", "carol")
    assert (answer.code, answer.out) == (0, f"{SERIES}: its reference is approved by carol\n")
    assert answer.err == f"{OTHER}: no reference yet\n"
    approved = references(store)[SERIES]
    assert approved.approved_by == "carol"
    assert approved.approved_at is not None
    assert begun <= approved.approved_at <= datetime.now(UTC)
    assert "approved by carol on 20" in drift("list").out


def test_nothing_to_approve(drift: Callable[..., Answer]) -> None:
    """3: there is no reference at all yet."""
    answer = drift("approve")
    assert (answer.code, "nothing to approve" in answer.err) == (3, True)


def test_renewing(store: str, path: Path, drift: Callable[..., Answer]) -> None:
    """The last calls are what the series is held against, approved by who wanted it, with the reason."""
    hold(store, path, 40)
    measure(store, path, [0.04] * 50 + [0.06] * ARMED_CALLS)
    answer = drift(*AGAIN, "--by", "carol")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"{SERIES}: held against 20")
    renewed = references(store)[SERIES]
    assert renewed.reference.level == pytest.approx(0.06)
    assert (renewed.approved_by, renewed.reason, renewed.release) == ("carol", "v42", "v1")


def test_a_degraded_series_is_not_renewed(store: str, path: Path, drift: Callable[..., Answer]) -> None:
    """1, and nothing of what was asked for is done; forced it is, and the record says in spite of what."""
    before = {SERIES: hold(store, path, 40, Drift.DEGRADED, ratio=1.6), OTHER: hold(store, path, 10, series=OTHER)}
    for name, value in ((SERIES, 0.064), (OTHER, 0.01)):
        measure(store, path, [value] * ARMED_CALLS, name)
    refused = drift("renew", "*", "--reason", "v42")
    assert (refused.code, refused.out) == (1, "")
    assert f"{SERIES} is degraded: 1.6 × (tolerance 1.25)" in refused.err
    held = references(store)
    assert {name: one.taken_until for name, one in held.items()} == {
        name: one.taken_until for name, one in before.items()
    }
    assert drift("renew", "*", "--force", "the audit log").code == 0
    reasons = {name: one.reason for name, one in references(store).items()}
    assert reasons == {
        SERIES: "the audit log (although degraded: 1.6 × the one before)",
        OTHER: "the audit log",
    }


def test_too_few_calls_are_told(store: str, path: Path, drift: Callable[..., Answer]) -> None:
    """3: what has enough is renewed, what has not is named."""
    measure(store, path, [0.04] * ARMED_CALLS)
    measure(store, path, [0.01] * 100, OTHER)
    answer = drift("renew", "*", "--reason", "first")
    assert (answer.code, SERIES in answer.out) == (3, True)
    assert f"{OTHER} is not renewed: there are 100 of the 2,500 healthy calls that are needed" in answer.err


def test_nothing_new_is_no_renewal(store: str, path: Path, drift: Callable[..., Answer]) -> None:
    """3: without a call since, the reference and its reason stay what they are."""
    measure(store, path, [0.04] * ARMED_CALLS, end=datetime.now(UTC) - timedelta(minutes=5))
    assert drift(*AGAIN).code == 0
    again = drift("renew", SERIES, "--reason", "v43")
    assert (again.code, "nothing was measured since" in again.err) == (3, True)
    assert references(store)[SERIES].reason == "v42"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("renew", SERIES), "say why"),
        (("renew", SERIES, "--reason", "x", "--force", "y"), "say why"),
        (("renew", "nothing.*", "--reason", "x"), f"no watched series fits 'nothing.*'; there are: {SERIES}, {OTHER}"),
        (("approve", "nothing"), "no watched series fits 'nothing'"),
    ],
)
def test_wrong_usage(drift: Callable[..., Answer], words: tuple[str, ...], said: str) -> None:
    """2, and what to write instead."""
    answer = drift(*words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_without_anything_to_watch(store: str, tmp_path: Path) -> None:
    """0: it is said, and the document is empty."""
    path = configuration(tmp_path, store)
    answer = portalwatch("drift", "list", "--config", path)
    assert (answer.code, answer.out, "nothing is watched" in answer.err) == (0, "", True)
    assert portalwatch("drift", "list", "--format", "json", "--config", path).json() == []
