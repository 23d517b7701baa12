"""Old and new side by side, called in turn: what makes one slow makes both slow, and falls out of their difference.

Ten pairs of calls make a block, and the difference of the two log locations of a block is one observation. Two captures
of one system differ by 0.19 (sd of the log ratio), sixty pairs by 0.04: docs/decisions/0016.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from baselines.availability import AVAILABILITY_ERROR, judge_paired_availability
from baselines.case import Case, Look
from baselines.family import Judgement
from baselines.moderated import Flags, SessionRow
from baselines.samples import Samples
from baselines.statistics import Estimate, Floats, Groups, level
from baselines.tail import judge_tail
from baselines.typical import Typical, judge_contrast
from baselines.verdict import Answer, Verdict

# On recorded pairs blocks of 10 scatter least: of 5 the location is their fastest call, of 20 there are too few blocks.
BLOCK_PAIRS = 10
# The calls of a block that are judged, as shares from the fastest. The mood of the host falls out anyway, so more of
# them than in a capture: the fastest two scatter no less, and are blind to a change that leaves some calls alone.
FASTER_HALF = (0.10, 0.50)
# What drifts by itself drifts on both sides of a pair, so the floor is far below that of two captures.
DUEL_FLOOR_SECONDS = 0.0001
# A tail can be told from no fewer calls than twenty.
_BLOCKS_A_TAIL = 2


def look_after(blocks: int, planned: int) -> Look | None:
    """Which look is due after so many blocks of those planned; None between two looks.

    The early one is two thirds of the way, where the interval is narrow enough to decide most duels.
    """
    if blocks == planned:
        return Look.DUEL_END
    return Look.DUEL_EARLY if blocks == math.ceil(2 * planned / 3) else None


def judge_duel(cases: Sequence[Case], look: Look) -> list[Judgement]:
    """Judges series whose sessions are blocks: the i-th call of each block before and the i-th one after are a pair.

    The rules are those of `judge_family`. The scatter is that of the blocks' own differences, so no history is asked
    for and nothing is assumed. `more_sessions` of an answer are blocks. Raises ValueError where the blocks are not in
    pairs.
    """
    tails = judge_tail([_for_tail(case) for case in cases], look)
    return [
        Judgement(
            answers=_answers(case, typical, tail, look),
            level=typical.level,
            probability_over=typical.probability_over,
        )
        for case, typical, tail in zip(cases, judge_pairs(cases, look), tails, strict=True)
    ]


def judge_pairs(cases: Sequence[Case], look: Look) -> list[Typical]:
    """Whether the typical call became slower, by t on the differences of the blocks. Raises as `judge_duel` does."""
    for case in cases:
        if [len(one) for one in case.before] != [len(one) for one in case.after]:
            raise ValueError(f"{case.metric}: in a duel each call before has its call after")
    if not cases:
        return []
    row = SessionRow(cases)
    with np.errstate(all="ignore"):
        locations = row.locations(np.full((len(cases), 2), FASTER_HALF))
        contrast = Paired(row, locations)
    return judge_contrast(row, locations, contrast, look)


class Paired:
    """A figure of every block as the difference of its two sides. Implements `baselines.moderated.Contrast`."""

    def __init__(self, row: SessionRow, locations: Floats) -> None:
        number = len(row.cases)
        before, after = locations[row.side == 0], locations[row.side == 1]
        owner = row.case[row.side == 0]
        self.before = Groups.of(before, owner, number)
        self.learnt: Flags = np.ones(number, dtype=np.bool_)
        self._differences = Groups.of(after - before, owner, number)
        blocks = self._differences.count
        self._variance: Floats = self._differences.squares / (blocks - 1)
        self.estimate = Estimate(
            value=np.where(blocks > 1, self._differences.mean, np.nan),
            error=np.sqrt(self._variance / blocks),
            degrees=blocks - 1,
        )
        alone = Groups.of(after, owner, number)
        self.level = level(alone, alone.squares / (alone.count - 1), alone.count - 1)

    def more_sessions(self, log_separation: Floats, planned: float) -> Floats:
        """How many more blocks would tell two log ratios that far apart, with `planned` standard errors between."""
        needed = np.ceil(self._variance / (log_separation / planned) ** 2)
        return np.maximum(1, needed - self._differences.count)

    def undecided(self, i: int, more: int) -> str:
        """What to do about that case where so many more blocks would probably decide it."""
        return _undecided(int(self._differences.count[i]), more)

    def reservations(self, i: int) -> list[str]:  # noqa: ARG002 - every case knows its own scatter
        """None: nothing is assumed."""
        return []


def _answers(case: Case, typical: Typical, tail: Answer | None, look: Look) -> tuple[Answer, ...]:
    error = AVAILABILITY_ERROR * look.error / Look.ONLY.error
    answers = (typical.answer, judge_paired_availability(case.before, case.after, error))
    if tail is None or typical.answer.ratio is None:
        return answers
    if tail.verdict is Verdict.INCONCLUSIVE and tail.more_sessions is not None and not tail.suspected:
        blocks = _BLOCKS_A_TAIL * tail.more_sessions
        tail = replace(tail, more_sessions=blocks, reason=_undecided(len(case.before), blocks))
    return (*answers, tail)


def _undecided(blocks: int, more: int) -> str:
    return f"undecided after {blocks * BLOCK_PAIRS} pairs: {more * BLOCK_PAIRS} more probably decide it"


def _for_tail(case: Case) -> Case:
    """The same calls in sessions long enough to have a tail."""
    return replace(case, before=_joined(case.before), after=_joined(case.after))


def _joined(blocks: Sequence[Samples]) -> list[Samples]:
    """Two neighbours in one; a last one without a neighbour goes to those before it."""
    ends = [*range(_BLOCKS_A_TAIL, len(blocks) - _BLOCKS_A_TAIL + 1, _BLOCKS_A_TAIL), len(blocks)]
    starts = [0, *ends[:-1]]
    return [_as_one(blocks[start:end]) for start, end in zip(starts, ends, strict=True) if start < end]


def _as_one(blocks: Sequence[Samples]) -> Samples:
    return Samples(
        np.concatenate([one.values for one in blocks]),
        np.concatenate([one.timed_out for one in blocks]),
    )
