"""The messages of a deployment, written for each kind of channel, and shown before they are sent."""

import hashlib

from alerts.errors import UnfinishedMessageError
from alerts.messages.deployment import Announcement, EmergencyNotice, StatusUpdate, find_blanks
from alerts.messages.deployment_words import NoticeWords, StatusWords
from alerts.messages.message import LINE_LENGTH, LISTED, Message, Style, Tone
from alerts.messages.rendering import fit_call, fit_sms, in_seven_bits, render
from alerts.messages.speech import spoken
from alerts.messages.telling import TITLE_LENGTH
from alerts.messages.wording import fitted
from thresholds.deployment.standing import Standing
from thresholds.finding import Level

_STANDINGS = {
    Standing.ON_TRACK: (Tone.SUCCESS, Level.OK),
    Standing.DELAYED: (Tone.WARNING, Level.WARNING),
    Standing.ISSUES: (Tone.FAILURE, Level.WARNING),
}


def compose_announcement(message: Announcement, style: Style) -> Message:
    """The message as a channel of that style gets it. A mail has everything, a chat the same in lines, an SMS what
    matters most and whom to ask, a call a few sentences.

    Raises UnfinishedMessageError while something is blank.
    """
    missing = find_blanks(message)
    if missing:
        kind = "status update" if isinstance(message, StatusUpdate) else "emergency notification"
        raise UnfinishedMessageError(
            f"the {kind} is not sent while it lacks {'; '.join(one.words for one in missing)}: fill in what is missing"
        )
    words = _words(message)
    tone, level = _gravity(message)
    return Message(
        title=_title(words, style),
        body=_body(words, style),
        tone=tone,
        alert_id=_incident_id(message),
        severity=level,
        source=f"deployment {words.deployment}",
    )


def preview_announcement(message: Announcement) -> str:
    """The title and the text of the mail, with `(blank: mitigation)` in the place of each thing that is missing."""
    words = _words(message)
    return f"{_title(words, Style.MAIL)}\n\n{_body(words, Style.MAIL)}"


def _words(message: Announcement) -> StatusWords | NoticeWords:
    missing = find_blanks(message)
    return StatusWords(message, missing) if isinstance(message, StatusUpdate) else NoticeWords(message, missing)


def _title(words: StatusWords | NoticeWords, style: Style) -> str:
    if style is Style.CALL:
        return fitted(spoken(words.heading.capitalize()), TITLE_LENGTH, "")
    if style is Style.SMS:
        return fitted(in_seven_bits(words.heading), TITLE_LENGTH, "...")
    return words.heading


def _body(words: StatusWords | NoticeWords, style: Style) -> str:
    text = render(f"{style}_{words.template}", said=words, listed=LISTED, length=LINE_LENGTH)
    match style:
        case Style.SMS:
            return fit_sms(text.splitlines(), None, in_seven_bits(words.ending))
        case Style.CALL:
            return fit_call(text.splitlines())
        case Style.MAIL | Style.CHAT:
            return text


def _gravity(message: Announcement) -> tuple[Tone, Level]:
    if isinstance(message, StatusUpdate) and message.standing is not None:
        return _STANDINGS[message.standing]
    return Tone.FAILURE, Level.CRITICAL


def _incident_id(message: Announcement) -> str | None:
    """What a service with incidents keeps an emergency under: a call that is tried again opens no other one. It is no
    alert's id, so an acknowledgement there is nobody's here. A status update is no incident.
    """
    if not isinstance(message, EmergencyNotice):
        return None
    return f"emergency-{hashlib.sha256(repr(message).encode()).hexdigest()[:12]}"
