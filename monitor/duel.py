"""A duel from two addresses to an assessment: what `portalwatch duel` and an advice by interleaving have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from baselines import Clock
from monitor.comparing import Figures
from monitor.configuration import Configuration
from monitor.dueling import Dueling, Outcomes, Standing
from monitor.errors import ConfigurationError
from monitor.opponents import Opponents, opponents
from probes import series_of
from thresholds import Assessment, FigureError, Profile, assess, tolerances

# Finds 35 % nine times in ten, and decides 40 % where two captures can't.
PAIRS = 60


@dataclass(frozen=True, slots=True)
class Duel:
    """A duel that can begin. `tolerances` has the tolerated ratio of each series, `profile` their name in reports."""

    configuration: Configuration
    opponents: Opponents
    figures: Figures
    tolerances: Mapping[str, float]
    profile: str

    @classmethod
    def between(
        cls,
        configuration: Configuration,
        old: str,
        new: str,
        *,
        target: str | None = None,
        globs: Sequence[str] = (),
        profile: Profile = Profile.STANDARD,
        tolerance_percent: float | None = None,
    ) -> "Duel":
        """The configured probes of one target against two URLs or two DSNs.

        Raises ConfigurationError where the two are not of one kind, it isn't clear which probes are meant, or the
        tolerance is out of bounds.
        """
        meeting = opponents(configuration.settings, old, new, target=target, globs=globs)
        figures = Figures.load(configuration, series_of(configuration.settings.probes))
        try:
            allowed = tolerances(series_of(meeting.probes).values(), figures.matrix, profile, tolerance_percent)
        except FigureError as error:
            raise ConfigurationError(str(error)) from error
        name = profile.value if tolerance_percent is None else f"{tolerance_percent:g} %"
        return cls(configuration, meeting, figures, allowed, name)

    async def fight(
        self, clock: Clock, *, pairs: int = PAIRS, watched: Callable[[Standing], None] = lambda _: None
    ) -> tuple[Assessment, Outcomes]:
        """So many pairs at most, with findings and advice. Raises CannotRunError where one side can't be measured."""
        dueling = Dueling(
            self.configuration, self.opponents, self.tolerances, pairs=pairs, clock=clock, watched=watched
        )
        outcomes = await dueling.fight()
        figures = self.figures
        assessment = assess(
            outcomes.comparison, figures.matrix, figures.rollback, figures.routing, self.profile, clock.now()
        )
        return assessment, outcomes
