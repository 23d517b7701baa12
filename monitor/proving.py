"""Holds a vanished index against the database that is there: would the old plan return with it?"""

from collections.abc import Mapping
from dataclasses import replace

from baselines import Baseline, Clock, Comparison, Explanation, ExplanationKind, SeriesComparison
from baselines.causes.sides import Side
from baselines.plan_node import PlanNode
from probes.database.hypothetical import GoneIndex, IndexProof, Unproved, prove
from probes.database.link import DatabaseLink
from probes.kinds.sql import SqlSettings
from probes.probe import Links
from probes.settings import ProbeSettings

_OF_AN_INDEX = (ExplanationKind.INDEX_GONE, ExplanationKind.INDEX_INVALID)


async def with_proofs(
    comparison: Comparison, before: Baseline, probes: Mapping[str, ProbeSettings], links: Links, clock: Clock
) -> Comparison:
    """The comparison, each index that is held for a cause proved or with the reason why it is not.

    `probes` and `links` are those of the system as it is now, which must be that of the later capture.
    """
    settings = {series.name: one for one in probes.values() if isinstance(one, SqlSettings) for series in one.series()}
    series = [
        await _proved(one, comparison, before, settings[one.series.name], links, clock)
        if one.series.name in settings
        else one
        for one in comparison.series
    ]
    return replace(comparison, series=series)


async def _proved(
    one: SeriesComparison, comparison: Comparison, before: Baseline, probe: SqlSettings, links: Links, clock: Clock
) -> SeriesComparison:
    """The series with what the planner says of the index that its earlier plan went by."""
    plan = Side(before, one.series.name).plan
    if plan is None or all(cause.kind not in _OF_AN_INDEX for cause in one.explanations):
        return one
    known = {PlanNode.read(text).index for text in plan.nodes}
    gone = (GoneIndex.of(change) for change in comparison.changes if change.source == probe.target)
    index = next((index for index in gone if index is not None and index.name in known), None)
    if index is None:
        return one
    link = links.to(probe.target, DatabaseLink)
    proof = await prove(link, probe.query, probe.arguments[0], index, plan, clock)
    told = [_told(cause, proof) if cause.kind in _OF_AN_INDEX else cause for cause in one.explanations]
    return replace(one, explanations=told)


def _told(cause: Explanation, proof: IndexProof | Unproved) -> Explanation:
    if isinstance(proof, Unproved):
        return replace(cause, details=[*cause.details, f"not proved: {proof.reason}"])
    return replace(
        cause,
        summary=f"{cause.summary}; {proof.sentence}",
        figures={**cause.figures, "cost_without": proof.cost_without, "cost_with": proof.cost_with},
    )
