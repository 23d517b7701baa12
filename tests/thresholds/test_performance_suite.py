"""What a series of warm calls says: limits, grades, benchmarks, the baseline."""

from dataclasses import replace

import pytest

from baselines import Series, Verdict
from tests.dashboards.examples import compared, summary
from thresholds import Limit, SeriesLimits, load_grades, load_matrix, performance_line

GRADES = load_grades()


def said(name: str, median: float, *, failed: int = 0, verdict: Verdict | None = None) -> tuple[str, str]:
    """Status and words for a query without limits of its own."""
    series = Series(f"database_queries.{name}")
    limits = replace(load_matrix().limits_of(series), warning=None, critical=None)
    against = None if verdict is None else compared(series.name, verdict, 1.6)
    one = performance_line(series, summary(median, n=21, failed=failed), limits, GRADES, against)
    return one.status, one.detail


@pytest.mark.parametrize(
    ("seconds", "status", "grade"),
    [(0.09, "PASS", "EXCELLENT"), (0.2, "PASS", "GOOD"), (1.0, "PASS", "ACCEPTABLE"), (3.0, "WARNING", "POOR")],
)
def test_a_query_with_bands_has_its_grade(seconds: float, status: str, grade: str) -> None:
    """POOR is a warning; a query without bands has none."""
    found = said("client_ownership_retrieval", seconds)
    assert (found[0], found[1].endswith(grade)) == (status, True)
    assert not said("anything", seconds)[1].endswith(grade)


@pytest.mark.parametrize(("seconds", "status"), [(0.099, "PASS"), (0.1, "WARNING")])
def test_a_json_operation_stays_under_its_benchmark(seconds: float, status: str) -> None:
    """Containment under 100 ms."""
    assert said("containment", seconds)[0] == status


@pytest.mark.parametrize(("seconds", "status"), [(0.1, "PASS"), (0.16, "WARNING"), (0.31, "FAIL")])
def test_absolute_limits_count(seconds: float, status: str) -> None:
    """Those of the matrix."""
    series = Series("database_queries.client_groups_list")
    limits: SeriesLimits = load_matrix().limits_of(series)
    assert isinstance(limits.critical, Limit)
    assert performance_line(series, summary(seconds), limits, GRADES, None).status == status


def test_a_degraded_series_warns_with_its_ratio() -> None:
    """As everywhere in the house: a degraded series is a warning."""
    assert said("a", 0.05, verdict=Verdict.DEGRADED)[0] == "WARNING"
    assert "1.60 × the baseline (degraded)" in said("a", 0.05, verdict=Verdict.DEGRADED)[1]
    assert said("a", 0.05, verdict=Verdict.WITHIN)[0] == "PASS"


def test_a_call_that_does_not_end_well_fails() -> None:
    """One of 21 is more than the 2 % that may fail; and without a call nothing passes."""
    assert said("a", 0.05, failed=1) == ("FAIL", "1 of 21 calls did not end well, median 50 ms, p95 60 ms")
    nothing = performance_line(Series("q.a"), summary(0.05, n=0), load_matrix().limits_of(Series("q.a")), GRADES, None)
    assert nothing.status == "WARNING"
