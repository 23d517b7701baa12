"""Gathers what a verdict was made from into a bundle, and makes the verdict of a bundle again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

import asyncpg
from pydantic import BaseModel, ValidationError

from alerts import AlertRecord, AlertState
from alerts.postgres import PostgresAlerts
from baselines import RULE_VERSION, BaselineError, Comparison, Explanation
from baselines.bundle import Bundle, ToldAlert, ToldChannel
from baselines.materials import Materials
from baselines.postgres_snapshots import PostgresSnapshots
from baselines.snapshot import Snapshot
from monitor.comparing import Figures
from thresholds import Assessment, RollbackMatrix, Routing, ThresholdMatrix, assess

# A snapshot has 64 kB at most, and a file that is attached to a ticket should stay small: the newest ones count.
SNAPSHOTS = 50
# How far back the store is looked through for alerts and snapshots of that time.
_LOOKED_THROUGH = 1000


def bundle_of(
    materials: Materials, assessment: Assessment, figures: Figures, reports: Mapping[str, str], exit_code: int
) -> Bundle:
    """The verdict with its materials, without what the store knows besides."""
    return Bundle(
        product_version=version("portalwatch"),
        rule_version=RULE_VERSION,
        materials=materials,
        figures={
            "matrix": _document(figures.matrix),
            "rollback": _document(figures.rollback),
            "routing": _document(figures.routing),
        },
        profile=assessment.profile,
        proofs=_proofs(materials.judged(), assessment.comparison),
        reports=reports,
        exit_code=exit_code,
    )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the store knows of the time between the two captures, for reading beside a verdict."""

    snapshots: Sequence[Snapshot]
    alerts: Sequence[ToldAlert]

    @classmethod
    async def of(cls, materials: Materials, pool: asyncpg.Pool, alerts: PostgresAlerts) -> "Surroundings":
        """The snapshots of that time, oldest first, and the alerts of the compared series since the first capture."""
        start, end = materials.before.finished_at, materials.taken_at
        kept = await PostgresSnapshots(pool).since(materials.after.environment, start, _LOOKED_THROUGH)
        taken = [one.snapshot for one in kept if one.snapshot.at <= end][:SNAPSHOTS]
        series = {*materials.before.series, *materials.after.series}
        records = await alerts.list_alerts(tuple(AlertState), _LOOKED_THROUGH)
        return cls(taken[::-1], [_told(one) for one in records if _concerns(one, series, start)])


def judged_again(bundle: Bundle) -> Assessment:
    """The assessment by this product's rule. Raises BaselineError where the file has no figures that can be read."""
    materials = bundle.materials
    comparison = _with_proofs(materials.judged(), bundle.proofs)
    try:
        matrix = ThresholdMatrix.model_validate(bundle.figures["matrix"])
        rollback = RollbackMatrix.model_validate(bundle.figures["rollback"])
        routing = Routing.model_validate(bundle.figures["routing"])
    except (KeyError, TypeError, ValidationError) as error:
        raise BaselineError("the limits in the file can't be read; use the release that wrote it") from error
    return assess(comparison, matrix, rollback, routing, bundle.profile, materials.taken_at)


def _document(table: BaseModel) -> object:
    """Only what was said: a figure that is left out keeps what lies beneath, and one that is null takes it away."""
    return table.model_dump(mode="json", exclude_unset=True)


def _proofs(judged: Comparison, proved: Comparison) -> dict[str, Sequence[Explanation]]:
    """The explanations to which the database had something to say."""
    return {
        after.series.name: after.explanations
        for before, after in zip(judged.series, proved.series, strict=True)
        if before.explanations != after.explanations
    }


def _with_proofs(comparison: Comparison, proofs: Mapping[str, Sequence[Explanation]]) -> Comparison:
    series = [replace(one, explanations=proofs.get(one.series.name, one.explanations)) for one in comparison.series]
    return replace(comparison, series=series)


def _concerns(record: AlertRecord, series: Collection[str], start: datetime) -> bool:
    """Whether it is of one of these series, and was open after that instant."""
    alert = record.alert
    return alert.series in series and (alert.resolved_at is None or alert.resolved_at >= start)


def _told(record: AlertRecord) -> ToldAlert:
    """Channels by their names; neither where they lead to nor what they answered."""
    alert = record.alert
    return ToldAlert(
        series=alert.series,
        rule=alert.rule.value,
        level=alert.level.value,
        opened_at=alert.opened_at,
        resolved_at=alert.resolved_at,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        told=[
            ToldChannel(
                channel=one.notification.channel,
                reason=one.notification.reason.value,
                state=one.state.value,
                attempts=one.attempts,
                due_at=one.notification.due_at,
                settled_at=one.settled_at,
            )
            for one in record.deliveries
        ],
    )
