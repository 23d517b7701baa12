"""The JSON report: a contract for scripts."""

import json
import math
from dataclasses import replace

import pytest

from baselines import verdict
from baselines.host_load import HostLoads, LoadRange
from baselines.series import Unit
from baselines.verdict import Verdict
from dashboards.reports import document, render_json
from tests.dashboards.examples import SLOW, assessed, compared, dropped_index, finding, summary
from thresholds.finding import Level, Rule

SIDE = ["n", "failed", "mean", "median", "p95", "p95_interval", "p99", "min", "max"]


def test_the_keys_are_exactly_those_scripts_rely_on() -> None:
    """No key is missing, none is new, and they stand in the order in which the contract lists them."""
    told = json.loads(render_json(dropped_index()))
    assert list(told) == ["before", "after", "profile", "overall", "series", "workload", "changes"]
    assert list(told["overall"]) == ["verdict", "advice", "common_mode", "load"]
    assert list(told["overall"]["advice"]) == [
        "action", "rollback_tier", "probability", "reason", "decided_by", "time_limit_minutes", "evidence",
    ]  # fmt: skip
    assert list(told["overall"]["advice"]["probability"]) == ["over_25", "over_40"]
    slow = next(one for one in told["series"] if one["series"] == SLOW)
    assert list(slow) == [
        "series", "unit", "before", "after", "ratio", "ci_low", "ci_high", "tolerance", "verdict", "questions",
        "calls_per_hour", "impact_seconds_per_hour", "findings", "explanations",
    ]  # fmt: skip
    assert list(slow["before"]) == SIDE
    assert list(slow["after"]) == SIDE
    assert [list(one) for one in slow["questions"]] == [["question", "ratio", "ci_low", "ci_high", "verdict"]] * 3
    assert [list(one) for one in slow["findings"]] == [["rule", "level", "limit", "value", "dry_run"]] * 2
    assert [list(one) for one in slow["explanations"]] == [["kind", "summary", "figures", "details"]]


def test_seconds_are_milliseconds_and_ratios_stay_ratios() -> None:
    """Durations and absolute limits are in ms, the figures of the baseline rule are ratios."""
    told = json.loads(render_json(dropped_index()))
    slow = next(one for one in told["series"] if one["series"] == SLOW)
    assert slow["unit"] == "ms"
    assert slow["before"]["median"] == 41.2
    assert slow["ratio"] == 7.31
    assert slow["findings"] == [
        {"rule": "baseline", "level": "warning", "limit": 1.25, "value": 7.31, "dry_run": False},
        {"rule": "absolute", "level": "critical", "limit": 250.0, "value": 301.0, "dry_run": False},
    ]


@pytest.mark.parametrize("unit", [Unit.RATIO, Unit.BYTES, Unit.COUNT])
def test_every_other_unit_keeps_its_name_and_its_figures(unit: Unit) -> None:
    """Only seconds are written differently from how they are kept."""
    told = json.loads(render_json(assessed(compared("host.figure", Verdict.WITHIN, before=0.5, unit=unit))))
    assert told["series"][0]["unit"] == unit.value
    assert told["series"][0]["before"]["median"] == 0.5


def test_a_side_that_has_no_such_series_is_null() -> None:
    """New and missing series have one side, no ratio and no question."""
    told = json.loads(render_json(assessed(compared("a.b", Verdict.NEW), compared("a.c", Verdict.MISSING))))
    missing, new = told["series"]
    assert (new["before"], missing["after"]) == (None, None)
    assert (new["ratio"], new["questions"]) == (None, [])


def test_calls_that_timed_out_are_not_hidden() -> None:
    """A script reads `failed` as calls without an answer, and a time-out is one."""
    one = compared("a.b", Verdict.WITHIN)
    side = summary(0.1, failed=2, timed_out=3)
    told = document(assessed(type(one)(**{**{n: getattr(one, n) for n in one.__slots__}, "after": side})))
    series = told["series"]
    assert isinstance(series, list)
    assert series[0]["after"]["failed"] == 5


def test_what_json_can_not_say_is_null() -> None:
    """An infinite ratio is null, so that every parser reads the file."""
    text = render_json(assessed(compared("a.b", Verdict.DEGRADED, math.inf, before=None)))
    assert "Infinity" not in text
    assert json.loads(text)["series"][0]["ratio"] is None


def test_a_comparison_without_series_is_a_document_too() -> None:
    """Nothing to compare is an answer: an empty list, inconclusive."""
    told = json.loads(render_json(assessed()))
    assert told["series"] == []
    assert told["overall"]["verdict"] == "inconclusive"


def test_findings_stand_with_their_own_series_only() -> None:
    """A finding of one series does not show at another."""
    told = json.loads(
        render_json(
            assessed(
                compared("a.b", Verdict.DEGRADED, 2.0),
                compared("a.c", Verdict.WITHIN),
                findings=[finding("a.b", Level.CRITICAL, Rule.ABSOLUTE)],
            )
        )
    )
    assert [len(one["findings"]) for one in told["series"]] == [1, 0]


def test_what_the_whole_says_stands_in_overall() -> None:
    """The common mode and the load of both sides; null where there is none or nobody noted it."""
    series = [compared(f"a.s{number}x", Verdict.DEGRADED, 1.5) for number in range(5)]
    told = assessed(*series)
    loads = HostLoads(before=LoadRange(0.1, 0.4), after=LoadRange(0.9, 1.2))
    overall = json.loads(render_json(replace(told, comparison=replace(told.comparison, loads=loads))))["overall"]
    assert overall["common_mode"] == {"ratio": 1.5, "moved": 5, "series": 5, "cause": "unknown"}
    assert overall["load"] == {
        "before": {"lowest": 0.1, "highest": 0.4},
        "after": {"lowest": 0.9, "highest": 1.2},
        "busier": "after",
    }
    quiet = json.loads(render_json(assessed(compared("a.b", Verdict.WITHIN))))["overall"]
    assert (quiet["common_mode"], quiet["load"]) == (None, {"before": None, "after": None, "busier": None})


def test_the_impact_is_in_seconds() -> None:
    """The calls and the seconds they cost in an hour, null where the calls are unknown."""
    one = compared("a.b", Verdict.DEGRADED, 2.0)
    level = verdict.Level(value=0.08, low=0.07, high=0.09)
    known = replace(one, series=replace(one.series, calls_per_hour=100.0), level=level)
    [told] = json.loads(render_json(assessed(known)))["series"]
    assert (told["calls_per_hour"], told["impact_seconds_per_hour"]) == (100.0, 4.0)
    [told] = json.loads(render_json(assessed(one)))["series"]
    assert (told["calls_per_hour"], told["impact_seconds_per_hour"]) == (None, None)
