"""Takes people out of a bundle before it leaves the house."""

from dataclasses import replace

from baselines.baseline import Baseline, CaptureSession, Forced
from baselines.bundle import Bundle, ToldAlert
from baselines.snapshot import Snapshot

# What somebody wrote freely may name anybody.
_MASKED = "(masked)"


def masked(bundle: Bundle) -> Bundle:
    """The bundle with a pseudonym for whoever captured, approved or acknowledged, and for the users of databases: the
    same for the same name throughout. What judging needs is untouched, so the verdict and its reports stay the same.
    """
    people = _Pseudonyms()
    materials = bundle.materials
    return replace(
        bundle,
        materials=replace(
            materials, before=_baseline(materials.before, people), after=_baseline(materials.after, people)
        ),
        snapshots=[_snapshot(one, people) for one in bundle.snapshots],
        alerts=[_alert(one, people) for one in bundle.alerts],
    )


class _Pseudonyms:
    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, name: str) -> str:
        return self._known.setdefault(name, f"person-{len(self._known) + 1}")


def _baseline(one: Baseline, people: _Pseudonyms) -> Baseline:
    captured_by, approval = people.of(one.captured_by), one.approval
    if approval is not None:
        approval = replace(approval, by=people.of(approval.by), forced=_forced(approval.forced))
    sessions = [_session(session) for session in one.sessions]
    return replace(one, captured_by=captured_by, approval=approval, sessions=sessions)


def _session(one: CaptureSession) -> CaptureSession:
    return replace(one, conditions=replace(one.conditions, forced=_forced(one.conditions.forced)))


def _forced(one: Forced | None) -> Forced | None:
    return None if one is None else replace(one, reason=_MASKED)


def _snapshot(one: Snapshot, people: _Pseudonyms) -> Snapshot:
    return replace(
        one,
        sessions=tuple(
            replace(each, user=None if each.user is None else people.of(each.user)) for each in one.sessions
        ),
    )


def _alert(one: ToldAlert, people: _Pseudonyms) -> ToldAlert:
    by: str | None = one.acknowledged_by
    return replace(one, acknowledged_by=None if by is None else people.of(by))
