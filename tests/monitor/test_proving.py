"""A vanished index that is held for a cause, against the database that is there."""

import asyncio
from collections.abc import Sequence

import asyncpg

from baselines import Change, Comparison, Explanation, ExplanationKind, Section, compare
from monitor.clock import SystemClock
from monitor.proving import with_proofs
from probes import ProbeSet
from tests.baselines.made import baseline
from tests.clocks import START
from tests.probes.watched import watched

VALUATIONS = """
CREATE TABLE valuations (id int, at date);
INSERT INTO valuations SELECT n, date '2020-01-01' + n / 10 FROM generate_series(1, 20000) n;
CREATE INDEX valuations_at ON valuations (at);
ANALYZE valuations
"""
SLOW = "q.by_date"
ITEM = "index valuations_at on valuations"


def gone(source: str = "db") -> list[Change]:
    """What the ledger tells of the index of that target."""
    return [Change(source=source, section=Section.INDEXES, item=ITEM, before="btree (at)", after=None, at=START)]


def explained_again(dsn: str, changes: Sequence[Change]) -> tuple[Comparison, Comparison]:
    """A comparison of before and after an index was dropped, and the same with what the database says to it."""
    entry = {"kind": "sql", "target": "db", "category": "q", "query": "SELECT max(id) FROM valuations WHERE at = $1"}
    entries = {
        "by_date": {**entry, "query": f"{entry['query']}::text::date", "arguments": [["2021-05-05"]]},
        "all": {**entry, "query": "SELECT count(*) FROM valuations"},
    }
    configuration = watched({"db": {"kind": "postgresql", "url": dsn}}, entries)

    async def act() -> tuple[Comparison, Comparison]:
        administrator = await asyncpg.connect(dsn)
        try:
            async with ProbeSet(configuration.probes, configuration.targets, SystemClock()) as probes:
                await administrator.execute(VALUATIONS)
                was = {f"q.{name}": plan for name in entries if (plan := await probes.plan(name))}
                await administrator.execute("DROP INDEX valuations_at")
                is_now = {f"q.{name}": plan for name in entries if (plan := await probes.plan(name))}
                before = baseline("pre", [{name: [0.01] * 20 for name in was}] * 5, plans=was)
                after = baseline("post", [{name: [0.05] * 20 for name in was}] * 5, plans=is_now)
                comparison = compare(before, after, dict.fromkeys(was, 1.25), history={}, changes=changes)
                return comparison, await with_proofs(
                    comparison, before, configuration.probes, probes.links, SystemClock()
                )
        finally:
            await administrator.close()

    return asyncio.run(act())


def explanation(comparison: Comparison) -> Explanation:
    """The first of the series that is slow for want of the index."""
    return next(one.explanations[0] for one in comparison.series if one.series.name == SLOW)


def test_without_hypopg_the_cause_stands_with_the_reason(empty_database: str) -> None:
    """Only the series whose plan went by the index is asked about, and it says why there is no proof."""
    found, proved = explained_again(empty_database, gone())
    assert explanation(found).kind is ExplanationKind.INDEX_GONE
    assert explanation(proved).summary == explanation(found).summary
    assert explanation(proved).details[-1].startswith("not proved: hypopg is not installed in this database")
    assert [one for one in proved.series if one.series.name != SLOW] == [
        one for one in found.series if one.series.name != SLOW
    ]


def test_an_index_of_another_database_is_not_asked_about(empty_database: str) -> None:
    """A change counts where the probe's target is its source."""
    found, proved = explained_again(empty_database, gone("elsewhere"))
    assert proved == found


def test_with_hypopg_the_costs_are_told(hypopg_database: str) -> None:
    """The sentence says that the old plan returns, and both costs are among the figures."""
    _, proved = explained_again(hypopg_database, gone())
    cause = explanation(proved)
    assert "; with valuations_at back the old plan returns: cost " in cause.summary
    assert cause.figures["cost_with"] < cause.figures["cost_without"] / 10
