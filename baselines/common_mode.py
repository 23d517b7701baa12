"""Whether nearly everything moved alike: then it is the host or the whole deployment, and no single series."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median

# Fewer series than these say nothing of "everything".
FEWEST_SERIES = 5
# The share of the series that must have moved alike.
SHARE = 0.6
# The smallest common factor worth a headline, either way.
SMALLEST = 1.10
# On the log scale a series moved alike if it went between three fifths and five thirds of the common way. Measured on
# four sets of 12 to 15 recorded series, 200 comparisons each, five sessions a side: where each series was taken at
# moments of its own this fires in 0 to 0.5 % of comparisons; where half of the series were made 1.5 times slower, in 0
# to 7.5 %; where all of them were, in 83 to 100 %. Half to twice the way would find 94 to 100 %, and fire on half of
# the series in up to 37 %.
ALIKE = (0.6, 1 / 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The typical ratio after/before of a series, above 0. A control is one that no deployment can change."""

    series: str
    ratio: float
    is_control: bool


class CommonCause(StrEnum):
    """What the controls tell: they moved too, they stayed, or there is none with a ratio."""

    HOST = "host"
    DEPLOYMENT = "deployment"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonMode:
    """`moved` of `series` moved alike, by about `ratio` after/before. A label, never a correction of any verdict."""

    ratio: float
    moved: int
    series: int
    cause: CommonCause


def common_mode(moves: Sequence[Move]) -> CommonMode | None:
    """What most of the series have in common, None where they moved each in its own way or hardly at all.

    The common move is the median on the log scale. Controls are not counted, nor what is part of a series that is there
    itself (`a.b.c` and `a.b_c` beside `a.b`).
    """
    names = {one.series for one in moves}
    logs = [math.log(one.ratio) for one in moves if not one.is_control and not _is_part(one.series, names)]
    if len(logs) < FEWEST_SERIES:
        return None
    common = median(logs)
    if abs(common) < math.log(SMALLEST):
        return None
    moved = sum(ALIKE[0] <= each / common <= ALIKE[1] for each in logs)
    if moved < SHARE * len(logs):
        return None
    controls = [math.log(one.ratio) for one in moves if one.is_control]
    return CommonMode(ratio=math.exp(common), moved=moved, series=len(logs), cause=_cause(controls, common))


def _is_part(name: str, names: set[str]) -> bool:
    """Whether a series goes by its name for a phase or a step of another."""
    return any(name[:end] in names for end, sign in enumerate(name) if sign in "._")


def _cause(controls: Sequence[float], common: float) -> CommonCause:
    """By what the controls are nearer to: the common move, or none."""
    if not controls:
        return CommonCause.UNKNOWN
    return CommonCause.HOST if fmean(controls) / common > 0.5 else CommonCause.DEPLOYMENT
