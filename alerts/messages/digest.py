"""What is said of several alerts in one message: a group of one cause, or what a rate limit held back."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from alerts.messages.telling import DOTS, TITLE_LENGTH, Telling
from alerts.messages.wording import shortened
from thresholds.finding import Level

# In the order in which they are counted out.
_WORDS = ("CRITICAL", "WARNING", "ACKNOWLEDGED", "RETIRED", "RESOLVED")


@dataclass(frozen=True, slots=True)
class Digest:
    """At least two alerts, each once, in the order in which they are told."""

    tellings: Sequence[Telling]

    @property
    def is_over(self) -> bool:
        """Whether it tells nothing but ends."""
        return all(one.is_over for one in self.tellings)

    @property
    def is_answered(self) -> bool:
        """Whether nobody is asked to do anything."""
        return all(one.is_answered for one in self.tellings)

    @property
    def level(self) -> Level:
        """The gravest of those that are not over; of all, where all are."""
        standing = [one for one in self.tellings if not one.is_over] or self.tellings
        return max((one.alert.level for one in standing), key=list(Level).index)

    @property
    def counts(self) -> str:
        """`2 critical, 1 warning`."""
        counted = Counter(one.word for one in self.tellings)
        return ", ".join(f"{counted[word]} {word.lower()}" for word in _WORDS if word in counted)

    @property
    def since(self) -> str:
        """When the first of them began."""
        return min(self.tellings, key=lambda one: one.alert.opened_at).since

    @property
    def where(self) -> str:
        """What they have in common: the series, the target or the category; empty where there is nothing."""
        names = {one.name for one in self.tellings}
        targets = {one.alert.target for one in self.tellings}
        categories = {one.name.partition(".")[0] for one in self.tellings}
        return next((one for those in (names, targets, categories) if len(those) == 1 for one in those if one), "")

    @property
    def why(self) -> str:
        """Why they are told now, where it is for one reason."""
        reasons = {one.why for one in self.tellings}
        return reasons.pop() if len(reasons) == 1 else ""

    @property
    def heading(self) -> str:
        """`3 alerts, unanswered: 2 critical, 1 warning: portal`, in TITLE_LENGTH characters."""
        qualifiers = {one.qualifier for one in self.tellings}
        qualified = f", {qualifiers.pop()}" if len(qualifiers) == 1 and "" not in qualifiers else ""
        qualified, plain = self._told(qualified), self._told("")
        if len(qualified) + len(self._ending) <= TITLE_LENGTH or not self.where:
            return f"{qualified}{self._ending}"
        return f"{plain}{shortened(self._ending, TITLE_LENGTH - DOTS - len(plain))}"

    @property
    def announcement(self) -> str:
        """The line above what is said aloud."""
        return self.heading.capitalize() if self.is_answered else self.heading

    @property
    def key(self) -> str:
        """The same for the same messages of the same alerts, so that a receiver can collapse what comes twice."""
        labels = sorted(one.label for one in self.tellings)
        return hashlib.sha256("\n".join(labels).encode()).hexdigest()[:12]

    @property
    def _ending(self) -> str:
        return f": {self.where}" if self.where else ""

    def _told(self, qualified: str) -> str:
        words = {one.word for one in self.tellings}
        many = f"{len(self.tellings)} alerts"
        return f"{words.pop()}: {many}" if self.is_answered and len(words) == 1 else f"{many}{qualified}: {self.counts}"
