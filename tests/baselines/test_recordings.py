"""The rules on real recordings: how often they cry wolf, what they find, what their intervals cover.

The goals are the customer's for recordings that nobody has tuned to. These here are few and have been looked at, so the
tests hold a margin: they catch a rule that was broken, they do not prove a goal.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from baselines.case import Case
from baselines.family import judge_family
from baselines.samples import Samples
from baselines.typical import judge_typical
from baselines.verdict import Verdict
from tests.baselines.sessions import Recorded, scaled

TOLERANCE = 1.25
COMPARISONS = 60


@cache
def recorded() -> Recorded:
    """The recordings, read once."""
    return Recorded.load()


def twenty_of(samples: Samples, rng: np.random.Generator) -> Samples:
    """Twenty calls in a row out of a session."""
    start = rng.integers(0, len(samples) - 20 + 1)
    return Samples(samples.values[start : start + 20], samples.timed_out[start : start + 20])


def pairs(sessions: dict[str, list[Samples]], near: bool) -> Iterator[list[Case]]:
    """Comparisons of the unchanged system with itself, five sessions a side, all series at the same moments.

    `near`: the sessions of a side lie within seven rounds, as in one capture; else they are drawn from everywhere.
    """
    rng = np.random.default_rng(7)
    rounds = min(map(len, sessions.values()))
    for _ in range(COMPARISONS):
        if near:
            start = rng.integers(0, rounds - 14 + 1)
            other = rng.integers(start + 7, rounds - 7 + 1)
            sides = [sorted(rng.choice(7, 5, replace=False) + first) for first in (start, other)]
        else:
            drawn = rng.choice(rounds, 10, replace=False)
            sides = [sorted(drawn[:5]), sorted(drawn[5:])]
        if rng.random() < 0.5:
            sides.reverse()
        yield [
            Case(
                metric=name,
                before=[pick(ones[i], rng) for i in sides[0]],
                after=[pick(ones[i], rng) for i in sides[1]],
                tolerance=TOLERANCE,
                history=[first_twenty(one) for one in ones],
            )
            for name, ones in sessions.items()
        ]


def pick(samples: Samples, rng: np.random.Generator) -> Samples:
    """Twenty calls of a long session, a short one whole."""
    return twenty_of(samples, rng) if len(samples) > 20 else samples


def first_twenty(samples: Samples) -> Samples:
    """The first calls of a session, as the history keeps them."""
    return Samples(samples.values[:20], samples.timed_out[:20])


def shares(families: Sequence[list[Case]], factor: float) -> dict[Verdict, float]:
    """How often each verdict is given where everything became that many times slower."""
    return judged([[slower(case, factor) for case in family] for family in families])


def judged(families: Sequence[list[Case]]) -> dict[Verdict, float]:
    """How often each verdict is given."""
    verdicts = Counter(judgement.deciding.verdict for family in families for judgement in judge_family(family))
    return {verdict: verdicts[verdict] / verdicts.total() for verdict in Verdict}


def slower(case: Case, factor: float) -> Case:
    """The case with every call after multiplied."""
    return replace(case, after=scaled(case.after, factor))


def with_slow_calls(case: Case, rng: np.random.Generator) -> Case:
    """The case with three in ten of the calls after three times slower."""
    after = [
        Samples(np.where(rng.random(len(one)) < 0.3, 3 * one.values, one.values), one.timed_out) for one in case.after
    ]
    return replace(case, after=after)


@cache
def families(kind: str) -> list[list[Case]]:
    """The comparisons of one kind of recording."""
    return list(pairs(recorded().burst, near=True) if kind == "burst" else pairs(recorded().spread, near=False))


@pytest.mark.parametrize(("kind", "at_most"), [("spread", 0.004), ("burst", 0.015)])
def test_an_unchanged_system_is_seldom_called_degraded(kind: str, at_most: float) -> None:
    """False alarms stay in the region of the goals, for calls spread over a minute and for bursts."""
    assert shares(families(kind), 1.0)[Verdict.DEGRADED] <= at_most


@pytest.mark.parametrize(("factor", "at_least"), [(1.35, 0.45), (1.5, 0.75), (2.0, 0.95)])
def test_spread_sessions_find_changes(factor: float, at_least: float) -> None:
    """Of changes by 35, 50 and 100 % in spread sessions the goal's share is found."""
    assert shares(families("spread"), factor)[Verdict.DEGRADED] >= at_least


def test_spread_sessions_know_what_is_unchanged() -> None:
    """Most unchanged series are called within, hardly one that became half as slow again, and a tenth is no alarm."""
    assert shares(families("spread"), 1.0)[Verdict.WITHIN] >= 0.75  # 0.79 here, 0.81 in 6,000 decisions
    assert shares(families("spread"), 1.5)[Verdict.WITHIN] <= 0.01
    assert shares(families("spread"), 1.1)[Verdict.DEGRADED] <= 0.02


def test_bursts_find_a_doubling() -> None:
    """A doubling shows even in five bursts a side."""
    assert shares(families("burst"), 2.0)[Verdict.DEGRADED] >= 0.85


@pytest.mark.parametrize(("kind", "found", "missed"), [("spread", 0.35, 0.08), ("burst", 0.70, 0.05)])
def test_a_change_of_some_calls_is_found(kind: str, found: float, missed: float) -> None:
    """Three calls in ten three times slower are found far more often than called within.

    The goals are 0.60 and 0.05. Bursts reach them; these spread sessions, a third of whose calls a load hits anyway, do
    not (docs/decisions/0014). Without the tail question hardly one is found, and of spread ones 0.86 called within.
    """
    rng = np.random.default_rng(7)
    verdicts = judged([[with_slow_calls(case, rng) for case in family] for family in families(kind)])
    assert verdicts[Verdict.DEGRADED] >= found
    assert verdicts[Verdict.WITHIN] <= missed


@pytest.mark.parametrize(("kind", "at_least"), [("spread", 0.93), ("burst", 0.90)])
def test_the_interval_covers_the_truth(kind: str, at_least: float) -> None:
    """On an unchanged system the ratio of 1 lies in the 95 % interval as often as that says."""
    answers = [one.answer for family in families(kind) for one in judge_typical(family)]
    covered = [
        one.ci_low <= 1.0 <= one.ci_high for one in answers if one.ci_low is not None and one.ci_high is not None
    ]
    assert sum(covered) / len(covered) >= at_least


def test_real_changes_are_found() -> None:
    """Of real changes by 45 % and more, each judged alone and without history, nine in ten are degraded."""
    rng = np.random.default_rng(7)
    verdicts = Counter[Verdict]()
    for (name, _), changed in recorded().changed.items():
        unchanged = recorded().burst[name]
        for _ in range(4):
            before = [first_twenty(unchanged[i]) for i in rng.choice(len(unchanged), 5, replace=False)]
            after = [changed[i] for i in rng.choice(len(changed), 5, replace=len(changed) < 5)]
            case = Case(metric=name, before=before, after=after, tolerance=TOLERANCE)
            verdicts[judge_family([case])[0].deciding.verdict] += 1
    assert verdicts[Verdict.DEGRADED] / verdicts.total() >= 0.90
    assert verdicts[Verdict.WITHIN] == verdicts[Verdict.IMPROVED] == 0
