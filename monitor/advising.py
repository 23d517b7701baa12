"""Advises right now whether a deployment is to be rolled back: is anything there at all, and what has become of it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from baselines import Baseline, BaselineStore, Clock
from baselines.capture import CapturePlan
from monitor.capturing import Capturing, FurtherSessions, Progress, further_name
from monitor.comparing import Comparing
from monitor.configuration import Configuration
from monitor.proving import with_proofs
from monitor.reachability import nothing_answers
from probes import ProbeSet
from thresholds import Advice, Assessment, advise_inaccessible

# What a capture is called that nobody has stored.
NOW = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """The advice, and what it was made from.

    `assessment` is None, and `captures` are empty, where the system was inaccessible and nothing could be captured.
    `captures` are the capture and the further sessions that a suspicion asked for, each as it would be stored.
    """

    advice: Advice
    assessment: Assessment | None = None
    captures: Sequence[Baseline] = ()

    @property
    def capture(self) -> Baseline | None:
        """The capture with all its sessions; None where nothing could be captured."""
        if not self.captures:
            return None
        first, *further = self.captures
        return first.extended([session for one in further for session in one.sessions])

    async def save(self, store: BaselineStore) -> None:
        """Keep what was captured; it becomes no active baseline. Raises BaselineError where the name is taken."""
        if not self.captures:
            return
        first, *further = self.captures
        await store.save(first, activate=False)
        for one in further:
            await store.save(replace(one, name=await further_name(store, first.name)), extends=first.name)


class Advising:
    """Captures by `plan` and judges as `comparing` does. Nothing is stored; the ledger notes what is true meanwhile, as
    it does of every capture. `announce` is told of further sessions before they are taken; with `top_up` they are taken
    also for what is inconclusive and could be decided by them.
    """

    def __init__(
        self,
        configuration: Configuration,
        comparing: Comparing,
        plan: CapturePlan,
        clock: Clock,
        progress: Progress,
        announce: Callable[[Baseline, Collection[str], int], None] = lambda *_: None,
        *,
        top_up: bool = False,
    ) -> None:
        self._configuration = configuration
        self._comparing = comparing
        self._plan = plan
        self._clock = clock
        self._progress = progress
        self._announce = announce
        self._top_up = top_up

    async def now(self, before: Baseline, *, name: str = NOW, release: str | None = None) -> Advised:
        """What the rollback matrix says of the system at this moment against `before`; `name` is that of the capture.

        Where nothing of the core functionality answers it is inaccessible, and nothing is captured. Else one target
        that is away is a finding like any other. Raises ConfigurationError where no probe is configured that times
        anything, BaselineError where none of them is in the baseline.
        """
        settings = self._configuration.settings
        async with ProbeSet(settings.probes, settings.targets, self._clock) as probes:
            core = self._core_probes(probes, before)
            if evidence := await nothing_answers(probes, core, self._clock):
                return Advised(advice=advise_inaccessible(evidence, self._comparing.figures.rollback))
            return await self._captured(probes, before, name, release)

    async def _captured(self, probes: ProbeSet, before: Baseline, name: str, release: str | None) -> Advised:
        comparing, clock = self._comparing, self._clock
        kept = comparing.workloads.store if comparing.workloads else None
        capturing = Capturing(self._configuration, probes, comparing.ledger, clock, self._progress, kept)
        captures = [await capturing.capture(name, self._plan, release=release, though_away=True)]

        async def keep(further: Baseline) -> None:
            captures.append(further)

        further = FurtherSessions(capturing, comparing.store, announce=self._announce, keep=keep, though_away=True)
        comparison, materials = await comparing.judge_surely(before, captures[0], further, top_up=self._top_up)
        comparison = await with_proofs(comparison, before, self._configuration.settings.probes, probes.links, clock)
        assessment = comparing.assess(comparison, materials.taken_at)
        return Advised(advice=assessment.advice, assessment=assessment, captures=captures)

    def _core_probes(self, probes: ProbeSet, before: Baseline) -> list[str]:
        """The probes of the core functionality, without what failed before already: no rollback brings that back."""
        by_series = {
            one.name: probe
            for probe in probes.names
            for one in probes.series_of(probe)
            if one.is_duration and one.name in before.series
        }
        core = self._comparing.figures.rollback.core_of({before.series[name].category for name in by_series})
        names = [name for name in by_series if before.series[name].category == core and _answered(before, name)]
        return list(dict.fromkeys(by_series[name] for name in names))


def _answered(before: Baseline, series: str) -> bool:
    """Whether any call of that series was answered at the time."""
    return any(not (one.failed | one.timed_out).all() for one in before.samples_of(series))
