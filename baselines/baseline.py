"""A baseline: a named, immutable set of series captured together, session by session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from baselines.evidence import Evidence
from baselines.plan_shape import PlanShape
from baselines.samples import Samples
from baselines.series import Series


class BaselineError(Exception):
    """A baseline can't be captured, stored, found or compared; the message says why and what to do."""


class Spacing(StrEnum):
    """How the samples of a session lie in time: spread over a minute or so, or back to back."""

    SPREAD = "spread"
    BURST = "burst"


@dataclass(frozen=True, slots=True)
class Forced:
    """What somebody did although something spoke against it: what that was, a sentence each, and their reason."""

    reason: str
    against: tuple[str, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> "Forced | None":
        """From what `dataclasses.asdict` makes of it; None stays None."""
        return None if document is None else cls(document["reason"], tuple(document["against"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureConditions:
    """What a session was taken under, kept so that a verdict can be replayed and doubted.

    `host_load` is the one-minute load average per processor at the session's start (None where the system has none).
    Out of the service's history it is the mean of the session, or the busy share where only that was measured.
    `forced` is there where the capture was taken although the host or the database was in no state for it.
    """

    spacing: Spacing
    connection_mode: str
    host_load: float | None
    release: str
    configuration_hash: str
    rule_version: str
    prober_version: str
    forced: Forced | None = None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "CaptureConditions":
        """From what `dataclasses.asdict` makes of it; sessions from before there was `forced` have none."""
        forced = Forced.from_document(document.get("forced"))
        return cls(**{**document, "spacing": Spacing(document["spacing"]), "forced": forced})


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSession:
    """One pass over all series. `samples` are judged; `cold` are the first calls after a connect, kept apart.

    `plans` has the plan of each series that is a query, as it was in this session, `evidence` what else may explain a
    series, and `levels` what was seen meanwhile of series that are no durations, in the order of time. Sessions from
    before these were kept have none.
    """

    number: int
    started_at: datetime
    finished_at: datetime
    conditions: CaptureConditions
    samples: Mapping[str, Samples]
    cold: Mapping[str, Samples]
    plans: Mapping[str, PlanShape]
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    levels: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who vouches for a baseline, since when and until when (None: for good).

    `forced` is there where it was approved onto a regression.
    """

    by: str
    at: datetime
    expires_at: datetime | None = None
    forced: Forced | None = None

    def has_expired(self, now: datetime) -> bool:
        """Whether it no longer holds."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A capture under a name. `sessions` are in the order of time; a later session may cover fewer series.

    `approval` is the one that stood when it was loaded: what was measured never changes, who vouches for it may.
    """

    name: str
    environment: str
    release: str
    captured_by: str
    series: Mapping[str, Series]
    sessions: Sequence[CaptureSession]
    approval: Approval | None = None

    @property
    def finished_at(self) -> datetime:
        """When its last session ended."""
        return max(session.finished_at for session in self.sessions)

    def samples_of(self, series: str) -> tuple[Samples, ...]:
        """The judged samples of a series, one entry a session that has any; empty where none has."""
        return tuple(
            session.samples[series]
            for session in self.sessions
            if series in session.samples and len(session.samples[series])
        )

    def expired_at(self, now: datetime) -> datetime | None:
        """Since when its approval no longer holds, None while it does and where there is none."""
        return self.approval.expires_at if self.approval is not None and self.approval.has_expired(now) else None

    def spacing_of(self, series: str) -> Spacing:
        """Burst as soon as one session with this series is: the wider prior is the careful one."""
        spacings = {one.conditions.spacing for one in self.sessions if series in one.samples}
        return Spacing.SPREAD if spacings == {Spacing.SPREAD} else Spacing.BURST

    def extended(self, sessions: Sequence[CaptureSession]) -> "Baseline":
        """The same capture with further sessions behind its own; this one stays as it was."""
        return replace(self, sessions=[*self.sessions, *sessions])
