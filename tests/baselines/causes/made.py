"""Two sides of one series made by hand, for tests of causes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from baselines import Baseline, Change, Comparison, Inspection, PlanShape, Section, SeriesComparison, Verdict
from baselines.causes.sides import Side, Sides
from baselines.evidence import Evidence, Origin
from baselines.inspection import TableState
from tests.baselines.made import baseline
from tests.clocks import START
from tests.thresholds.comparisons import compared

SERIES = "database_queries.orders"
DATABASE = Origin("portal_database", "abc")
INDEX = PlanShape(("Aggregate", "  Index Scan on orders using orders_by_day"))
SCAN = PlanShape(("Aggregate", "  Seq Scan on orders"))


def side(
    evidence: Evidence | None = None,
    *,
    plan: PlanShape | None = None,
    levels: Mapping[str, Sequence[float]] | None = None,
    host_load: float | None = None,
) -> Baseline:
    """A capture of two sessions of the series, both with this evidence."""
    inspection = evidence.inspection if evidence else None
    plan = plan or (inspection.plan if inspection else None)
    capture = baseline("c", [{SERIES: [0.04] * 20}] * 2, plans={SERIES: plan} if plan else None)
    sessions = [
        replace(
            one,
            evidence={SERIES: evidence} if evidence else {},
            levels=levels or {},
            conditions=replace(one.conditions, host_load=host_load),
        )
        for one in capture.sessions
    ]
    return replace(capture, sessions=sessions)


def slower(ratio: float = 4.0) -> SeriesComparison:
    """The series, its typical call that many times slower."""
    return compared(SERIES, typical=Verdict.DEGRADED, ratio=ratio)


def sides(
    before: Baseline,
    after: Baseline,
    *,
    one: SeriesComparison | None = None,
    others: Sequence[SeriesComparison] = (),
    changes: Sequence[Change] = (),
) -> Sides:
    """What a cause is asked with: the series four times slower unless said otherwise, beside others."""
    judged = one or slower()
    comparison = Comparison(before="pre", after="post", series=[judged, *others], changes=changes)
    return Sides(comparison, judged, Side(before, SERIES), Side(after, SERIES))


def looked(inspection: Inspection, origin: Origin | None = DATABASE) -> Baseline:
    """A capture whose sessions looked into the query."""
    return side(Evidence(origin=origin, inspection=inspection))


def table(rows: int, changed: int = 0, without_statistics: int = 0) -> Mapping[str, TableState]:
    """The state of the one table of the plans."""
    return {"public.orders": TableState(rows=rows, changed=changed, without_statistics=without_statistics)}


def change(
    section: Section, item: str, before: str | None, after: str | None, source: str = "portal_database"
) -> Change:
    """A change of the ledger."""
    return Change(source=source, section=section, item=item, before=before, after=after, at=START)
