"""The watch after going live: each hour once, against the same hour of the week before, else the named baseline."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from baselines import Verdict
from monitor.deployment.event import EventKind, NewEvent
from tests.clocks import START
from tests.monitor.cli.commands import sql_probes
from tests.monitor.cli.stored import SERIES, calls, made
from tests.monitor.deployment.accompanied import Accompanied, accompany
from tests.monitor.deployment.driven import PLAN, Driven
from thresholds.deployment.plan import DeploymentPlan

PROBES = sql_probes("postgresql://nowhere/x", a="SELECT 1")
PORTAL = DeploymentPlan.model_validate({**PLAN.model_dump(mode="json"), "gate": ["comparison"]})
HOUR = timedelta(hours=1)
WEEK = timedelta(weeks=1)
# An hour of calls 30 s apart, none like the one before.
NOISE = [0.97, 1.0, 1.01, 1.03, 0.99, 1.0]


def around(milliseconds: float, number: int = 120) -> list[float]:
    return [milliseconds / 1000 * NOISE[turn % len(NOISE)] * (1 + turn // 20 % 3 / 50) for turn in range(number)]


async def measure(house: Accompanied, milliseconds: float, *, end: datetime, number: int = 120) -> None:
    """Up to then, so many calls of about so long."""
    await house.measurements.append(calls(around(milliseconds, number), end=end - timedelta(seconds=1)))


async def looked(house: Accompanied) -> dict[str, Any]:
    """Opened, live at once, an hour passes: the first hour of the watch."""
    await house.open(PORTAL)
    deployment = await house.do(lambda *_: [NewEvent(kind=EventKind.WENT_LIVE, by="ann")])
    house.clock.advance(3600)
    watching = house.watching(house.pool)
    assert watching.hour_due(deployment) == 1
    event = await watching.look(deployment, 1)
    assert (event.kind, event.source) == (EventKind.WATCHED, "watch:1")
    deployment = await house.do(lambda *_: [event])
    assert watching.hour_due(deployment) is None
    return dict(deployment.watched[-1])


def watch(store: str, directory: Path, prepare: Callable[[Accompanied], Any]) -> dict[str, Any]:
    """The first hour after what was prepared."""
    kept: dict[str, Any] = {}

    async def act(house: Accompanied) -> None:
        await prepare(house)
        kept.update(await looked(house))

    accompany(store, directory, act, **PROBES)
    return kept


@pytest.mark.parametrize(("now", "verdict"), [(10, Verdict.WITHIN), (30, Verdict.DEGRADED)])
def test_an_hour_is_held_against_the_same_hour_of_the_week_before(
    store: str, tmp_path: Path, now: float, verdict: Verdict
) -> None:
    """What was measured then, and not the baseline, which is five times as slow here."""

    async def prepare(house: Accompanied) -> None:
        await house.baselines.save(made("pre-v42", 50))
        for weeks in (1, 2):
            await measure(house, 10, end=START + HOUR - weeks * WEEK)
        await measure(house, now, end=START + HOUR)

    hour = watch(store, tmp_path, prepare)
    assert (hour["hour"], hour["against"]) == (1, "the same hour of the week before")
    assert hour["verdict"] == verdict
    assert hour["degraded"] == ([SERIES] if verdict is Verdict.DEGRADED else [])
    assert datetime.fromisoformat(hour["at"]) == START + HOUR


def test_a_busy_hour_is_like_itself_and_not_like_the_night(store: str, tmp_path: Path) -> None:
    """30 ms at nine on a Monday is what it was, though all other hours took 10 ms."""

    async def prepare(house: Accompanied) -> None:
        await house.baselines.save(made("pre-v42", 10))
        for weeks in (1, 2):
            await measure(house, 30, end=START + HOUR - weeks * WEEK)
        for days in range(1, 7):
            await measure(house, 10, end=START + HOUR - timedelta(days=days))
        await measure(house, 30, end=START + HOUR)

    assert watch(store, tmp_path, prepare)["verdict"] == Verdict.WITHIN


def test_where_too_little_was_measured_before_the_baseline_speaks(store: str, tmp_path: Path) -> None:
    """By its name."""

    async def prepare(house: Accompanied) -> None:
        await house.baselines.save(made("pre-v42", 10))
        await measure(house, 10, end=START + HOUR - WEEK, number=40)
        await measure(house, 30, end=START + HOUR)

    hour = watch(store, tmp_path, prepare)
    assert (hour["against"], hour["verdict"]) == ("pre-v42", Verdict.DEGRADED)


def test_an_hour_in_which_too_little_was_measured_says_nothing(store: str, tmp_path: Path) -> None:
    """Inconclusive, and never well."""

    async def prepare(house: Accompanied) -> None:
        await house.baselines.save(made("pre-v42", 10))
        await measure(house, 10, end=START + HOUR, number=15)

    hour = watch(store, tmp_path, prepare)
    assert (hour["verdict"], hour["reason"]) == (Verdict.INCONCLUSIVE, "too little was measured in this hour")


def test_a_baseline_that_somebody_deleted_leaves_the_hour_undecided(store: str, tmp_path: Path) -> None:
    """It says so, and the watch goes on: nothing is raised, and the hour is not looked at again."""

    async def prepare(house: Accompanied) -> None:
        await measure(house, 10, end=START + HOUR)

    hour = watch(store, tmp_path, prepare)
    assert hour["verdict"] == Verdict.INCONCLUSIVE
    assert hour["reason"].startswith("there is no baseline 'pre-v42'")


@pytest.mark.parametrize(
    ("minutes", "compared", "due"),
    [
        (0, (), None),
        (59.9, (), None),
        (60, (), 1),
        (61, (1,), None),
        (120, (1,), 2),
        (330, (1,), 5),
        (330, (1, 5), None),
        (7 * 24 * 60 - 1, (166,), 167),
        (7 * 24 * 60, (167,), 168),
        (9 * 24 * 60, (168,), None),
        (9 * 24 * 60, (), 168),
    ],
)
def test_which_hour_is_due(
    store: str, tmp_path: Path, minutes: float, compared: tuple[int, ...], due: int | None
) -> None:
    """Counted from going live, each once; what nobody looked at is not made up for, and there are 168."""
    driven = Driven()
    driven.wait(hours=5)

    async def act(house: Accompanied) -> None:
        watching = house.watching(house.pool)
        house.clock.advance(3 * 86400)
        assert watching.hour_due(driven.deployment) is None
        driven.wait(days=3)
        driven.keep([NewEvent(kind=EventKind.WENT_LIVE, by="ann")])
        driven.keep([NewEvent(kind=EventKind.WATCHED, by="x", detail={"hour": one}) for one in compared])
        house.clock.advance(5 * 3600 + minutes * 60)
        assert watching.hour_due(driven.deployment) == due

    accompany(store, tmp_path, act)
