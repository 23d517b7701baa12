"""A verdict as one file for a post-mortem: what it was made from, what it said, and what is known besides."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from baselines.baseline_document import (
    baseline_document,
    baseline_from,
    samples_document,
    samples_from,
    series_from,
)
from baselines.case import Look
from baselines.explanation import Explanation, ExplanationKind
from baselines.ledger import Change, Section
from baselines.materials import Materials, WorkloadMaterials
from baselines.sealed_file import SealedFile
from baselines.snapshot import Snapshot
from baselines.workload import StatementText, Usage, WorkloadBin

_FILE = SealedFile(
    name="portalwatch verdict",
    version=1,
    key="verdict",
    noun="file of a verdict",
    again="write it again",
    command="portalwatch compare BEFORE AFTER --bundle FILE",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldChannel:
    """One message: to which channel, why, how it ended and when (None: it has not), after how many attempts."""

    channel: str
    reason: str
    state: str
    attempts: int
    due_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAlert:
    """An alert of a compared series: who was told when, and who took it in hand."""

    series: str
    rule: str
    level: str
    opened_at: datetime
    resolved_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    told: Sequence[ToldChannel]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A verdict with its materials.

    `figures` are the tables of limits, as documents of those who hold them; `profile` is what the report calls the
    tolerance. `proofs` are the explanations of the series whose cause was held against the database: nobody can ask it
    again. `reports` has the text of each format as it was, and `exit_code` how the command ended. `snapshots` and
    `alerts` are for reading.
    """

    product_version: str
    rule_version: str
    materials: Materials
    figures: Mapping[str, Any]
    profile: str
    proofs: Mapping[str, Sequence[Explanation]]
    reports: Mapping[str, str]
    exit_code: int
    snapshots: Sequence[Snapshot] = ()
    alerts: Sequence[ToldAlert] = ()


def pack(bundle: Bundle) -> bytes:
    """The content of the file; the same bundle gives the same bytes."""
    return _FILE.write(
        {
            "product_version": bundle.product_version,
            "rule_version": bundle.rule_version,
            "materials": _materials_document(bundle.materials),
            "figures": bundle.figures,
            "profile": bundle.profile,
            "proofs": {name: [asdict(one) for one in told] for name, told in bundle.proofs.items()},
            "reports": dict(bundle.reports),
            "exit_code": bundle.exit_code,
            "snapshots": [json.loads(one.to_json()) for one in bundle.snapshots],
            "alerts": [_with_text_for_instants(asdict(one)) for one in bundle.alerts],
        }
    )


def unpack(content: bytes) -> Bundle:
    """The bundle of such a file. Raises BaselineError for what is none, or is damaged."""
    return _FILE.read(content, _bundle)


def _bundle(document: Mapping[str, Any]) -> Bundle:
    return Bundle(
        product_version=document["product_version"],
        rule_version=document["rule_version"],
        materials=_materials(document["materials"]),
        figures=document["figures"],
        profile=document["profile"],
        proofs={name: [_explanation(one) for one in told] for name, told in document["proofs"].items()},
        reports=document["reports"],
        exit_code=document["exit_code"],
        snapshots=[Snapshot.from_document(one) for one in document["snapshots"]],
        alerts=[_alert(one) for one in document["alerts"]],
    )


def _materials_document(materials: Materials) -> dict[str, Any]:
    return {
        "before": baseline_document(materials.before),
        "after": baseline_document(materials.after),
        "tolerances": dict(materials.tolerances),
        "history": {name: [samples_document(one) for one in past] for name, past in materials.history.items()},
        "look": materials.look.name,
        "known": [asdict(one) for one in materials.known.values()],
        "changes": [_with_text_for_instants(asdict(one)) for one in materials.changes],
        "taken_at": materials.taken_at.isoformat(),
        "ended": materials.ended,
        "workload": materials.workload and _workload_document(materials.workload),
    }


def _materials(document: Mapping[str, Any]) -> Materials:
    known = [series_from(one) for one in document["known"]]
    return Materials(
        before=baseline_from(document["before"]),
        after=baseline_from(document["after"]),
        tolerances=document["tolerances"],
        history={name: [samples_from(one) for one in past] for name, past in document["history"].items()},
        look=Look[document["look"]],
        known={one.name: one for one in known},
        changes=[_change(one) for one in document["changes"]],
        taken_at=datetime.fromisoformat(document["taken_at"]),
        ended=document["ended"],
        workload=document["workload"] and _workload(document["workload"]),
    )


def _workload_document(workload: WorkloadMaterials) -> dict[str, Any]:
    """Each text once, since every bin has most of them."""
    texts = {text.key: text for one in (*workload.before, *workload.after) for text in one.statements}
    return {
        "texts": [asdict(one) for one in texts.values()],
        "before": [_bin_document(one) for one in workload.before],
        "after": [_bin_document(one) for one in workload.after],
        "probes": {key: list(names) for key, names in workload.probes.items()},
        "gaps": list(workload.gaps),
    }


def _workload(document: Mapping[str, Any]) -> WorkloadMaterials:
    texts = {one["key"]: StatementText(**one) for one in document["texts"]}
    return WorkloadMaterials(
        before=[_bin(one, texts) for one in document["before"]],
        after=[_bin(one, texts) for one in document["after"]],
        probes=document["probes"],
        gaps=document["gaps"],
    )


def _bin_document(one: WorkloadBin) -> dict[str, Any]:
    return {
        "database": one.database,
        "started_at": one.started_at.isoformat(),
        "finished_at": one.finished_at.isoformat(),
        "statements": {text.key: asdict(usage) for text, usage in one.statements.items()},
        "other": asdict(one.other),
    }


def _bin(document: Mapping[str, Any], texts: Mapping[str, StatementText]) -> WorkloadBin:
    return WorkloadBin(
        database=document["database"],
        started_at=datetime.fromisoformat(document["started_at"]),
        finished_at=datetime.fromisoformat(document["finished_at"]),
        statements={texts[key]: Usage(**usage) for key, usage in document["statements"].items()},
        other=Usage(**document["other"]),
    )


def _change(document: Mapping[str, Any]) -> Change:
    at = datetime.fromisoformat(document["at"])
    return Change(**{**document, "section": Section(document["section"]), "at": at})


def _explanation(document: Mapping[str, Any]) -> Explanation:
    return Explanation(**{**document, "kind": ExplanationKind(document["kind"])})


def _alert(document: Mapping[str, Any]) -> ToldAlert:
    told = [ToldChannel(**_with_instants(one)) for one in document["told"]]
    return ToldAlert(**{**_with_instants(document), "told": told})


def _with_text_for_instants(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _with_text_for_instants(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_with_text_for_instants(one) for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _with_instants(document: Mapping[str, Any]) -> dict[str, Any]:
    """The instants of one document, which are what ends in `_at`."""
    return {
        name: datetime.fromisoformat(value) if name.endswith("_at") and value is not None else value
        for name, value in document.items()
    }
