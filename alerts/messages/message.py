"""What people read, or hear: the title alone says what is wrong, and fits into an SMS."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from alerts.alert import Alert
from alerts.incidents.incident import IncidentAction
from alerts.messages.digest import Digest
from alerts.messages.rendering import fit_call, fit_sms, in_seven_bits, render
from alerts.messages.speech import spoken
from alerts.messages.telling import TITLE_LENGTH, Telling
from alerts.messages.wording import fitted, one_line
from alerts.notification import Notification
from thresholds.finding import Level, Rule

# Alerts that a message lists, each in a line; the others are counted.
LISTED = 20
# What others wrote, such as a plan, is cut to this.
LINE_LENGTH = 300


class Style(StrEnum):
    """What a channel can carry: how long a message may be, and whether it is read or heard."""

    MAIL = "mail"
    CHAT = "chat"
    SMS = "sms"
    CALL = "call"


class Tone(StrEnum):
    """What colour or icon a service gives the message."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where a message leads to; whoever composes messages knows the addresses. None: no such line."""

    alert: str | None = None
    series: str | None = None
    runbook: str | None = None
    acknowledge: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What is known beyond the alert itself at the moment of sending; everything may be missing.

    `baseline` is a phrase (`1.32 × the baseline (95 % interval 1.20 to 1.45)`). `changes` are sentences: what changed
    since shortly before it began, the newest first. `done` is what was done so far, the oldest first (`14:20 carol
    acknowledged`).
    """

    links: Links = Links()
    baseline: str = ""
    changes: tuple[str, ...] = ()
    done: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One alert that a message speaks of."""

    alert: Alert
    notification: Notification
    briefing: Briefing


@dataclass(frozen=True, slots=True)
class Message:
    """`title` has at most TITLE_LENGTH characters and no line break; `body` is plain text.

    `alert_id` is that of the one alert the message speaks of, None where it speaks of several. `severity` is the level
    of the gravest. `source` is what is broken: the series, or what several have in common.
    """

    title: str
    body: str
    tone: Tone
    alert_id: str | None = None
    action: IncidentAction = IncidentAction.TRIGGER
    severity: Level = Level.WARNING
    source: str = "portalwatch"


def compose(told: Sequence[Told], style: Style, *, acknowledge: str | None = None) -> Message:
    """The message of one notification, or one message of several: the gravest first, then the newest.

    Of an alert that is told more than once only the latest counts. `acknowledge` is the one link that acknowledges all
    of them; for one alert it stands in the place of its own. A message that asks nobody to do anything has no such
    link. Mail and chat end with the id and the sequence by which a receiver can tell a message that comes twice.

    Raises ValueError where there is no alert to speak of.
    """
    ordered = _in_order(told)
    if not ordered:
        raise ValueError("a message speaks of one alert at least")
    if len(ordered) == 1:
        return _compose_one(ordered[0], style, acknowledge)
    return _compose_several(ordered, style, acknowledge)


def _compose_one(told: Told, style: Style, acknowledge: str | None) -> Message:
    one, briefing = _telling(told), told.briefing
    link = None if one.is_answered else acknowledge or briefing.links.acknowledge
    text = render(
        style.value,
        one=one,
        figures=_figures(one, one_line(briefing.baseline)),
        links=replace(briefing.links, acknowledge=link),
        changes=_lines(briefing.changes),
        done=_lines(briefing.done),
    )
    return Message(
        title=_title(one, style),
        body=_body(text, style, link or briefing.links.alert, f"[{told.alert.id} {one.sequence}]"),
        tone=_tone([one]),
        alert_id=told.alert.id,
        action=_action([one]),
        severity=told.alert.level,
        source=one.name,
    )


def _compose_several(told: Sequence[Told], style: Style, acknowledge: str | None) -> Message:
    tellings = [_telling(one) for one in told]
    digest, first = Digest(tellings), tellings[0]
    link = None if digest.is_answered else acknowledge
    # The page of the first alert without a line of its own, else of the gravest: whoever is in haste has looked up few.
    pages = (one.briefing.links.alert for one in (*told[LISTED:], *told))
    page = next((one for one in pages if one), None)
    runbooks = {one.briefing.links.runbook for one in told if one.briefing.links.runbook}
    text = render(
        f"{style}_several",
        digest=digest,
        first=first,
        shown=tellings[:LISTED],
        more=len(tellings[LISTED:]),
        page=page,
        acknowledge=link,
        runbook=runbooks.pop() if len(runbooks) == 1 else None,
        changes=_lines(_once(one.briefing.changes for one in told)),
        done=_lines(_once(one.briefing.done for one in told)),
    )
    return Message(
        title=_title(digest, style),
        body=_body(text, style, link or page, f"[{first.alert.id} {first.sequence} +{len(told) - 1}]"),
        tone=_tone(tellings),
        action=_action(tellings),
        severity=digest.level,
        source=digest.where or "portalwatch",
    )


def _figures(one: Telling, baseline: str) -> list[str]:
    """The figure against its limit and against the baseline, which are the same for the baseline rule. Not of an end,
    whose summary has all there is to say.
    """
    if one.is_over:
        return []
    if one.alert.rule is Rule.BASELINE and baseline:
        return [f"{baseline}, limit {one.limit}" if one.limit else baseline]
    return [told for told in (one.figures, baseline) if told]


def _in_order(told: Iterable[Told]) -> list[Told]:
    latest: dict[str, Told] = {}
    for one in told:
        known = latest.get(one.alert.id)
        if known is None or _step(known) <= _step(one):
            latest[one.alert.id] = one
    newest_first = sorted(latest.values(), key=lambda one: one.alert.opened_at, reverse=True)
    gravity = list(Level).index
    return sorted(newest_first, key=lambda one: (_telling(one).is_answered, -gravity(one.alert.level)))


def _step(told: Told) -> tuple[int, int]:
    return told.notification.occurrence, told.notification.step


def _telling(told: Told) -> Telling:
    return Telling(told.alert, told.notification)


def _lines(texts: Iterable[str]) -> list[str]:
    return [fitted(one_line(one), LINE_LENGTH) for one in texts]


def _once(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(one for each in lists for one in each))


def _title(telling: Telling | Digest, style: Style) -> str:
    if style is Style.CALL:
        return fitted(spoken(telling.announcement), TITLE_LENGTH, "")
    if style is Style.SMS:
        return fitted(in_seven_bits(telling.heading), TITLE_LENGTH, "...")
    return telling.heading


def _body(text: str, style: Style, link: str | None, tag: str) -> str:
    match style:
        case Style.SMS:
            return fit_sms(text.splitlines(), link, tag)
        case Style.CALL:
            return fit_call(text.splitlines())
        case Style.MAIL | Style.CHAT:
            return text


def _action(tellings: Sequence[Telling]) -> IncidentAction:
    if all(one.is_over for one in tellings):
        return IncidentAction.RESOLVE
    return IncidentAction.ACKNOWLEDGE if all(one.is_answered for one in tellings) else IncidentAction.TRIGGER


def _tone(tellings: Sequence[Telling]) -> Tone:
    asking = [one for one in tellings if not one.is_answered]
    if not asking:
        return Tone.SUCCESS if all(one.is_well for one in tellings) else Tone.INFO
    return Tone.FAILURE if any(one.alert.level is Level.CRITICAL for one in asking) else Tone.WARNING
