"""Why nobody is told of an alert: somebody asked for silence, or a graver alert speaks for it already."""

from collections.abc import Collection, Iterable
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


@dataclass(frozen=True, slots=True)
class Mutes:
    """All that keeps alerts quiet: the silences there are, and the alerts that stand."""

    silences: Collection[Silence] = ()
    standing: Collection[Alert] = ()

    @classmethod
    def of(cls, silences: Iterable[Silence], alerts: Iterable[Alert]) -> "Mutes":
        """Of these alerts, those that could speak for another one."""
        return cls(tuple(silences), tuple(one for one in alerts if _speaks(one)))

    def why(self, alert: Alert, policy: Policy, now: datetime) -> Mute | None:
        """Why this alert is not told now; None where it is.

        - a silence covers it: of several the one that lasts longest
        - its target, or one that its target stands on, is away: the alert that says so speaks for everything behind it
        - a critical alert of the same series speaks for its warnings
        """
        silence = max(
            (one for one in self.silences if one.covers(alert, now)), key=lambda one: one.ends_at, default=None
        )
        if silence is not None:
            return Mute(MuteKind.SILENCE, silence.id, silence.ends_at)
        graver = next((one for one in self.standing if outranks(one, alert, policy)), None)
        return None if graver is None else Mute(MuteKind.INHIBITION, graver.id)


def outranks(graver: Alert, alert: Alert, policy: Policy) -> bool:
    """Whether telling of `graver` tells enough of `alert`."""
    if graver.id == alert.id or not _speaks(graver):
        return False
    if graver.series == alert.series:
        return alert.level is Level.WARNING
    if not policy.says_that_a_target_is_away(graver) or graver.target is None or alert.target is None:
        return False
    if graver.target == alert.target:
        return not policy.says_that_a_target_is_away(alert)
    return graver.target in policy.stands_on.get(alert.target, ())


def _speaks(alert: Alert) -> bool:
    """Only what somebody was told of, or asked not to be told of, can stand for something else."""
    return alert.level is Level.CRITICAL and alert.state in STANDING and alert.state is not AlertState.INHIBITED
