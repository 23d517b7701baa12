"""The pages of alerts: the list, one alert with its history, and the one button that a link in a message leads to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboards.page import environment
from dashboards.pages.frame import Frame, render_page
from thresholds.finding import Level

_RELOAD_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEventView:
    """A line of what happened, or of what is ahead: `what` in words, with whom and where."""

    at: datetime
    what: str
    channel: str = ""
    by: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A link to what belongs to an alert: its errors here, log lines in another system."""

    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert. `figures` is the value against its limit, `lasted` how long it has been or was, both in words; `since`
    is when it began. `subject` is the path of the page of its series, or of whatever else it is about.
    """

    id: str
    series: str
    summary: str
    level: Level
    tier: str
    state: str
    since: datetime
    lasted: str
    figures: str = ""
    subject: str = ""
    runbook: str = "/runbooks"
    acknowledged_by: str = ""
    can_be_acknowledged: bool = False
    is_open: bool = True
    history: Sequence[AlertEventView] = ()
    ahead: Sequence[AlertEventView] = ()
    elsewhere: Sequence[Elsewhere] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceView:
    """A silence that has not ended."""

    id: str
    matcher: str
    starts_at: datetime
    ends_at: datetime
    by: str
    reason: str = ""
    deployment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeView:
    """What a link in a message stands for. `refusal` says why it is worth nothing any more, `done_by` who used it now.

    `needs_token`: these alerts are acknowledged only by somebody who logs in; `problem` is what was wrong when somebody
    tried. Of no alert: the test of a channel.
    """

    alerts: Sequence[AlertView]
    channel: str = ""
    refusal: str = ""
    done_by: str = ""
    needs_token: bool = False
    problem: str = ""


def render_alerts(frame: Frame, alerts: Sequence[AlertView], silences: Sequence[SilenceView]) -> str:
    """The list of alerts and silences, as HTML."""
    count = sum(one.is_open for one in alerts)
    told = "1 alert is open" if count == 1 else f"{count or 'No'} alert{'s are' if count else ' is'} open"
    return render_page("alerts.html.j2", frame, title=told, reload=_RELOAD_SECONDS, alerts=alerts, silences=silences)


def render_alert(frame: Frame, alert: AlertView) -> str:
    """One alert with everything that happened to it, and what is ahead of it, as HTML."""
    return render_page("alert.html.j2", frame, title=f"{alert.state}: {alert.series}", alert=alert)


def render_acknowledge(view: AcknowledgeView) -> str:
    """The page behind a link: one button, or what became of it, as HTML. It leads nowhere else."""
    return environment().get_template("acknowledge.html.j2").render(view=view)
