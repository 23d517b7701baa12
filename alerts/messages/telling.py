"""What is said of one alert at one moment, in pieces, and the line above a message."""

from dataclasses import dataclass
from datetime import datetime

from alerts.alert import Alert
from alerts.messages.wording import (
    fitted,
    format_duration,
    format_figure,
    format_instant,
    format_moment,
    one_line,
    shortened,
)
from alerts.notification import Notification, Reason
from thresholds.finding import Rule

# One SMS in the alphabet that any letter may force it into (3GPP TS 23.038, UCS-2).
TITLE_LENGTH = 70
_MOST_DIGITS = 12
_LINE_LENGTH = 160
# An SMS writes an ellipsis as three full stops, so that each of its letters takes seven bits.
DOTS = 2


@dataclass(frozen=True, slots=True)
class Telling:
    """An alert in the words of one of its notifications. Each piece is one line, or empty where there is nothing to
    say; templates put them together.

    The alert is told as it is now, while the notification may have waited: what it has lasted so far is counted to the
    later of the latest evaluation and the moment at which the notification was due.
    """

    alert: Alert
    notification: Notification

    @property
    def is_over(self) -> bool:
        """Whether the message tells the end."""
        return self.notification.reason in (Reason.RESOLVED, Reason.RETIRED)

    @property
    def is_well(self) -> bool:
        """Whether the end is a good one: measured to be so, not said by somebody, nor for want of a measurement."""
        return self.notification.reason is Reason.RESOLVED and self.alert.good_count > 0

    @property
    def is_answered(self) -> bool:
        """Whether nobody is asked to do anything: it is over, or somebody has it in hand."""
        return self.is_over or self.notification.reason is Reason.ACKNOWLEDGED

    @property
    def name(self) -> str:
        """The series, as it is written everywhere else."""
        return one_line(self.alert.series)

    @property
    def summary(self) -> str:
        """What is wrong, in a sentence that names the series; of what somebody ended, what was wrong."""
        by_hand = self.notification.reason is Reason.RESOLVED and not self.is_well
        return one_line(f"ended by hand; last seen: {self.alert.summary}" if by_hand else self.alert.summary)

    @property
    def word(self) -> str:
        """`CRITICAL` or `WARNING`; `RESOLVED`, `RETIRED` or `ACKNOWLEDGED` where nobody is asked to do anything."""
        return self.notification.reason.upper() if self.is_answered else self.alert.level.upper()

    @property
    def qualifier(self) -> str:
        """What makes this message another than the first: a word or two beside the level."""
        match self.notification.reason:
            case Reason.RAISED:
                return "worse"
            case Reason.ESCALATED:
                return "unanswered"
            case Reason.EXHAUSTED:
                return "nobody answers"
            case Reason.REMINDED:
                return "reminder"
            case Reason.REOPENED:
                return "open again"
            case Reason.UNSILENCED:
                return "silence over"
            case _:
                return "flapping" if self.is_flapping and not self.is_answered else ""

    @property
    def value(self) -> str:
        """`1250 ms`; empty where nothing was measured."""
        return "" if self.alert.value is None else self._figure(self.alert.value)

    @property
    def limit(self) -> str:
        """`300 ms`, or `1.25` times the baseline; empty where there is none."""
        if self.alert.value_limit is None:
            return ""
        return self._figure(self.alert.value_limit).removesuffix(" × the baseline")

    @property
    def figures(self) -> str:
        """`1250 ms, limit 300 ms`; empty where no limit was broken, and the summary says it all."""
        return f"{self.value}, limit {self.limit}" if self.value and self.limit else ""

    @property
    def figures_aloud(self) -> str:
        """The same as the end of a sentence that begins with the name."""
        if not self.figures:
            return ""
        verb, times = ("takes", " ×") if self.alert.rule is Rule.BASELINE else ("is at", "")
        return f"{verb} {self.value}, its limit is {self.limit}{times}"

    @property
    def place(self) -> dict[str, str]:
        """Which tier is told, of what, and what the customer wants to be done; those there are."""
        labels = {"Tier": self.alert.tier, "Target": self.alert.target, "Action": self.alert.action}
        return {name: one_line(one) for name, one in labels.items() if one}

    @property
    def since(self) -> str:
        """When it began, with the day where that is an earlier one: `14:03 UTC`, `1 March 23:50 UTC`."""
        return self._moment(self.alert.opened_at)

    @property
    def until(self) -> str:
        """When it ended; empty while it has not."""
        return self._moment(self.alert.resolved_at) if self.alert.resolved_at else ""

    @property
    def lasting(self) -> str:
        """How long it lasted, or has lasted so far; empty where it has only begun."""
        until = self.alert.resolved_at or max(self.alert.updated_at, self.notification.due_at)
        seconds = round((until - self.alert.opened_at).total_seconds())
        return format_duration(seconds) if seconds > 0 else ""

    @property
    def standing(self) -> str:
        """From when to when, to the second."""
        since = f"since {format_instant(self.alert.opened_at)}"
        if self.alert.resolved_at is not None:
            lasted = f", lasted {self.lasting}" if self.lasting else ""
            ended = "cleared" if self.is_well else "ended"
            return f"Fired and {ended}: {since}, until {format_instant(self.alert.resolved_at)}{lasted}"
        return f"{self.alert.level.capitalize()}, {since}" + (f", for {self.lasting} so far" if self.lasting else "")

    @property
    def is_flapping(self) -> bool:
        """Whether it comes and goes."""
        return self.alert.is_flapping

    @property
    def why(self) -> str:
        """Why somebody is told now; empty where it is because it has just fired or is over."""
        match self.notification.reason:
            case Reason.FIRED | Reason.RESOLVED | Reason.RETIRED:
                told = ""
            case Reason.RAISED:
                told = f"it got worse and is {self.alert.level} now"
            case Reason.ESCALATED:
                told = f"escalated: nobody acknowledged{self._unanswered}"
            case Reason.EXHAUSTED:
                told = f"everybody was told, and nobody has acknowledged{self._unanswered}"
            case Reason.REMINDED:
                told = f"reminder: nobody has acknowledged{self._unanswered}"
            case Reason.REOPENED:
                told = f"open again: the acknowledgement{self._by} has expired"
            case Reason.UNSILENCED:
                told = "the silence has ended, and it is still broken"
            case Reason.ACKNOWLEDGED:
                until = self.alert.acknowledged_until
                told = f"acknowledged{self._by}" + (f" until {self._moment(until)}" if until else "")
            case other:
                told = other.replace("_", " ")
        flaps = f"flapping: it came back {self.alert.flaps} times shortly after its end" if self.is_flapping else ""
        return "; ".join(one for one in (told, flaps) if one)

    @property
    def line(self) -> str:
        """The whole of it in one line among others."""
        if self.is_over:
            lasted = f"lasted {self.lasting}, since {self.since}" if self.lasting else f"since {self.since}"
            return f"{self.word}: {self.name} {lasted}"
        return f"{self._words[0]}: {fitted(self.summary, _LINE_LENGTH)}, since {self.since}"

    @property
    def sequence(self) -> str:
        """`occurrence.step`: a message that came before had both, and is the same."""
        return f"{self.notification.occurrence}.{self.notification.step}"

    @property
    def label(self) -> str:
        """Which message of which alert this is, and why it was sent: the same wherever it is read by a machine."""
        return f"Alert {self.alert.id}, message {self.sequence} ({self.notification.reason})"

    @property
    def announcement(self) -> str:
        """The line above what is said aloud; the figure is in its first sentence."""
        alert = "" if self.is_answered else " alert"
        qualifier = f", {self.qualifier}" if self.qualifier else ""
        return f"{self.word.capitalize()}{alert}{qualifier}: {self.name}"

    @property
    def heading(self) -> str:
        """What is wrong, in TITLE_LENGTH characters. A long name takes the room of the limit first, then that of the
        qualifier, and loses its own middle before the value goes.
        """
        told = [f"{self.name}{one}" for one in self._endings] or [self.summary or self.name]
        whole = (f"{word}: {one}" for word in self._words for one in told)
        return next((one for one in whole if len(one) <= TITLE_LENGTH), self._cut_heading())

    def _cut_heading(self) -> str:
        word, length = self._words[-1], TITLE_LENGTH - DOTS
        if not self._endings:
            return fitted(f"{word}: {self.summary or self.name}", length)
        ending = self._endings[-1]
        return f"{word}: {shortened(self.name, length - len(f'{word}: {ending}'))}{ending}"

    @property
    def _words(self) -> list[str]:
        """What a heading begins with, the most telling first."""
        if self.notification.reason is Reason.ACKNOWLEDGED:
            return [f"{self.word}{self._by}", self.word]
        return [f"{self.word}, {self.qualifier}", self.word] if self.qualifier else [self.word]

    @property
    def _endings(self) -> list[str]:
        """What may stand behind the name, the most telling first; nothing where there is no figure to show."""
        if self.is_answered:
            return [f" after {self.lasting}" if self.is_over and self.lasting else ""]
        value = self.alert.value
        if value is None or not self.figures:
            return []
        slower = f"{value:.1f}× slower" if value < 10 else f"{value:.0f}× slower"
        brief = slower if self.alert.rule is Rule.BASELINE else self.value
        return [f" {one}" for one in dict.fromkeys((self.figures, self.value, brief))]

    @property
    def _by(self) -> str:
        return f" by {one_line(self.alert.acknowledged_by)}" if self.alert.acknowledged_by else ""

    @property
    def _unanswered(self) -> str:
        """How long; not known once it was acknowledged and that expired, or once it got worse."""
        fired_at, due_at = self.alert.fired_at, self.notification.due_at
        if fired_at is None or self.notification.occurrence > 1 or due_at <= fired_at:
            return ""
        return f" for {format_duration((due_at - fired_at).total_seconds())}"

    def _figure(self, value: float) -> str:
        """A figure with as many digits as it takes to tell the value from its limit."""
        both = {one for one in (self.alert.value, self.alert.value_limit) if one is not None}
        unit, rule = self.alert.unit, self.alert.rule
        enough = (n for n in range(4, _MOST_DIGITS) if len({format_figure(one, unit, rule, n) for one in both}) == 2)
        return format_figure(value, unit, rule, next(enough, 4))

    def _moment(self, at: datetime) -> str:
        return format_moment(at, self.notification.due_at)
