"""Why nobody is told of an alert: somebody asked for silence, or a graver alert speaks for it already."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alerts.alert import STANDING, Alert, AlertState
from alerts.policy import Policy
from alerts.silence import Silence
from thresholds.finding import Level


class MuteKind(StrEnum):
    """The two reasons for keeping quiet."""

    SILENCE = "silence"
    INHIBITION = "inhibition"


@dataclass(frozen=True, slots=True)
class Mute:
    """`by` is the id of the silence or of the graver alert; `until` is the end of a silence."""

    kind: MuteKind
    by: str
    until: datetime | None = None


class Mutes:
    """All that keeps alerts quiet: the silences there are, and the alerts that speak for others."""

    def __init__(self, policy: Policy, silences: Iterable[Silence] = (), alerts: Iterable[Alert] = ()) -> None:
        """`alerts` may be any; those that can't speak for another one are left out."""
        self._policy = policy
        self._silences = tuple(silences)
        self._critical: dict[str, Alert] = {}  # by series
        self._away: dict[str, Alert] = {}  # by target
        for one in alerts:
            self.hear(one)

    def hear(self, alert: Alert) -> None:
        """Take in how an alert stands now. Only what somebody was told of, or asked not to be told of, speaks."""
        speaks = can_speak(alert)
        _keep(self._critical, alert.series, alert, speaks=speaks)
        if alert.target is not None and self._policy.says_that_a_target_is_away(alert):
            _keep(self._away, alert.target, alert, speaks=speaks)

    def why(self, alert: Alert, now: datetime) -> Mute | None:
        """Why this alert is not told now; None where it is.

        - a silence covers it: of several the one that lasts longest
        - its target, or one that its target stands on, is away: the alert that says so speaks for everything behind it
        - a critical alert of the same series speaks for its warnings
        """
        silence = max(
            (one for one in self._silences if one.covers(alert, now)), key=lambda one: one.ends_at, default=None
        )
        if silence is not None:
            return Mute(MuteKind.SILENCE, silence.id, silence.ends_at)
        return self.inhibition(alert)

    def inhibition(self, alert: Alert) -> Mute | None:
        """The graver alert that speaks for this one, None where there is none."""
        graver = self._critical.get(alert.series) if alert.level is Level.WARNING else None
        graver = graver or self._outage_before(alert)
        return None if graver is None else Mute(MuteKind.INHIBITION, graver.id)

    def _outage_before(self, alert: Alert) -> Alert | None:
        if alert.target is None:
            return None
        is_outage = self._policy.says_that_a_target_is_away(alert)
        below = self._policy.stands_on.get(alert.target, ())
        places = below if is_outage else (alert.target, *below)
        return next((self._away[one] for one in places if one in self._away), None)


def can_speak(alert: Alert) -> bool:
    """Whether it may stand for another one: critical, and told or silenced, not only pending or inhibited itself."""
    return alert.level is Level.CRITICAL and alert.state in STANDING and alert.state is not AlertState.INHIBITED


def _keep(known: dict[str, Alert], key: str, alert: Alert, *, speaks: bool) -> None:
    if speaks:
        known[key] = alert
    elif key in known and known[key].id == alert.id:
        del known[key]
