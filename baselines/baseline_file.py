"""A baseline as one file, to carry it to another store: gzipped JSON that says what it is and can be checked."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from baselines.baseline import Approval, Baseline, BaselineError, CaptureConditions, CaptureSession, Forced
from baselines.evidence import Evidence
from baselines.plan_shape import PlanShape
from baselines.samples import Samples
from baselines.series import Direction, Series, Unit

_FORMAT = "portalwatch baseline"
_VERSION = 1


def pack(baseline: Baseline) -> bytes:
    """The content of the file; the same baseline gives the same bytes."""
    document = _to_document(baseline)
    wrapped = {"format": _FORMAT, "version": _VERSION, "sha256": _digest(document), "baseline": document}
    return gzip.compress(json.dumps(wrapped, ensure_ascii=False).encode(), mtime=0)


def unpack(content: bytes) -> Baseline:
    """The baseline of such a file, with its approval. Raises BaselineError for what is none, or is damaged."""
    try:
        wrapped = json.loads(gzip.decompress(content))
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise BaselineError("the file is no exported baseline, or is damaged; export it again") from error
    if not isinstance(wrapped, dict) or wrapped.get("format") != _FORMAT:
        raise BaselineError("the file is no exported baseline; make one with `portalwatch baseline export NAME FILE`")
    if wrapped.get("version") != _VERSION:
        raise BaselineError(
            f"the file has version {wrapped.get('version')} of the format, and this release reads version {_VERSION}; "
            "import it with the release that exported it, or a later one"
        )
    document = wrapped.get("baseline")
    if document is None or wrapped.get("sha256") != _digest(document):
        raise BaselineError("the file has been changed since it was exported; export it again")
    try:
        return _from_document(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BaselineError("the file holds no whole baseline; export it again") from error


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _to_document(baseline: Baseline) -> dict[str, Any]:
    approval = baseline.approval
    return {
        "name": baseline.name,
        "environment": baseline.environment,
        "release": baseline.release,
        "captured_by": baseline.captured_by,
        "approval": approval
        and {
            "by": approval.by,
            "at": approval.at.isoformat(),
            "expires_at": approval.expires_at and approval.expires_at.isoformat(),
            "forced": approval.forced and asdict(approval.forced),
        },
        "series": [asdict(one) for one in baseline.series.values()],
        "sessions": [
            {
                "number": session.number,
                "started_at": session.started_at.isoformat(),
                "finished_at": session.finished_at.isoformat(),
                "conditions": asdict(session.conditions),
                "samples": {name: _samples_document(one) for name, one in session.samples.items()},
                "cold": {name: _samples_document(one) for name, one in session.cold.items()},
                "plans": {name: one.nodes for name, one in session.plans.items()},
                "evidence": {name: one.to_document() for name, one in session.evidence.items()},
                "levels": {name: list(seen) for name, seen in session.levels.items()},
            }
            for session in baseline.sessions
        ],
    }


def _from_document(document: Mapping[str, Any]) -> Baseline:
    sessions = [_session(one) for one in document["sessions"]]
    series = [_series(one) for one in document["series"]]
    if not sessions:
        raise ValueError("a baseline has a session")
    return Baseline(
        name=document["name"],
        environment=document["environment"],
        release=document["release"],
        captured_by=document["captured_by"],
        series={one.name: one for one in series},
        sessions=sessions,
        approval=_approval(document["approval"]),
    )


def _approval(document: Mapping[str, Any] | None) -> Approval | None:
    if document is None:
        return None
    expires_at = document["expires_at"]
    return Approval(
        by=document["by"],
        at=datetime.fromisoformat(document["at"]),
        expires_at=expires_at and datetime.fromisoformat(expires_at),
        forced=Forced.from_document(document["forced"]),
    )


def _series(document: Mapping[str, Any]) -> Series:
    return Series(**{**document, "unit": Unit(document["unit"]), "direction": Direction(document["direction"])})


def _session(document: Mapping[str, Any]) -> CaptureSession:
    plans = {name: PlanShape(tuple(nodes)) for name, nodes in document["plans"].items()}
    return CaptureSession(
        number=document["number"],
        started_at=datetime.fromisoformat(document["started_at"]),
        finished_at=datetime.fromisoformat(document["finished_at"]),
        conditions=CaptureConditions.from_document(document["conditions"]),
        samples={name: _samples(one) for name, one in document["samples"].items()},
        cold={name: _samples(one) for name, one in document["cold"].items()},
        plans=plans,
        # Files from before there was evidence have none.
        evidence={
            name: Evidence.from_document(one, plans.get(name)) for name, one in document.get("evidence", {}).items()
        },
        levels=document.get("levels", {}),
    )


def _samples(document: Mapping[str, Any]) -> Samples:
    return Samples.of(document["values"], document["timed_out"])


def _samples_document(samples: Samples) -> dict[str, Any]:
    values = [None if failed else value for value, failed in zip(samples.values.tolist(), samples.failed, strict=True)]
    return {"values": values, "timed_out": samples.timed_out.tolist()}
