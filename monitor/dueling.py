"""Carries out a duel: two addresses called in turn by the same probes until it is decided which one is slower."""

import math
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from baselines import (
    RULE_VERSION,
    Baseline,
    CaptureConditions,
    Case,
    Change,
    Clock,
    Comparison,
    Judgement,
    Look,
    Measurement,
    Spacing,
    Verdict,
    compare,
)
from baselines.clock import SteadyClock
from baselines.duel import BLOCK_PAIRS, DUEL_FLOOR_SECONDS, judge_duel, look_after
from monitor.capturing import host_load
from monitor.configuration import Configuration
from monitor.duel_side import DuelSide
from monitor.opponents import Opponents
from probes import ProbeSet

# A pair that the prober itself disturbed, or in which a run was left out, is made again: so many rounds at most for the
# ten pairs of a block.
_MOST_ROUNDS = 4 * BLOCK_PAIRS


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands after some pairs of those planned; `judgements` are preliminary for the series in `undecided`."""

    pairs: int
    planned: int
    judgements: Mapping[str, Judgement]
    undecided: Collection[str]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A duel that is over: the comparison, and both sides with a session a block."""

    comparison: Comparison
    old: Baseline
    new: Baseline


class _Block:
    """Ten pairs of each of these series; a pair counts only where both calls say something."""

    def __init__(self, series: Collection[str]) -> None:
        self.old: dict[str, list[Measurement]] = {name: [] for name in series}
        self.new: dict[str, list[Measurement]] = {name: [] for name in series}

    @property
    def pairs(self) -> int:
        """How many pairs each series has at least."""
        return min(map(len, self.old.values()))

    def needs(self, series: str) -> bool:
        """Whether there are too few pairs of that series."""
        return series in self.old and len(self.old[series]) < BLOCK_PAIRS

    def add(self, old: Mapping[str, Measurement], new: Mapping[str, Measurement]) -> None:
        """One call of a probe on both sides."""
        for name in filter(self.needs, old):
            if old[name].says_something and new[name].says_something:
                self.old[name].append(old[name])
                self.new[name].append(new[name])


class Dueling:
    """One duel of so many pairs at most. Both sides share this process and are never called at the same time.

    `tolerances` has the tolerated ratio of each series. `watched` is called after every round of pairs.
    """

    def __init__(
        self,
        configuration: Configuration,
        opponents: Opponents,
        tolerances: Mapping[str, float],
        *,
        pairs: int,
        clock: Clock,
        watched: Callable[[Standing], None],
    ) -> None:
        self._configuration = configuration
        self._opponents = opponents
        self._tolerances = tolerances
        self._blocks = math.ceil(pairs / BLOCK_PAIRS)
        self._clock = SteadyClock(clock)
        self._watched = watched
        self._order = random.Random()
        self._judgements: dict[str, Judgement] = {}

    async def fight(self) -> Outcomes:
        """The whole duel. Raises CannotRunError where one side can't be measured at all."""
        meeting, clock = self._opponents, self._clock
        async with meeting.probe_set(meeting.old, clock) as at_old, meeting.probe_set(meeting.new, clock) as at_new:
            old = DuelSide("OLD", meeting.target, meeting.old, at_old, clock)
            new = DuelSide("NEW", meeting.target, meeting.new, at_new, clock)
            for side in (old, new):
                await side.require_answers()
            for side in (old, new):
                await side.warm_up()
            changes = await _differences(old, new)
            await self._fight(old, new)
        before, after = (side.as_baseline(self._configuration.settings) for side in (old, new))
        comparison = compare(
            before,
            after,
            self._tolerances,
            history={},
            known=at_old.series,
            changes=changes,
            judge=lambda cases, _: [self._judgements[one.metric] for one in cases],
        )
        return Outcomes(replace(comparison, interleaved=True), before, after)

    async def _fight(self, old: DuelSide, new: DuelSide) -> None:
        """Block by block; what a look has decided is measured and judged no more."""
        undecided = {name for name, series in old.probes.series.items() if series.is_duration}
        for number in range(1, self._blocks + 1):
            await self._fight_block(number, undecided, old, new)
            look = look_after(number, self._blocks)
            self._judge(undecided, old, new, look or Look.DUEL_END)
            if look is not None:
                undecided = {one for one in undecided if self._judgements[one].deciding.verdict is Verdict.INCONCLUSIVE}
            self._show(number * BLOCK_PAIRS, undecided)
            if not undecided:
                return

    async def _fight_block(self, number: int, undecided: Collection[str], old: DuelSide, new: DuelSide) -> None:
        """Rounds with probes and sides in random order, until every series has its pairs."""
        conditions, started_at, block = self._conditions(), self._clock.now(), _Block(undecided)
        for _ in range(_MOST_ROUNDS):
            lacking = [probe for probe in old.probes.names if any(map(block.needs, _series(old.probes, probe)))]
            if not lacking:
                break
            for probe in self._order.sample(lacking, len(lacking)):
                calls = {side: await side.run(probe) for side in self._order.sample([old, new], 2)}
                block.add(calls[old], calls[new])
            self._show((number - 1) * BLOCK_PAIRS + block.pairs, undecided)
        old.keep(block.old, conditions, started_at)
        new.keep(block.new, conditions, started_at)

    def _judge(self, undecided: Collection[str], old: DuelSide, new: DuelSide, look: Look) -> None:
        """Judge what is undecided as one family; what was decided before stays."""
        cases = [
            Case(
                metric=name,
                before=old.samples_of(name),
                after=new.samples_of(name),
                tolerance=self._tolerances[name],
                floor=DUEL_FLOOR_SECONDS,
            )
            for name in sorted(undecided)
        ]
        self._judgements.update(zip((one.metric for one in cases), judge_duel(cases, look), strict=True))

    def _show(self, pairs: int, undecided: Collection[str]) -> None:
        self._watched(Standing(pairs, self._blocks * BLOCK_PAIRS, self._judgements, undecided))

    def _conditions(self) -> CaptureConditions:
        return CaptureConditions(
            spacing=Spacing.BURST,
            connection_mode="interleaved",
            host_load=host_load(),
            release=self._configuration.settings.release,
            configuration_hash=self._configuration.hash,
            rule_version=RULE_VERSION,
            prober_version=version("portalwatch"),
        )


async def _differences(old: DuelSide, new: DuelSide) -> Sequence[Change]:
    """What is otherwise on the new side than on the old one, besides the times."""
    was, is_now = await old.facts(), await new.facts()
    return [change for key in was if key in is_now for change in is_now[key].changes_since(was[key].facts)]


def _series(probes: ProbeSet, probe: str) -> list[str]:
    return [one.name for one in probes.series_of(probe)]
