"""One series to be judged: the sessions of both sides and what is known beforehand."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from baselines.baseline import Spacing
from baselines.samples import Samples

# Sessions a side at which looking on stops, and interleaving is the better use of the time.
LARGEST_CAPTURE = 12


class Look(Enum):
    """Which look at a comparison this is, with the chance of a false "degraded" it may spend, per series.

    A comparison that may be given further sessions while it is undecided is looked at after 5, 8 and 12 of them, and
    these three share out the error of the one look that was planned from the start. So do the two looks at a duel.
    """

    ONLY = (None, 0.050)
    FIRST = (5, 0.020)
    SECOND = (8, 0.016)
    LAST = (LARGEST_CAPTURE, 0.014)
    DUEL_EARLY = (None, 0.020)
    DUEL_END = (None, 0.030)

    def __init__(self, sessions: int | None, error: float) -> None:
        self.sessions = sessions
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Sessions before and after, in one unit of any kind, and the ratio after/before that is tolerated.

    `history` has earlier sessions of the unchanged series, from which its usual scatter is learnt; without it `spacing`
    says what to assume. `floor` is a difference in the same unit below which nothing is called degraded.
    """

    metric: str
    before: Sequence[Samples]
    after: Sequence[Samples]
    tolerance: float
    history: Sequence[Samples] = ()
    spacing: Spacing = Spacing.SPREAD
    floor: float = 0.0

    def __post_init__(self) -> None:
        if not self.tolerance > 1:
            raise ValueError(f"{self.metric}: a tolerance is a ratio above 1, not {self.tolerance}")
        if not self.floor >= 0:
            raise ValueError(f"{self.metric}: a floor is not negative, as {self.floor} is")
